package golden

import (
	"strings"
	"testing"
)

// What was skipped is no failure, and each form of the report says why.
func TestSkippedIsReported(t *testing.T) {
	for form, want := range map[Form]string{
		Text:   "a.golden:3: skipped: skip-if mode-version < 2\n1 transcript, 0 same, 1 skipped\n",
		TAP:    "TAP version 14\n1..1\nok 1 - a.golden # SKIP skip-if mode-version < 2\n",
		GitHub: "::notice file=a.golden,line=3,title=replay%3A skipped::skip-if mode-version < 2\n1 transcript, 0 same, 1 skipped\n",
		JSON:   `{"file":"a.golden","result":"skipped","ok":true,"replays":0,"line":3,"skip":"skip-if mode-version < 2"}` + "\n",
		JUnit:  `<skipped message="skip-if mode-version &lt; 2"></skipped>`,
	} {
		var out strings.Builder
		p := Printer{Out: &out, Errors: &out, Form: form}
		p.begin(1)
		p.print(&Report{File: "a.golden", Outcome: Skipped, OK: true, Line: 3, Skip: "skip-if mode-version < 2"})
		p.end(false, false, 0)
		if got := out.String(); got != want && (form != JUnit || !strings.Contains(got, want) || !strings.Contains(got, `skipped="1"`)) {
			t.Errorf("%q: %s\nwant %s", form, got, want)
		}
	}
}
