package convert

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// curlTalk is a protocol of commands and answers, as curl's test server speaks it where the
// test does not say otherwise. Words are our own.
type curlTalk struct {
	greeting string
	replies  map[string]string // by command
	unknown  string
	quit     string // the command that ends it
}

// curlTalks are the answers without a tag and with their line ends left out.
var curlTalks = map[string]curlTalk{
	"ftp": {"220 ready", map[string]string{
		"USER": "331 a password, please", "PASS": "230 signed in", "ACCT": "230 signed in", "PWD": `257 "/" is the folder`, "XPWD": `257 "/" is the folder`,
		"CWD": "250 done", "CDUP": "250 done", "TYPE": "200 done", "MODE": "200 done", "STRU": "200 done", "SYST": "215 UNIX Type: L8",
		"NOOP": "200 done", "OPTS": "200 done", "REST": "350 go on", "RNFR": "350 go on", "RNTO": "250 done", "MKD": `257 "made"`, "RMD": "250 done", "DELE": "250 done",
		"EPSV": "229 entering extended passive mode (|||65000|)", "PASV": "227 entering passive mode (127,0,0,1,253,232)", "EPRT": "200 done", "PORT": "200 done",
		"RETR": "150 here it comes\r\n226 done", "LIST": "150 here it comes\r\n226 done", "NLST": "150 here it comes\r\n226 done", "MLSD": "150 here it comes\r\n226 done",
		"STOR": "150 send it\r\n226 done", "APPE": "150 send it\r\n226 done", "ABOR": "226 done", "PBSZ": "500 unknown", "PROT": "500 unknown", "AUTH": "500 unknown", "QUIT": "221 bye",
	}, "500 unknown", "QUIT"},
	"smtp": {"220 ready", map[string]string{
		"HELO": "250 hello", "MAIL": "250 done", "RCPT": "250 done", "RSET": "250 done", "NOOP": "250 done", "VRFY": "252 perhaps", "EXPN": "252 perhaps", "HELP": "214 help", "QUIT": "221 bye",
	}, "500 unknown", "QUIT"},
	"imap": {"* OK ready", map[string]string{
		"CAPABILITY": "", "LOGIN": "", "SELECT": "* 172 EXISTS\r\n* 1 RECENT\r\n", "EXAMINE": "* 172 EXISTS\r\n* 1 RECENT\r\n", "LOGOUT": "* BYE\r\n",
		"LIST": "", "LSUB": "", "SEARCH": "", "STATUS": "", "NOOP": "", "STORE": "", "EXPUNGE": "", "CLOSE": "", "CHECK": "", "CREATE": "", "DELETE": "", "RENAME": "", "COPY": "", "FETCH": "", "UID": "", "APPEND": "",
	}, "BAD unknown", "LOGOUT"},
	"pop3": {"+OK ready", map[string]string{
		"USER": "+OK", "PASS": "+OK signed in", "STAT": "+OK 2 4294967400", "DELE": "+OK done", "NOOP": "+OK", "RSET": "+OK", "QUIT": "+OK bye",
	}, "-ERR unknown", "QUIT"},
}

// talk makes the transcript of a test of a protocol of commands.
func (c *curlTest) talk() error {
	rules := curlTalks[c.protocol]
	if len(c.sent) == 0 {
		return c.fail(c.parts["verify/protocol"].line(), "expected a command in <protocol>")
	}
	if err := c.connect(c.sent[0].number); err != nil {
		return err
	}
	greeting, ok := c.commands["WELCOME"]
	if !ok {
		greeting = rules.greeting
	}
	c.says(answerLine(greeting))
	over := false
	for i := 0; i < len(c.sent); i++ {
		l := c.sent[i]
		if over {
			return c.fail(l.number, "expected nothing after %s", rules.quit)
		}
		if strings.TrimSpace(l.text) == curlDisconnect {
			c.end(core.ClientEOF)
			over = true
			continue
		}
		tag, command := "", strings.TrimRight(l.text, "\r\n")
		if c.protocol == "imap" {
			if before, after, tagged := strings.Cut(command, " "); tagged {
				tag, command = before, after
			}
		}
		word, rest, _ := strings.Cut(command, " ")
		word = strings.ToUpper(word)
		c.sends([]curlLine{l})
		reply, err := c.reply(l, tag, word, rest, rules)
		if err != nil {
			return err
		}
		if len(reply) > 0 {
			c.says(reply)
		}
		if over = word == rules.quit; over {
			c.end(core.ServerEOF)
		}
	}
	if !over {
		c.end(core.ClientEOF)
	}
	return nil
}

