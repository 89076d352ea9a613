package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core/access"
)

// What the flags say, or which of them is wrong.
func TestOIDCFlags(t *testing.T) {
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const good = "--oidc-issuer=https://login.example --oidc-client-id=workbench "
	for flags, want := range map[string]string{
		"":                                 "",
		good + "--oidc-role=staff=teacher": "",
		good + "--oidc-default-role=viewer --oidc-client-secret-file=" + file("good", "hidden\n", 0o640): "",
		"--oidc-client-id=workbench":                                    "--oidc-client-id needs",
		"--oidc-client-secret-file=x":                                   "--oidc-client-secret-file needs",
		"--oidc-name-claim=sub":                                         "--oidc-name-claim needs",
		"--oidc-groups-claim=roles":                                     "--oidc-groups-claim needs",
		"--oidc-role=staff=teacher":                                     "--oidc-role needs",
		"--oidc-default-role=viewer":                                    "--oidc-default-role needs",
		"--oidc-issuer=https://login.example":                           "add --oidc-client-id",
		"--oidc-issuer=http://login.example --oidc-client-id=workbench": "--oidc-issuer:",
		good:                              "add --oidc-role",
		good + "--oidc-role=staff":        "--oidc-role:",
		good + "--oidc-role=staff=root":   "--oidc-role:",
		good + "--oidc-default-role=root": "--oidc-default-role:",
		good + "--oidc-default-role=viewer --oidc-name-claim=":                                               "--oidc-name-claim is empty",
		good + "--oidc-default-role=viewer --oidc-groups-claim=":                                             "--oidc-groups-claim is empty",
		good + "--oidc-default-role=viewer --oidc-client-secret-file=" + t.TempDir():                         "--oidc-client-secret-file:",
		good + "--oidc-default-role=viewer --oidc-client-secret-file=" + file("empty", " \n", 0o600):         "must have one line",
		good + "--oidc-default-role=viewer --oidc-client-secret-file=" + file("lines", "hidden\nb\n", 0o600): "must have one line",
	} {
		var f oidcFlags
		set := pflag.NewFlagSet("serve", pflag.ContinueOnError)
		f.add(set)
		if err := set.Parse(strings.Fields(flags)); err != nil {
			t.Fatal(err)
		}
		c, err := f.read(authToken)
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v; want %q", flags, err, want)
		case want == "" && (c == nil) != (flags == ""):
			t.Errorf("%s: %+v", flags, c)
		case err != nil && strings.Contains(err.Error(), "hidden"):
			t.Errorf("%s: the error has the secret in it: %v", flags, err)
		}
		if _, err := f.read(authNone); strings.HasPrefix(flags, good) && (err == nil || !strings.Contains(err.Error(), "--auth none")) {
			t.Errorf("%s, with --auth none: %v", flags, err)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	if _, err := readSecret(file("open", "hidden", 0o644)); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a secret for all to read: %v", err)
	}
}

// The provider leads browsers back to where the page is at home.
func TestCallback(t *testing.T) {
	d := door{gate: access.New(nil, nil), origin: "wb-test.localhost"}
	for at, want := range map[string]string{
		"http://127.0.0.1:8000":         "http://wb-test.localhost:8000/callback",
		"https://bench.example.org":     "https://bench.example.org/callback",
		"unix:/run/user/1000/workbench": "",
	} {
		if got := d.callback(at); got != want {
			t.Errorf("%s: %s", at, got)
		}
	}
}
