package convert

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// maxCurlConnections is how many transcripts ParseCurlTest makes.
const maxCurlConnections = 100

// ParseCurlTest reads a test case of the curl project, and makes one transcript of each
// connection that it has: what <verify><protocol> says that curl sends, and what
// <reply> says that the server answers. What the test leaves to curl's own test server,
// such as the answer to USER, is written in words of our own, and a comment says so.
//
// A test that says something else than what crosses one connection after the other is
// refused, by the name of what does not fit. warnings are about what is left out.
func ParseCurlTest(o Text, data []byte) (made []*transcript.Transcript, warnings []string, err error) {
	f, err := readCurlFile(o.Name, curlNumber(o.Name), data)
	if err != nil {
		return nil, nil, err
	}
	c := curlTest{curlFile: f, Text: o}
	if err := c.prepare(); err != nil {
		return nil, nil, err
	}
	if c.protocol == "http" {
		err = c.http()
	} else {
		err = c.talk()
	}
	if err != nil {
		return nil, nil, err
	}
	return c.made, c.warnings, nil
}

var lastDigits = regexp.MustCompile(`([0-9]{1,6})$`)

// curlNumber is the number that ends a file's name, as test1000's does.
func curlNumber(name string) int {
	base := filepath.Base(name)
	if m := lastDigits.FindString(strings.TrimSuffix(base, filepath.Ext(base))); m != "" {
		n, _ := strconv.Atoi(m)
		return n
	}
	return 1
}

// curlTest makes transcripts of a test case.
type curlTest struct {
	*curlFile
	Text
	protocol string
	sent     []curlLine // what curl sends
	stripped []*regexp.Regexp
	commands map[string]string // of <servercmd>: each REPLY
	capable  []string          // … and CAPA

	t        *transcript.Transcript // of the connection
	made     []*transcript.Transcript
	warnings []string
	warned   map[string]bool
}

func (c *curlTest) warn(format string, args ...any) {
	if words := fmt.Sprintf(format, args...); !c.warned[words] {
		c.warned[words] = true
		c.warnings = append(c.warnings, words)
	}
}

// prepare reads what all protocols have.
func (c *curlTest) prepare() error {
	c.commands, c.warned = map[string]string{}, map[string]bool{}
	servers, line, err := c.words("client/server")
	if err != nil {
		return err
	}
	c.protocol = strings.ToLower(servers)
	if _, ok := curlPorts[strings.ToUpper(c.protocol)]; !ok {
		known := slices.Sorted(maps.Keys(curlPorts))
		return c.fail(line, "expected a test of one server, %s; found %q", strings.ToLower(strings.Join(known, ", ")), core.CutWords(strings.Join(strings.Fields(servers), " "), 60))
	}
	protocol := c.parts["verify/protocol"]
	if protocol == nil {
		return c.fail(1, "expected <protocol> in <verify>: without it nothing says what curl sends")
	}
	if c.sent, err = c.shaped(protocol); err != nil {
		return err
	}
	for i := range c.sent { // a file may have lost its CRs; these protocols' lines have them
		if l := &c.sent[i]; c.protocol != "http" && strings.HasSuffix(l.text, "\n") && !strings.HasSuffix(l.text, "\r\n") {
			l.text = l.text[:len(l.text)-1] + "\r\n"
			l.pattern = strings.ReplaceAll(l.pattern, "\n", "\r\n")
		}
	}
	strip, err := c.lines(c.parts["verify/strip"])
	if err != nil {
		return err
	}
	for _, l := range strip {
		text := strings.TrimSpace(l.text)
		if text == "" {
			continue
		}
		if len(c.stripped) == maxCurlStrip {
			return c.fail(l.number, "expected at most %d regexps in <strip>", maxCurlStrip)
		}
		r, err := regexp.Compile(text)
		if err != nil {
			c.warn("line %d: the regexp of <strip> is not one of Go's, and was left out", l.number)
			continue
		}
		c.stripped = append(c.stripped, r)
		if !slices.ContainsFunc(c.sent, func(l curlLine) bool { return r.MatchString(strings.TrimRight(l.text, "\r\n")) }) {
			c.warn("line %d: <strip> leaves out lines that curl sends, and <protocol> has none of them: play it to curl without these", l.number)
		}
	}
	if c.parts["verify/strippart"] != nil {
		c.warn("<strippart> was left out: what it removes counts")
	}
	return c.serverCommands()
}

