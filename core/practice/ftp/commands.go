package ftp

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core/practice/mail"
)

// command is a command of FTP.
type command struct {
	verb     string
	wants    string // its argument, with an example; "": it stands alone
	optional bool   // … or alone
	inside   bool   // it is for those who have logged in
	do       func(s *session, argument string)
}

// commands returns all that are answered otherwise than by 500.
func commands() []command {
	file := "a file's name, such as "
	return []command{
		{verb: "USER", wants: "a name, such as USER alice, or USER anonymous", do: (*session).userIs},
		{verb: "PASS", wants: "a password", optional: true, do: (*session).password},
		{verb: "AUTH", wants: "TLS, as in AUTH TLS", do: (*session).upgrade},
		{verb: "PBSZ", wants: "a size, which is 0 for TLS: PBSZ 0", do: (*session).bufferSize},
		{verb: "PROT", wants: "P (data connections are TLS) or C (in clear)", do: (*session).protect},
		{verb: "PWD", inside: true, do: func(s *session, _ string) { s.reply("257 " + quoted(s.dir) + " is where you are") }},
		{verb: "CWD", inside: true, wants: "a directory, such as CWD letters", do: (*session).change},
		{verb: "CDUP", inside: true, do: func(s *session, _ string) { s.change("..") }},
		{verb: "TYPE", inside: true, wants: "I (files go byte for byte) or A (as text, lines end in CR LF)", do: (*session).typeIs},
		{verb: "STRU", inside: true, wants: "F", do: only("F", "STRU")},
		{verb: "MODE", inside: true, wants: "S", do: only("S", "MODE")},
		{verb: "PASV", inside: true, do: (*session).pasv},
		{verb: "EPSV", inside: true, wants: "1 (IPv4), 2 (IPv6) or ALL", optional: true, do: (*session).epsv},
		{verb: "PORT", inside: true, wants: "where you wait, in six numbers, such as PORT 127,0,0,1,195,80", do: (*session).port},
		{verb: "EPRT", inside: true, wants: "where you wait, such as EPRT |1|127.0.0.1|50000|", do: (*session).eprt},
		{verb: "LIST", inside: true, wants: "a path", optional: true, do: func(s *session, a string) { s.list(a, longLine) }},
		{verb: "NLST", inside: true, wants: "a path", optional: true, do: func(s *session, a string) { s.list(a, nil) }},
		{verb: "MLSD", inside: true, wants: "a directory", optional: true, do: (*session).mlsd},
		{verb: "MLST", inside: true, wants: "a path", optional: true, do: (*session).mlst},
		{verb: "SIZE", inside: true, wants: file + "SIZE readme.txt", do: (*session).size},
		{verb: "MDTM", inside: true, wants: file + "MDTM readme.txt", do: (*session).modified},
		{verb: "REST", inside: true, wants: "the byte to begin at, such as REST 100", do: (*session).restart},
		{verb: "RETR", inside: true, wants: file + "RETR readme.txt", do: (*session).retrieve},
		{verb: "STOR", inside: true, wants: file + "STOR " + Upload + "/my.txt", do: func(s *session, a string) { s.store(a, s.rest) }},
		{verb: "APPE", inside: true, wants: file + "APPE " + Upload + "/my.txt", do: func(s *session, a string) { s.store(a, -1) }},
		{verb: "DELE", inside: true, wants: file + "DELE " + Upload + "/my.txt", do: func(s *session, a string) { s.remove(a, false) }},
		{verb: "MKD", inside: true, wants: "a directory's name, such as MKD " + Upload + "/mine", do: (*session).makeDir},
		{verb: "RMD", inside: true, wants: "a directory's name, such as RMD " + Upload + "/mine", do: func(s *session, a string) { s.remove(a, true) }},
		{verb: "RNFR", inside: true, wants: file + "RNFR " + Upload + "/my.txt", do: (*session).moveFrom},
		{verb: "RNTO", inside: true, wants: "the new name, such as RNTO " + Upload + "/your.txt", do: (*session).moveTo},
		{verb: "ABOR", do: func(s *session, _ string) { s.reply("225 No transfer is under way") }},
		{verb: "ALLO", inside: true, wants: "a size", do: func(s *session, _ string) { s.reply("202 No need: STOR takes what fits") }},
		{verb: "SYST", do: func(s *session, _ string) { s.reply("215 UNIX Type: L8") }},
		{verb: "FEAT", do: (*session).features},
		{verb: "OPTS", wants: "UTF8 ON", do: (*session).option},
		{verb: "NOOP", do: func(s *session, _ string) { s.reply("200 Nothing done") }},
		{verb: "HELP", wants: "a command", optional: true, do: (*session).help},
		{verb: "QUIT", do: func(s *session, _ string) { s.over = true; s.reply("221 Goodbye") }},
		{verb: "ACCT"}, {verb: "CCC"}, {verb: "REIN"}, {verb: "SITE"}, {verb: "SMNT"}, {verb: "STAT"}, {verb: "STOU"},
	}
}

