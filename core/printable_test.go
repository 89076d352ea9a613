package core

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// hostile are characters that a terminal or a page does not show as themselves.
const hostile = "\x00\x07\b\x1b\x7f\u0080\u009b\u009d\u00ad\u034f\u061c\u180e\u200b\u200d\u200e\u200f\u2028\u2029" +
	"\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\u3164\ufeff\ufff9\U000e0001\U000e0041\ue000\U00100000"

func TestShows(t *testing.T) {
	for _, r := range hostile + "\r\n\t" {
		if Shows(r) {
			t.Errorf("Shows(%U) = true", r)
		}
	}
	for _, r := range "a ~ä\u00a0€漢ع\u0301\ufe0f😀\ufffd" {
		if !Shows(r) {
			t.Errorf("Shows(%U) = false", r)
		}
	}
}

func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{
		"plain, ä €":         "plain, ä €",
		"\ufffd":             "\ufffd",
		"\x1b]0;x\a":         `\x1b]0;x\x07`,
		"a\r\n\tb\x7f":       `a\r\n\tb\u007f`,
		"\u009b\u202e\u2028": `\u009b\u202e\u2028`,
		"\U000e0041":         `\udb40\udc41`,
		"\xff\x9b\xe2\x80":   `\xff\x9b\xe2\x80`,
		"\ufffd\x1b":         "\ufffd" + `\x1b`,
	} {
		if got := Printable(s); got != want {
			t.Errorf("Printable(%q) = %s, want %s", s, got, want)
		}
	}
	if got := PrintableText("a\r\n\tb\x1b"); got != "a\\r\n\tb\\x1b" {
		t.Errorf("got %q", got)
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add(hostile)
	f.Add("\xff\r\n\t")
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{Printable(s), PrintableText(s)} {
			if !utf8.ValidString(got) || got != PrintableText(got) {
				t.Errorf("%q became %q", s, got)
			}
		}
		if strings.ContainsAny(Printable(s), "\n\t") {
			t.Errorf("%q is not on one line", s)
		}
	})
}

// Printable JSON stays JSON with the same meaning.
func TestPrintableTextKeepsJSON(t *testing.T) {
	want := hostile + "\r\n\t\xff"
	data, err := json.MarshalIndent(map[string]string{"a": want}, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(PrintableText(string(data))), &got); err != nil || got["a"] != strings.ToValidUTF8(want, "\ufffd") {
		t.Errorf("%q, %v", got["a"], err)
	}
}

// Each text field that people are shown is checked, and named in the error.
func TestManifestHidesNothing(t *testing.T) {
	fields := map[string]func(m *Manifest, s string){
		"title":                 func(m *Manifest, s string) { m.Title = s },
		"version":               func(m *Manifest, s string) { m.Version = s },
		"summary":               func(m *Manifest, s string) { m.Summary = s },
		"sends":                 func(m *Manifest, s string) { m.Sends = s },
		"help of option eol":    func(m *Manifest, s string) { m.Options[0].Help = s },
		"choice 2 of option":    func(m *Manifest, s string) { m.Options[0].Choices = []string{"lf", s} },
		"default of option who": func(m *Manifest, s string) { m.Options[1].Default = s },
	}
	try := func(field, s string) error {
		m := manifest
		m.Options = append([]Option{}, manifest.Options...)
		fields[field](&m, s)
		return m.Validate()
	}
	for field := range fields {
		for _, r := range hostile + "\r\n\t" {
			err := try(field, "a"+string(r))
			if want := fmt.Sprintf("%U at offset 1", r); err == nil || !strings.Contains(err.Error(), field) || !strings.Contains(err.Error(), want) || Printable(err.Error()) != err.Error() {
				t.Errorf("%s with %U: %v", field, r, err)
			}
		}
		for _, s := range []string{"a\xff", strings.Repeat("x", MaxSummary+1)} {
			if err := try(field, s); err == nil || !strings.Contains(err.Error(), field) {
				t.Errorf("%s with %.10q: %v", field, s, err)
			}
		}
		if err := try(field, "wörter, 漢字"); err != nil && !strings.Contains(field, "default") {
			t.Errorf("%s: %v", field, err)
		}
	}
}
