package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// --keylog says what is wrong where there is nothing to decrypt.
func TestConvertWithoutSecrets(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys")
	must(t, os.WriteFile(keys, []byte("CLIENT_RANDOM aa bb\n"), 0o600))
	file := write(t, smtpTalk)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--to", "pcapng", "--keylog", keys, file}, ": no TLS handshake is in the transcript"},
		{[]string{"--to", "html", "--keylog", keys, file}, "--keylog is for --to pcapng: html has no place for secrets"},
		{[]string{"--to", "pcapng", "--keylog", keys + "x", file}, "cannot be read: no such file"},
	} {
		cmd := newTranscriptConvertCommand(&archive{})
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		out := newOutput()
		cmd.SetOut(out)
		cmd.SetArgs(append(c.args, "-o", filepath.Join(t.TempDir(), "out")))
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.args, err)
		}
	}
}
