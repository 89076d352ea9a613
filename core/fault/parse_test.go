package fault

import (
	"errors"
	"strings"
	"testing"
)

// What is no rule is refused with its line, and what was expected.
func TestSyntax(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                    "line 1: expected a rule, such as",
		"# nothing":                                           "line 1: expected a rule, such as",
		"server at 1: stall":                                  "line 1: expected from-server, to-server, from-client or to-client; found \"server at 1: stall\"",
		"\n\nto-server: stall":                                "line 3: expected at BYTE, after line N",
		"to-server at: stall":                                 "a byte of the flow, 0 being the first, from 0 to",
		"to-server at -1: stall":                              "a byte of the flow, 0 being the first, from 0 to",
		"to-server after line: stall":                         "expected a number, as in after line 1, or every",
		"to-server after line 0: stall":                       "how many times, from 1 to",
		"to-server after every line 2: stall":                 "expected no number",
		"to-server at 1 stall":                                `expected ":"`,
		"to-server at 1: explode":                             "expected delay, cut, drop, replace",
		"to-server at 1: stall now":                           "expected the end of the line; found \"now\"",
		"to-server at 1: delay":                               "expected a time up to 10m0s, as in delay 500ms; found the end of the line",
		"to-server at 1: delay 1h":                            "expected a time up to 10m0s",
		"to-server at 1: delay -1s":                           "expected a time",
		"to-server at 1: limit 0":                             "bytes a second from 1 to",
		"to-server at 1: drop":                                "which bytes: N bytes, line, match or rest; found the end",
		"to-server at 1: drop 5":                              "expected bytes after their number",
		"to-server at 1: drop match":                          "expected on match for what a rule does to the match",
		`to-server at 1: replace rest "x"`:                    "which bytes: N bytes, line or match",
		`to-server at 1: replace 5000 bytes "x"`:              "a number of bytes from 1 to 4096",
		`to-server at 1: replace line`:                        "expected bytes in quotes; found the end",
		`to-server at 1: forge ""`:                            "with 1 to 4096 bytes between the quotes; found 0",
		`to-server at 1: forge 'x'`:                           "expected bytes in quotes",
		`to-server at 1: forge "x`:                            "expected bytes in quotes",
		`from-server at 1: answer line "x"`:                   "expected to-server for answer",
		`from-server after message 1: stall`:                  "expected to-server or to-client for a rule about messages",
		`to-client after message 1 of server: stall`:          "to-client after of",
		`to-client after field 9x "a": stall`:                 "expected the name of a field",
		`to-client after field x "(": stall`:                  "expected a regexp: error parsing regexp",
		`to-client after match "(": stall`:                    "missing closing ) in",
		`to-client after match "a$": stall`:                   `write \r\n where a line ends`,
		`to-client after match "a*": stall`:                   "matches where there is nothing at all",
		`to-client after match "(a{500}){500}": stall`:        "expected a regexp for a stream",
		`to-client after match "a{900}b{900}c{900}": stall`:   "too large",
		"to-client at 1 with chance 0%: stall":                "percents from 1% to 99%",
		"to-client at 1 with luck: stall":                     "percents from 1% to 99%",
		"to-client at 1: stall\nseed 4":                       "line 2: expected seed once, before the rules",
		"seed x\nto-client at 1: stall":                       "expected a number after seed",
		"to-client at 1: stall \xff":                          "expected UTF-8",
		strings.Repeat("to-client at 1: stall\n", MaxRules+1): "line 101: expected at most 100 rules",
	} {
		_, err := Parse([]byte(text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v\nwant %s", text, err, want)
		}
	}
	if _, err := Parse(make([]byte, MaxFile+1)); err == nil {
		t.Error("a file over the bound was read")
	}
}

// Blanks, comments and escapes are as one would write them.
func TestParse(t *testing.T) {
	rules := parse(t, "# a comment\n\nseed 42 # of chance\n\tfrom-server  after line 2  with chance 5% :replace 1 byte \"\\x00#\" # and why\r\nto-server at 0:cut line#x\n")
	if rules.Seed != 42 || len(rules.All) != 2 || rules.All[0].Line != 4 || string(rules.All[0].Do.Forged) != "\x00#" || rules.All[0].Chance != 5 || rules.All[1].Do.Extent.Kind != Line {
		t.Errorf("read %+v", rules)
	}
	if got := rules.String(); got != "2 fault rules, seed 42" {
		t.Errorf("said to be %s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("seed 1\nfrom-server on every match \"a+\" with chance 5%: replace match \"x\" # c")
	f.Add("to-client after field 2 resp.type \"^e\" of from-server: delay 1.5s")
	f.Add("to-server after every message: limit 100 5 bytes")
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := Parse([]byte(text))
		var syntax *SyntaxError
		switch {
		case err == nil && (len(rules.All) == 0 || len(rules.All) > MaxRules):
			t.Errorf("%d rules", len(rules.All))
		case err != nil && len(text) <= MaxFile && !errors.As(err, &syntax):
			t.Errorf("an error without a line: %v", err)
		}
	})
}
