package transcript

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

const ruled = magic + `
mode http-line

# Ids differ.
~~ match "id=(?P<id>[0-9a-f]+)\r\n"

# This one stands between rules.
~~ any 4 12
# This is the entry's.
>> server "id=7f3a\r\n"
          "and so on\n"
<< client text "id=7f3a"
~~ use id
<< server "GET /7f3a\r\n"
~~ until "\r\n.\r\n"
~~ any
0.500 >> server "mail\r\n"
                ".\r\n"
~~ any
>> client binary "a"
~~ match "a\\.\"b"
~~ match bytes "(?s:..)"
~~ use id at 0 1
~~ use id in "([a\"]) "
>> client text "a"
# Any of the two may be first.
~~ any-order
~~ any 1 2
>> server "ab"
~~ rate >= 1.5MB/s
~~ rate <= 1GiB/s
~~ match size 0..200
~~ any-order replies
>> server "c"
>> server eof
`

func TestRules(t *testing.T) {
	tr, err := Parse("f", []byte(ruled))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(tr.Append(nil)); got != ruled {
		t.Errorf("printed\n%s", got)
	}
	first := tr.Entries[0]
	want := []Rule{
		{Kind: MatchRule, Text: []byte("id=(?P<id>[0-9a-f]+)\r\n"), Comments: []string{"# Ids differ."}, Line: 5},
		{Kind: AnyRule, From: 4, To: 12, Comments: []string{"", "# This one stands between rules."}, Line: 8},
	}
	if !reflect.DeepEqual(first.Rules, want) || first.Line != 10 || !reflect.DeepEqual(first.Comments, []string{"# This is the entry's."}) {
		t.Errorf("%+v", first)
	}
	bare := first
	bare.Rules = nil
	if !Equal(&first, &bare) || Diff([]Entry{first}, []Entry{bare}) != "" {
		t.Error("Equal compares rules")
	}
	if text := string(AppendJSON(nil, &first)); strings.Contains(text, "match") {
		t.Error(text)
	}
}

func TestRuleErrors(t *testing.T) {
	const head = magic + "\nmode raw\n" // entries begin in line 3
	for _, c := range []struct{ in, want string }{
		{"~~ like \"x\"\n", `f:3: expected match "REGEXP", match bytes "REGEXP", match field NAME "REGEXP", match size FROM..TO, any, any FROM TO, until "…", use NAME, use NAME at FROM TO, use NAME in "REGEXP", any-order or rate >= RATE; found "like \"x\""`},
		{"~~\n", `f:3: expected match "REGEXP"`},
		{"0.5 ~~ any\n", "f:3: expected no time before a rule"},
		{"~~ match x\n", `f:3: expected a quoted string, found "x"`},
		{"~~ match bytes\n", "f:3: expected a quoted string"},
		{"~~ until bytes \"x\"\n", "f:3: expected a quoted string"},
		{"~~ match \"\"\n", "f:3: expected something between the quotes of match"},
		{"~~ until \"\"\n", "f:3: expected something between the quotes of until"},
		{"~~ match \"x\"\n  \"y\"\n", "f:4: expected an entry; a quoted string that continues the payload above must be indented"},
		{"~~ match \"" + strings.Repeat("x", MaxRuleText+1) + "\"\n", "f:3: expected at most 4096 bytes"},
		{"~~ any 5 5\n", "f:3: expected the bytes from and to, as in any 4 12, or any alone"},
		{"~~ any 5\n", "f:3: expected the bytes from and to"},
		{"~~ any -1 5\n", "f:3: expected the bytes from and to"},
		{"~~ use a at\n", "f:3: expected the place of a, as in use a at 4 12"},
		{"~~ use a at 4 4\n", "f:3: expected the bytes from and to"},
		{"~~ use a at 4\n", "f:3: expected the bytes from and to"},
		{"~~ use a in x\n", "f:3: expected a quoted string"},
		{"~~ use a in \"\"\n", "f:3: expected something between the quotes of in"},
		{"~~ use a b\n", "f:3: expected the place of a"},
		{"~~ use 1\n", "f:3: expected the name that a match above captures"},
		{"~~ match size 5\n", `f:3: expected the fewest and the most bytes, to 1 MiB, as in match size 100..200; found "5"`},
		{"~~ match size 5..4\n", "f:3: expected the fewest and the most bytes"},
		{"~~ match size 0..0\n", "f:3: expected the fewest and the most bytes"},
		{"~~ match size 0..1048577\n", "f:3: expected the fewest and the most bytes"},
		{"~~ match size +1..5 \n", "f:3: expected the fewest and the most bytes"},
		{"~~ rate > 1MB/s\n", `f:3: expected >= or <= and a rate, as in rate >= 1.5MB/s, with B, kB, MB, GB, KiB, MiB or GiB; found "rate > 1MB/s"`},
		{"~~ rate >= 1MB\n", "f:3: expected >= or <= and a rate"},
		{"~~ rate >= 0B/s\n", "f:3: expected >= or <= and a rate"},
		{"~~ rate >= -1B/s\n", "f:3: expected >= or <= and a rate"},
		{"~~ rate >= 1e3B/s\n", "f:3: expected >= or <= and a rate"},
		{"~~ rate >= 1 MB/s\n", "f:3: expected >= or <= and a rate"},
		{"~~ any-order 1\n", `f:3: expected any-order alone or the name of a group, such as any-order replies; found "1"`},
		{"~~ any-order\n>> server eof\n", "f:4: expected bytes below the rule of line 3"},
		{"~~ any\n>> server eof\n", "f:4: expected bytes below the rule of line 3"},
		{"~~ any\n<< client text \"a\"\n", "f:4: expected bytes below the rule of line 3"},
		{"~~ any\n-- remark\n", "f:4: expected bytes below the rule of line 3"},
		{"-- x\n# why\n~~ any\n# c\n", "f:5: expected an entry below the rule"},
		{"~~ any\ntarget \"h:1\"\n", "f:4: expected an entry (>>, << or --); target belongs above the first one"},
		{strings.Repeat("~~ any\n", MaxRules+1), "f:67: expected at most 64 rules above an entry"},
	} {
		_, err := Parse("f", []byte(head+c.in))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.60q:\n got %v\nwant %s", c.in, err, c.want)
		}
	}
}

// If a file was cut off below a rule, only comments are left of it.
func TestRuleCutOff(t *testing.T) {
	const head = magic + "\nmode raw\n\n>> server \"a\"\n"
	for in, want := range map[string]string{
		"# why\n~~ any\n# c\n<< serv":            "# why\n# c\n",
		"# why\n~~ an":                           "# why\n",
		"# why\n~~ any":                          "# why\n",
		"# why\n~~ any\n# c\n<< server \"x\\n\"": "# why\n# c\n",
	} {
		tr, err := Parse("f", []byte(head+in))
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if got := string(tr.Append(nil)); got != head+want {
			t.Errorf("%q: got\n%s", in, got)
		}
	}
}

// sameRules reports whether a and b are equal except for their lines.
func sameRules(a, b []Rule) bool {
	return slices.EqualFunc(a, b, func(x, y Rule) bool {
		x.Line = y.Line
		return reflect.DeepEqual(x, y)
	})
}
