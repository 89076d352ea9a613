package compare

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for body, want := range map[string]string{
		`{`:                           "EOF",
		`[]`:                          "found [, expected {",
		`{"runs":{}}`:                 "runs: found {, expected [",
		`{"runs":[],"runs":[]}`:       "more than once",
		`{"runs":[]} {`:               "data after its end",
		`{"run":[]}`:                  `unknown field "run"`,
		`{"runs":[{"mood":"upper"}]}`: `unknown field "mood"`,
		`{"entries":[` + strings.Repeat("{},", maxEntries) + `{}]}`:   "entries: more than 100000 elements",
		`{"runs":[{},{},{},{},{}]}`:                                   "runs: more than 4 elements",
		`{"runs":[{"mode":"` + strings.Repeat("x", maxRun) + `"}]}`:   "run of 131",
		`{"target":"` + strings.Repeat("x", 1025) + `"}`:              "target: more than 1024 bytes",
		`{"entries":[{"x":"` + strings.Repeat("x", maxEntry) + `"}]}`: "entries: entry of 629",
		`{"runs":[]}`:                                 "0 runs",
		`{"runs":[{"mode":"upper"}]}`:                 "neither a transcript nor entries, or both",
		`{"transcript":"a","entries":[],"runs":[{}]}`: "neither a transcript nor entries, or both",
		`{"seed":"12"}`:                               `seed: "12"; it must be 64 hexadecimal digits`,
		`{"start":"now"}`:                             `start: "now"; it must be a time in UTC`,
		`{"serverEOF":"stays"}`:                       `serverEOF: "stays"; it must be end or stay`,
		`{"entries":[{"n":1,"dir":">>","side":"client","kind":"x"}],"runs":[{"mode":"upper"}]}`:               `unknown kind "x"`,
		`{"entries":[{"n":1,"dir":">>","side":"server","kind":"bytes","b64":"!"}],"runs":[{"mode":"upper"}]}`: "base64",
	} {
		if _, err := Read(t.Context(), strings.NewReader(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %s", body, err, want)
		}
	}
}