// reply returns what the server answers to a command, with what it asks for meanwhile.
func (c *curlTest) reply(l curlLine, tag, word, rest string, rules curlTalk) ([]byte, error) {
	if custom, ok := c.commands[word]; ok {
		if tag != "" && !strings.HasPrefix(custom, "+") && !strings.HasPrefix(custom, "*") {
			custom = tag + " " + custom
		}
		return answerLine(custom), nil
	}
	var data []byte
	if c.asksForData(word, rest) {
		var err error
		if data, err = c.bytes(c.parts["reply/data"]); err != nil {
			return nil, err
		}
	}
	switch c.protocol {
	case "ftp":
		return c.ftpReply(word, data, rules)
	case "smtp":
		return c.smtpReply(l, word, rules)
	case "imap":
		return c.imapReply(l, tag, word, rest, data, rules)
	}
	return c.pop3Reply(word, rest, data, rules)
}

// asksForData reports whether the answer to a command has something of <data>.
func (c *curlTest) asksForData(word, rest string) bool {
	switch c.protocol {
	case "ftp":
		return word == "SIZE"
	case "imap":
		return word != "LOGIN" && word != "LOGOUT" && word != "SELECT" && word != "EXAMINE" && word != "CAPABILITY" && word != "APPEND"
	case "pop3":
		return word == "RETR" || word == "TOP" || (word == "LIST" || word == "UIDL") && rest == ""
	}
	return false
}

func (c *curlTest) ftpReply(word string, data []byte, rules curlTalk) ([]byte, error) {
	for _, part := range []string{"size", "mdtm"} {
		if word != strings.ToUpper(part) {
			continue
		}
		said, _, err := c.words("reply/" + part)
		if err != nil {
			return nil, err
		}
		if said == "" && part == "size" {
			said = fmt.Sprint(len(data))
		}
		if said == "" || strings.HasPrefix(said, "-") {
			return answerLine("500 unknown"), nil
		}
		return answerLine("213 " + strings.TrimPrefix(said, "213 ")), nil
	}
	switch word {
	case "EPSV", "PASV", "EPRT", "PORT":
		c.warn("the data connection (%s) was left out: a transcript has the control connection", word)
	}
	return c.known(word, rules), nil
}

func (c *curlTest) smtpReply(l curlLine, word string, rules curlTalk) ([]byte, error) {
	switch word {
	case "EHLO":
		lines := append([]string{"hello"}, c.capable...)
		for i := range lines {
			lines[i] = "250-" + lines[i]
		}
		last := &lines[len(lines)-1]
		*last = "250 " + (*last)[len("250-"):]
		return answerLine(strings.Join(lines, "\r\n")), nil
	case "DATA":
		mail, err := c.upload(l)
		if err != nil {
			return nil, err
		}
		c.says(answerLine("354 go on"))
		c.add(core.ClientBinary, mail, nil)
		return answerLine("250 done"), nil
	}
	return c.known(word, rules), nil
}

func (c *curlTest) imapReply(l curlLine, tag, word, rest string, data []byte, rules curlTalk) ([]byte, error) {
	before, known := rules.replies[word]
	ok := tag + " OK done"
	switch {
	case !known || tag == "":
		return answerLine(strings.TrimLeft(tag+" "+rules.unknown, " ")), nil
	case word == "CAPABILITY":
		before = "* CAPABILITY " + strings.Join(append([]string{"IMAP4rev1"}, c.capable...), " ") + "\r\n"
	case word == "APPEND":
		mail, err := c.upload(l)
		if err != nil {
			return nil, err
		}
		c.says(answerLine("+ go on"))
		c.add(core.ClientBinary, mail, nil)
	case word == "FETCH", word == "UID" && strings.HasPrefix(strings.ToUpper(rest), "FETCH "):
		message, item, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(rest, "FETCH "), "fetch "), " ")
		if !strings.HasPrefix(item, "(") {
			item = "(" + item + ")"
		}
		before = fmt.Sprintf("* %s FETCH %s {%d}\r\n%s)\r\n", message, strings.TrimSuffix(item, ")"), len(data), data)
	case c.asksForData(word, rest):
		before = string(data)
	}
	return append([]byte(before), answerLine(ok)...), nil
}

func (c *curlTest) pop3Reply(word, rest string, data []byte, rules curlTalk) ([]byte, error) {
	listed := func(text []byte) []byte {
		if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
			text = append(text, "\r\n"...)
		}
		return append(append([]byte("+OK\r\n"), text...), ".\r\n"...)
	}
	switch {
	case word == "CAPA" && len(c.capable) > 0:
		return listed([]byte(strings.Join(c.capable, "\r\n"))), nil
	case c.asksForData(word, rest):
		return listed(data), nil
	}
	return c.known(word, rules), nil
}

func (c *curlTest) known(word string, rules curlTalk) []byte {
	reply, ok := rules.replies[word]
	if !ok {
		reply = rules.unknown
	}
	return answerLine(reply)
}

// answerLine returns an answer with its line end.
func answerLine(text string) []byte {
	if strings.HasSuffix(text, "\n") {
		return []byte(text)
	}
	return []byte(text + "\r\n")
}
