//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A session with vsftpd is played again: as the server to curl, which gets the file by the
// played data connection, and as the client to vsftpd.
func TestFTPIsPlayed(t *testing.T) {
	t.Parallel()
	curl := installed(t, "curl")
	address, files := vsftpd(t)
	file := strings.Repeat("what the file says\n", 2000)
	writeFile(t, filepath.Join(files, "file"), file)
	recordings := t.TempDir()
	w := start(t, "--transcripts", recordings, "--plugin-dir", ftpPlugins)
	c := &ftpTalk{client: w.join(t, "?mode=ftp-links", address)}
	c.until("220", 0)
	for _, does := range [][2]string{{"USER anonymous", "230"}, {"PWD", "257"}, {"EPSV", "229"}, {"TYPE I", "200"}, {"SIZE file", "213"}} {
		c.does(does[0], does[1])
	}
	c.say("RETR file")
	c.until("226", len(file))
	c.does("QUIT", "221")
	c.linesToEnd()
	recording := filepath.Join(recordings, w.recorded(t)+".transcript")

	if out := workbenchRun(t, "", "play", "client", recording, "--to", address); !strings.Contains(out, ": same (") {
		t.Errorf("as the client: %s", out)
	}
	at, played := playing(t, recording)
	got, err := exec.Command(curl, "-sS", "--max-time", "60", "ftp://"+at+"/file").CombinedOutput()
	if err != nil || string(got) != file {
		recorded, _ := os.ReadFile(recording)
		t.Fatalf("curl got %d bytes of %d: %v\n%.300s\n%s", len(got), len(file), err, got, recorded)
	}
	if !played.wait(patience) || played.exitCode() != 0 {
		t.Errorf("the played server: %s%s", played.stdout, played.stderr)
	}
}
