package transcript

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// Conditions are read and written again, and hold of some modes.
func TestSkipIf(t *testing.T) {
	modern := core.Manifest{Name: "m", Version: "2.1", Events: []string{"server tls", "client bytes"}, Clients: []string{"messages", "stream"}, Seeded: true}
	for line, want := range map[string]bool{
		`skip-if capability "server tls"`:       true,
		`skip-if capability "server quiet"`:     false,
		`skip-if no capability "server quiet"`:  true,
		`skip-if no capability "seeded"`:        false,
		`skip-if capability "client stream"`:    true,
		`skip-if capability "client datagrams"`: false,
		`skip-if capability "server-eof stay"`:  false,
		`skip-if no capability "messages"`:      true,
		`skip-if no capability "secrets"`:       true,
		`skip-if mode-version < 2.1`:            false,
		`skip-if mode-version < 2.10`:           true,
		`skip-if mode-version <= 2.1`:           true,
		`skip-if mode-version = 2.1.0`:          true,
		`skip-if mode-version = 2`:              false,
		`skip-if mode-version >= 2`:             true,
		`skip-if mode-version > 2.1`:            false,
	} {
		text := magic + "\nmode m\n# why\n" + line + "\nskip-if mode-version > 999\nstate \"\"\n\n"
		tr, err := Parse("f", []byte(text))
		if err != nil || string(tr.Append(nil)) != text {
			t.Errorf("%s: %v, printed as %s", line, err, tr.Append(nil))
			continue
		}
		if got, err := tr.SkipIf[0].Applies(&modern); err != nil || got != want || tr.SkipIf[0].Line != 4 {
			t.Errorf("%s of version %s: %v, %v; want %v", line, modern.Version, got, err, want)
		}
	}
	odd := Skip{Compare: "<", Version: "1"}
	if _, err := odd.Applies(&core.Manifest{Name: "m", Version: "v1-beta"}); err == nil || !strings.Contains(err.Error(), `that of m is "v1-beta"`) {
		t.Errorf("a version that is no numbers: %v", err)
	}
}

func TestSkipIfIsRefused(t *testing.T) {
	for line, want := range map[string]string{
		`skip-if`:                     "f:3: expected skip-if capability",
		`skip-if moon`:                "f:3: expected skip-if capability",
		`skip-if capability "flying"`: "f:3: expected a capability that there is: client part, ",
		`skip-if capability`:          "f:3: expected",
		`skip-if no mode-version < 1`: "f:3: expected skip-if capability",
		`skip-if mode-version 2`:      "f:3: expected skip-if mode-version, one of < <= = >= >",
		`skip-if mode-version < two`:  "f:3: expected skip-if mode-version",
		`skip-if mode-version < 1.`:   "f:3: expected skip-if mode-version",
		strings.Repeat("skip-if mode-version < 1\n", MaxSkips+1): "f:19: expected at most 16 lines skip-if",
	} {
		if _, err := Parse("f", []byte(magic+"\nmode m\n"+line+"\n")); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v; want %s", line, err, want)
		}
	}
}
