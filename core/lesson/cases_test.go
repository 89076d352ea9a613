package lesson

import (
	"strings"
	"testing"
)

const caseText = "# T\n## S\n```lesson\ncheck 2 a\n  client sent ^${student.word}$\nhint no word\n  client sent .\ncheck 1 b\n  client closed\n```\n" +
	"## Q\n```lesson\nquiz 1 q\n  answer ^${student.number 1 9}$\n```\n"

// A case that expects the right verdict has no fault, and each other one the fault that
// it is for.
func TestCases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lines, want string }{
		{"transcript a\nstep 1\npassed\npoints 3\nholds 1 1.2\nno hint", ""},
		{"transcript a as bob\nstep 1\nfailed\npoints 1\nfails 1\nholds 2\nhint ^no w", ""},
		{"seed bob\ntranscript a\nanswer 2.1 ${student.number 1 9}\npassed\npoints 4", ""},
		{"step 2\nanswer 1 ${student.number 1 9}\npassed", ""},
		{"transcript fixed\nstep 1\nfailed", ""},
		{"transcript a\nstep 1\nfailed", "expected failed, got passed"},
		{"step 1\npassed", "expected passed, got failed"},
		{"transcript a\nstep 1\npoints 2", "expected 2 points, got 3 of 3"},
		{"transcript a\nstep 1\nfails 2", "expected check 2 to fail"},
		{"step 1\nholds 2", "expected check 2 to hold"},
		{"step 1\nholds 3", "there is no check 3"},
		{"transcript a as bob\nstep 1\nhint yes", `expected a hint that is yes, got "no word"`},
		{"transcript a as bob\nstep 1\nno hint", `expected no hint for a mistake, got "no word"`},
	} {
		s := sourceOf(t, caseText, map[string]string{
			casesFile: "# comment\n\ncase one\n" + c.lines + "\n",
			"tests/a": "workbench transcript v1\nmode raw\n\n<< server \"${student.word}\\r\\n\"\n>> client closed\n", "tests/fixed": "workbench transcript v1\nmode raw\n\n<< server \"blue-pine\\r\\n\"\n",
		})
		cases, err := s.Cases()
		if err != nil || len(cases) != 1 || cases[0].Name != "one" || cases[0].Line != 3 {
			t.Fatalf("%q: got %+v, %v", c.lines, cases, err)
		}
		r, err := s.Try(&cases[0])
		got := strings.Join(r.Faults, "; ")
		if err != nil || (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%q: got %q, %v; want %q", c.lines, got, err, c.want)
		}
	}
}

func TestCasesErrors(t *testing.T) {
	t.Parallel()
	for lines, want := range map[string]string{
		"step 1":                     "tests/cases.txt:1: expected case NAME",
		"case":                       "tests/cases.txt:1: expected a name",
		"case a\nstep x":             "tests/cases.txt:2: expected the number of a step",
		"case a\nseed ä":             "tests/cases.txt:2: expected a seed",
		"case a\ntranscript":         "tests/cases.txt:2: expected transcript FILE",
		"case a\ntranscript b by c":  "tests/cases.txt:2: expected transcript FILE",
		"case a\npassed well":        "tests/cases.txt:2: expected nothing after passed",
		"case a\npoints -1":          "tests/cases.txt:2: expected a number of points",
		"case a\nhint (":             "tests/cases.txt:2: error parsing regexp",
		"case a\nno point":           "tests/cases.txt:2: expected no hint",
		"case a\ngrade 1":            "tests/cases.txt:2: expected case, step",
		"case a\ntranscript none":    `tests/cases.txt:1: expected a file of the lesson; there is no "tests/none"`,
		"case a\ntranscript bad":     "tests/bad:1: expected",
		"case a\nstep 3":             "tests/cases.txt:1: lesson t has steps 1 to 2",
		"case a\nanswer 2.1 ${shoe}": "tests/cases.txt:1: expected ${student.seed}",
	} {
		s := sourceOf(t, caseText, map[string]string{casesFile: lines, "tests/bad": "no\n"})
		cases, err := s.Cases()
		for i := range cases {
			if err == nil {
				_, err = s.Try(&cases[i])
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", lines, err, want)
		}
	}
	if cases, err := sourceOf(t, caseText, nil).Cases(); cases != nil || err != nil {
		t.Errorf("got %v, %v", cases, err)
	}
}
