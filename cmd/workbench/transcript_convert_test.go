package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core/transcript"
)

const toBeConverted = `workbench transcript v1
mode http-line
target "127.0.0.1:80"

0.1 >> client text "GET / HTTP/1.0"
0.1 << server "GET / HTTP/1.0\r\n"
0.2 >> server "HTTP/1.0 200 OK\r\n"
0.2 << client text "HTTP/1.0 200 OK"
0.3 >> server eof
`

// convertRun runs workbench transcript in a folder that holds the files.
func convertRun(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	root := newTranscriptCommand()
	root.SilenceErrors, root.SilenceUsage = true, true
	var out, errs strings.Builder
	root.SetArgs(args)
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&errs)
	if err := root.ExecuteContext(t.Context()); err != nil {
		code = 1
		errs.WriteString(err.Error())
	}
	return code, out.String(), errs.String()
}

// sparse makes a file of 1 GiB that takes no room.
func sparse(t *testing.T, name, begin string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(begin), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 1<<30); err != nil {
		t.Fatal(err)
	}
}

func inFolder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTranscriptConvertSparesATerminal(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there are no terminals here:", err)
	}
	defer terminal.Close()
	if err := screen.Output("", terminal, true, nil); err == nil || !strings.Contains(err.Error(), "name a file with -o") {
		t.Error(err)
	}
}

// A transcript goes out as a capture and comes back, and replays.
func TestTranscriptImport(t *testing.T) {
	inFolder(t, map[string]string{"a.transcript": toBeConverted, "talk.txt": "C: HELO x\nbla\nS: 250 ok\n", "zero": "", "b.txt": "hello\n"})
	if code, _, stderr := convertRun(t, "", "convert", "--to", "pcapng", "a.transcript", "-o", "a.pcapng"); code != 0 {
		t.Fatal(stderr)
	}
	code, stdout, stderr := convertRun(t, "", "import", "a.pcapng", "-o", "in")
	if code != 0 || stderr != "" || stdout != "in/a-0001.transcript: 192.0.2.1:50000 to 127.0.0.1:80, 16 bytes sent, 17 received\n" {
		t.Fatalf("code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if code, stdout, stderr := replayAgain(t, "--in-process", "in/a-0001.transcript"); code != 0 {
		t.Errorf("the import does not replay: %s%s", stdout, stderr)
	}
	if info, err := os.Stat("in/a-0001.transcript"); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	whole, err := os.ReadFile("a.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	sparse(t, "huge", "C: hello\n"+strings.Repeat("more ", 200))
	for _, c := range []struct {
		name, args, stdin string
		code              int
		stdout, stderr    string
	}{
		{"again", "import a.pcapng -o in", "", 1, "", "in/a-0001.transcript is there already: remove it, or name another folder with -o"},
		{"standard input", "import - -o stdin", string(whole), 0, "stdin/stdin-0001.transcript", ""},
		{"cut off", "import - -o cut", string(whole[:len(whole)-10]), 0, "cut/stdin-0001.transcript", "the capture ends within a packet"},
		{"damaged", "import - -o damaged", string(whole) + "garbage garbage garbage", 1, "damaged/stdin-0001", "the capture is damaged"},
		{"nothing in it", "import - -o none", string(whole[:200]), 1, "", "no TCP connection with anything in it"},
		{"text", "import talk.txt", "", 0, "talk.transcript: 2 events", "1 lines begin with neither C: nor S:"},
		{"text for a capture", "import --from capture talk.txt", "", 1, "", "not a capture"},
		{"no text", "import b.txt", "", 1, "", "b.txt:1: expected at least one line that begins with C: or S: (and it is no capture"},
		{"empty", "import zero", "", 1, "", "zero is empty"},
		{"nothing on standard input", "import -", "", 1, "", "standard input is empty"},
		{"a torn capture", "import -", string(whole[:3]), 1, "", "and it is no capture: pcap and pcapng are read"},
		{"a capture of another kind", "import -", "snoop\x00\x00\x00\x00\x00\x00\x02", 1, "", "standard input is neither a capture that can be read (pcap and pcapng can) nor text"},
		{"a modified capture", "import -", "\xa1\xb2\xcd\x34\x00\x02\x00\x04", 1, "", "standard input: capture ends within its header"},
		{"a transcript", "import a.transcript", "", 1, "", "a.transcript is a transcript already"},
		{"1 GiB of text", "import huge", "", 1, "", "huge has 1024 MiB, and at most 64 MiB are read at once; cut it in parts"},
		{"a form that there is not", "import --from csv talk.txt", "", 1, "", "--from csv: there is no such form"},
		{"a mode that cannot be", "import --mode 5 talk.txt", "", 1, "", "--mode 5: that cannot be"},
		{"a folder", "import in", "", 1, "", "in is a folder"},
		{"no file", "import nothing", "", 1, "", "nothing cannot be read: no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, stdout, stderr := convertRun(t, c.stdin, strings.Fields(c.args)...)
			if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || c.stderr == "" && stderr != "" {
				t.Errorf("code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
		})
	}
	text, err := os.ReadFile("talk.transcript")
	if err != nil {
		t.Fatal(err)
	}
	tr, err := transcript.Parse("talk", text)
	if err != nil || !bytes.Equal(tr.Entries[2].Event.Data, []byte("HELO x\r\n")) {
		t.Errorf("%v %s", err, text)
	}
}