// serverCommands reads <servercmd>, which says how curl's test server is to behave.
func (c *curlTest) serverCommands() error {
	lines, err := c.lines(c.parts["reply/servercmd"])
	if err != nil {
		return err
	}
	for _, l := range lines {
		word, rest, _ := strings.Cut(strings.TrimSpace(l.text), " ")
		switch rest = strings.TrimSpace(rest); word {
		case "", "connection-monitor":
		case "REPLY":
			command, text, _ := strings.Cut(rest, " ")
			if strings.ContainsAny(text, "$@") {
				return c.fail(l.number, "expected a reply without $ and @, which Perl would read")
			}
			c.commands[strings.ToUpper(command)] = unescaped(text)
		case "CAPA", "AUTH":
			c.capable = append(c.capable, c.capabilities(word, rest)...)
		default:
			return c.fail(l.number, "the test has the server do %s, which a transcript cannot say", core.CutWords(word, 60))
		}
	}
	return nil
}

// capabilities returns those that follow CAPA, in quotes where they have blanks, or AUTH.
func (c *curlTest) capabilities(word, rest string) []string {
	var all []string
	for len(rest) > 0 {
		rest = strings.TrimLeft(rest, " ")
		end := " "
		if strings.HasPrefix(rest, `"`) {
			rest, end = rest[1:], `"`
		}
		var one string
		one, rest, _ = strings.Cut(rest, end)
		if one != "" {
			all = append(all, one)
		}
	}
	switch {
	case word == "CAPA" || len(all) == 0:
		return all
	case c.protocol == "imap":
		for i := range all {
			all[i] = "AUTH=" + all[i]
		}
		return all
	case c.protocol == "pop3":
		return []string{"SASL " + strings.Join(all, " ")}
	}
	return []string{"AUTH " + strings.Join(all, " ")}
}

// unescaped reads a reply as Perl does.
func unescaped(text string) string {
	return strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\t`, "\t", `\"`, `"`, `\\`, `\`).Replace(text)
}

// connect begins the transcript of a connection.
func (c *curlTest) connect(line int) error {
	if len(c.made) == maxCurlConnections {
		return c.fail(line, "expected at most %d connections", maxCurlConnections)
	}
	c.t = &transcript.Transcript{Mode: c.Mode, Target: "127.0.0.1:" + curlPorts[strings.ToUpper(c.protocol)]}
	c.t.HeaderComments = [][]string{{
		commentLine(core.CutWords("imported from "+c.name+", a test case of curl's", maxHARName)),
		"# what the test leaves to curl's test server is in words of our own",
	}}
	for _, a := range c.Opening {
		c.t.Entries = append(c.t.Entries, transcript.Entry{Dir: transcript.Action, Action: a})
	}
	c.made = append(c.made, c.t)
	return nil
}

// says adds what the server sends.
func (c *curlTest) says(data []byte) { c.add(core.ServerBytes, data, nil) }

// add adds an event with its rules, in as many pieces as it needs.
func (c *curlTest) add(kind core.EventKind, data []byte, rules []transcript.Rule) {
	for first := true; first && kind.IsBytes() && len(data) > 0 || !first && len(data) > 0; first = false {
		size := min(len(data), core.MaxEventPayload)
		e := transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: kind, Data: data[:size:size]}}
		if first && size == len(data) {
			e.Rules = rules
		}
		c.t.Entries = append(c.t.Entries, e)
		data = data[size:]
	}
}

// end adds an end.
func (c *curlTest) end(kind core.EventKind) {
	c.t.Entries = append(c.t.Entries, transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: kind}})
}

// sends adds what the client sends. What may differ from one curl to the next, and what the
// test strips, has a rule, where the mode passes the client's bytes through: play takes
// them of what crosses, and only then it is this.
func (c *curlTest) sends(lines []curlLine) {
	var data []byte
	var rules []transcript.Rule
	have := map[string]bool{}
	for _, l := range lines {
		data = append(data, l.text...)
		text := l.pattern
		bare := strings.TrimRight(l.text, "\r\n")
		if slices.ContainsFunc(c.stripped, func(r *regexp.Regexp) bool { return r.MatchString(bare) }) {
			text = ""
			if name, _, ok := strings.Cut(bare, ":"); ok && strings.HasSuffix(l.text, "\r\n") {
				text = regexp.QuoteMeta(name) + `:[^\r\n]*\r\n`
			} else {
				c.warn("line %d: <strip> leaves it out; here it counts", l.number)
			}
		}
		if text == "" || have[text] || len(c.Opening) == 0 || len(rules) == transcript.MaxRules || len(text) > transcript.MaxRuleText {
			continue
		}
		have[text] = true
		rules = append(rules, transcript.Rule{Kind: transcript.MatchRule, Text: []byte(strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(text))})
	}
	c.add(core.ClientBinary, data, rules)
}

// upload returns what <verify><upload> says that curl sends after a command that asks for it.
func (c *curlTest) upload(command curlLine) ([]byte, error) {
	p := c.parts["verify/upload"]
	if p == nil {
		return nil, c.fail(command.number, "expected <upload> in <verify>: without it nothing says what curl sends after %s", core.CutWords(strings.TrimSpace(command.text), 60))
	}
	data, err := c.bytes(p)
	if !bytes.Contains(data, []byte("\r\n")) {
		data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
	}
	return data, err
}
