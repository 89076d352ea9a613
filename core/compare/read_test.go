package compare

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for body, want := range map[string]string{
		`{`:                           "EOF",
		`[]`:                          "[ in place of {",
		`{"runs":{}}`:                 "runs: { in place of [",
		`{"runs":[],"runs":[]}`:       "more than once",
		`{"runs":[]} {`:               "something follows it",
		`{"run":[]}`:                  `unknown field "run"`,
		`{"runs":[{"mood":"upper"}]}`: `unknown field "mood"`,
		`{"entries":[` + strings.Repeat("{},", maxEntries) + `{}]}`:   "entries: more than 100000 of them",
		`{"runs":[{},{},{},{},{}]}`:                                   "runs: more than 4 of them",
		`{"runs":[{"mode":"` + strings.Repeat("x", maxRun) + `"}]}`:   "a run of 131",
		`{"target":"` + strings.Repeat("x", 1025) + `"}`:              "target: more than 1024 bytes",
		`{"entries":[{"x":"` + strings.Repeat("x", maxEntry) + `"}]}`: "entries: an entry of 629",
		`{"runs":[]}`:                                 "0 runs",
		`{"runs":[{"mode":"upper"}]}`:                 "a transcript, or entries",
		`{"transcript":"a","entries":[],"runs":[{}]}`: "a transcript, or entries",
		`{"serverEOF":"stays"}`:                       `serverEOF: "stays"; it is end or stay`,
		`{"entries":[{"n":1,"dir":">>","side":"client","kind":"x"}],"runs":[{"mode":"upper"}]}`:               `no "x"`,
		`{"entries":[{"n":1,"dir":">>","side":"server","kind":"bytes","b64":"!"}],"runs":[{"mode":"upper"}]}`: "base64",
	} {
		if _, err := Read(strings.NewReader(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %s", body, err, want)
		}
	}
}