// find returns a command by its verb, or by the name that RFC 775 gave it.
func find(verb string) (command, bool) {
	if old := slices.Index([]string{"XPWD", "XCWD", "XCUP", "XMKD", "XRMD"}, verb); old >= 0 {
		verb = [...]string{"PWD", "CWD", "CDUP", "MKD", "RMD"}[old]
	}
	all := commands()
	at := slices.IndexFunc(all, func(c command) bool { return c.verb == verb })
	if at < 0 {
		return command{}, false
	}
	return all[at], true
}

func only(value, verb string) func(*session, string) {
	return func(s *session, argument string) {
		if !strings.EqualFold(argument, value) {
			s.replyf("504 There is %s %s, and no other", verb, value)
			return
		}
		s.replyf("200 %s %s it is", verb, value)
	}
}

func (s *session) userIs(argument string) {
	s.user, s.name = argument, ""
	if strings.EqualFold(argument, "anonymous") {
		s.reply("331 Say PASS now; any will do, and by custom it is your mail address")
		return
	}
	s.reply("331 Say PASS now; whether there is that user is not told before")
}

func (s *session) password(argument string) {
	user := strings.ToLower(s.user)
	s.user = ""
	switch {
	case s.name != "":
		s.reply("503 You have logged in as " + s.name + "; another one begins with USER")
		return
	case user == "":
		s.reply("503 Say USER first")
		return
	case user != "anonymous" && (argument == "" || mail.Password(user) != argument):
		s.reply("530 Wrong name or password; begin again with USER")
		return
	}
	s.name = user
	s.replyf("230 You are %s; LIST shows what there is, and %s is for your files", user, Upload)
}

func (s *session) bufferSize(argument string) {
	if s.conn == s.wire {
		s.reply("503 Say AUTH TLS first")
		return
	}
	s.sized = true
	if argument != "0" {
		s.reply("200 PBSZ=0 is what TLS wants")
		return
	}
	s.reply("200 PBSZ 0 it is; PROT P comes next")
}

func (s *session) protect(argument string) {
	switch level := strings.ToUpper(argument); {
	case !s.sized:
		s.reply("503 Say AUTH TLS, then PBSZ 0, first")
	case level == "P" || level == "C":
		s.guarded = level == "P"
		s.reply("200 Data connections are " + map[bool]string{true: "TLS", false: "in clear"}[s.guarded])
	default:
		s.reply("536 There is PROT P and PROT C")
	}
}

func (s *session) change(argument string) {
	at := absolute(s.dir, argument)
	switch n, err := s.find(at); {
	case err != nil:
		s.refuse(at, err)
	case !n.dir:
		s.refuse(at, errNoDir)
	default:
		s.dir = at
		s.reply("250 You are in " + at)
	}
}

func (s *session) typeIs(argument string) {
	switch strings.ToUpper(argument) {
	case "I", "L 8":
		s.image = true
		s.reply("200 TYPE I: files go byte for byte")
	case "A", "A N":
		s.image = false
		s.reply("200 TYPE A: files go as text, and each line ends in CR LF on the wire")
	default:
		s.reply("504 There is TYPE I and TYPE A")
	}
}

// find returns what is at a path.
func (s *session) find(at string) (node, error) { return s.server.Files.find(s.own, at) }

