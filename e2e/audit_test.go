//go:build linux

package e2e

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// record is a line of the audit log.
type record struct {
	Msg, Outcome, Session, Mode, Target, Address, Allowed, Words, Method, Path string

	By                   struct{ Who, From string }
	ToServer, FromServer int
}

func readAudit(t *testing.T, file string) (all []record) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// Each dial, each end, and each request for a recording has one record by the
// time it is answered, so kill -9 loses none; what was said is in none.
func TestAudit(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "audit")
	w := start(t, "--audit", file, "--policy", "deny *:9", "--transcripts", t.TempDir())
	s := serve(t, func(conn net.Conn) { conn.Write([]byte("hello\r\n")) })

	c := w.join(t, "", s.address)
	first := readAudit(t, file)
	if len(first) != 1 || first[0].Msg != "dial" || first[0].Outcome != "connected" || first[0].Address != s.address || first[0].Target != s.address ||
		first[0].Allowed != "the preset local" || first[0].Mode != "http-line" || first[0].By.Who != "account" || !strings.HasPrefix(first[0].By.From, "127.0.0.1:") {
		t.Fatalf("after SUCC: %+v", first)
	}
	c.hears("hello")
	c.closes(1000, "")
	eventually(t, "the record of the end", func() bool { return len(readAudit(t, file)) == 2 })
	denied := w.open(t, "")
	denied.say("127.0.0.1:9")
	denied.refused("may not be dialled")
	w.transcripts(t, "")
	all := readAudit(t, file)
	var saw []string
	for _, r := range all {
		saw = append(saw, r.Msg+" "+r.Outcome+r.Method)
		if r.Msg == "end" && r.Session == first[0].Session && r.FromServer != len("hello\r\n") {
			t.Errorf("%+v", r)
		}
	}
	if got := strings.Join(saw, ", "); !strings.HasPrefix(got, "dial connected, end server-closed, dial denied, request GET") {
		t.Errorf("%s", got)
	}
	if data, _ := os.ReadFile(file); bytes.Contains(data, []byte("hello")) {
		t.Error("what was said is in the audit log")
	}

	w.join(t, "", s.address)
	w.signal(syscall.SIGKILL)
	w.wait(patience)
	if last := readAudit(t, file); last[len(last)-1].Msg != "dial" || len(last) < len(all)+1 {
		t.Errorf("after kill -9: %+v", last[len(all):])
	}
}