// file returns a file's node, or answers that there is none.
func (s *session) file(argument string) (n node, ok bool) {
	at := absolute(s.dir, argument)
	n, err := s.find(at)
	if err == nil && n.dir {
		err = errIsDir
	}
	if err != nil {
		s.refuse(at, err)
	}
	return n, err == nil
}

// refuse answers that something cannot be done with a path.
func (s *session) refuse(at string, err error) { s.reply(refusedWords(at, err)) }

func refusedWords(at string, err error) string {
	code := 550
	var e *fileError
	if errors.As(err, &e) {
		code = e.code
	}
	return fmt.Sprintf("%d %s %v", code, at, err)
}

// size tells how many bytes RETR would send: RFC 3659, section 4.
func (s *session) size(argument string) {
	if n, ok := s.file(argument); ok {
		s.replyf("213 %d", len(s.onWire(n.data)))
	}
}

func (s *session) modified(argument string) {
	if n, ok := s.file(argument); ok {
		s.reply("213 " + n.changed.UTC().Format(factTime))
	}
}

func (s *session) restart(argument string) {
	n, err := strconv.ParseInt(argument, 10, 63)
	switch {
	case err != nil || n < 0:
		s.reply("501 REST wants the byte to begin at, such as REST 100")
	case n > 0 && !s.image:
		s.reply("504 REST counts bytes of the file: say TYPE I first")
	default:
		s.rest = n
		s.replyf("350 The next transfer begins at byte %d: RETR and STOR go on from there", n)
	}
}

func (s *session) remove(argument string, dir bool) {
	at := absolute(s.dir, argument)
	if err := s.server.Files.remove(at, dir); err != nil {
		s.refuse(at, err)
		return
	}
	s.reply("250 " + at + " is gone")
}

func (s *session) makeDir(argument string) {
	at := absolute(s.dir, argument)
	if err := s.server.Files.makeDir(at, s.name); err != nil {
		s.refuse(at, err)
		return
	}
	s.reply("257 " + quoted(at) + " is there now")
}

func (s *session) moveFrom(argument string) {
	at := absolute(s.dir, argument)
	if err := s.server.Files.mayMove(at); err != nil {
		s.refuse(at, err)
		return
	}
	s.moves = at
	s.reply("350 Say RNTO and the new name now")
}

func (s *session) moveTo(argument string) {
	from, to := s.moves, absolute(s.dir, argument)
	s.moves = ""
	if from == "" {
		s.reply("503 Say RNFR first, and the old name")
		return
	}
	if err := s.server.Files.move(from, to); err != nil {
		s.refuse(to, err)
		return
	}
	s.replyf("250 %s is %s now", path.Base(from), to)
}

func (s *session) features(string) {
	secure := ""
	if s.server.TLS != nil {
		secure = " AUTH TLS\n PBSZ\n PROT\n"
	}
	s.reply("211-This server knows\n" + secure + " EPRT\n EPSV\n MDTM\n MLST type*;size*;modify*;\n REST STREAM\n SIZE\n TVFS\n UTF8\n211 and no more")
}

func (s *session) option(argument string) {
	if !strings.EqualFold(argument, "UTF8 ON") {
		s.reply("501 There is OPTS UTF8 ON, and no other")
		return
	}
	s.reply("200 Names are UTF-8")
}

// help lists the commands, or says what one wants.
func (s *session) help(argument string) {
	if argument != "" {
		c, ok := find(strings.ToUpper(argument))
		switch {
		case !ok || c.do == nil:
			s.reply("502 That is no command here; HELP lists them")
		case c.wants == "":
			s.reply("214 " + c.verb + " stands alone")
		case c.optional:
			s.reply("214 " + c.verb + " stands alone, or with " + c.wants)
		default:
			s.reply("214 " + c.verb + " wants " + c.wants)
		}
		return
	}
	var lines strings.Builder
	count := 0
	for _, c := range commands() {
		if c.do == nil {
			continue
		}
		if count++; count%8 == 1 {
			lines.WriteString("\n")
		}
		fmt.Fprintf(&lines, " %-4s", c.verb)
	}
	s.reply("214-Commands; HELP and one of them says what it wants" + lines.String() + "\n214 A file goes over a second connection: PASV or EPSV, and then RETR")
}
