package mqtt

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// broker starts mosquitto and returns its address. Joe's password is secret; everybody else
// needs none.
func broker(t *testing.T) (address string) {
	t.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/mosquitto"); err != nil {
			t.Fatal("mosquitto is missing; scripts/deps.sh installs what the tests need")
		}
	}
	var said string
	for range 5 { // the port may be another's by then
		free, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address = free.Addr().String()
		free.Close()
		_, port, _ := net.SplitHostPort(address)
		text := "listener " + port + " 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest stderr\n"
		if os.Getuid() == 0 {
			text += "user root\n" // as whom it reads this
		}
		conf := filepath.Join(t.TempDir(), "conf")
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if said = serves(t, exec.Command(path, "-c", conf)); said == "" {
			return address
		}
	}
	t.Fatalf("mosquitto ended: %s", said)
	return ""
}

// serves starts the server and waits until it serves. It returns what was said if it ends
// before.
func serves(t *testing.T, cmd *exec.Cmd) (said string) {
	t.Helper()
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var log []byte
	for buf := make([]byte, 4096); !bytes.Contains(log, []byte(" running\n")); {
		n, err := out.Read(buf)
		if log = append(log, buf[:n]...); err != nil {
			cmd.Wait()
			return fmt.Sprintf("%v\n%s", err, log)
		}
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		io.Copy(io.Discard, out) // until it ends
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-drained
		cmd.Wait()
	})
	return ""
}

// dialogue is a session with a broker.
type dialogue struct {
	t    *testing.T
	conn net.Conn
	m    *machine
	buf  []byte
}

func talkTo(t *testing.T, address, version string) *dialogue {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	d := &dialogue{t: t, conn: conn, buf: make([]byte, core.MaxDecodedEvent)}
	d.m = open(t, core.Messages)
	if version == "5" {
		d.m.Version = 5
	}
	return d
}

// handle feeds an event, and returns what is shown. The machine goes on from its checkpoint.
func (d *dialogue) handle(ev core.Event) (shown []string) {
	d.t.Helper()
	var out core.Out
	if err := d.m.Handle(ev, &out); err != nil || out.Err() != nil {
		d.t.Fatal(err, out.Err())
	}
	for i := range out.Len() {
		switch a := out.Action(i); a.Kind {
		case core.SendServer:
			if _, err := d.conn.Write(a.Data); err != nil {
				d.t.Fatal(err)
			}
		case core.SendText:
			shown = append(shown, string(a.Data))
		}
	}
	d.m = restored(d.t, d.m, core.Messages)
	return shown
}

// says types a line, and returns what is shown for it: so many messages.
func (d *dialogue) says(line string, messages int) (shown []string) {
	d.t.Helper()
	for ev := typed(line); ; {
		if shown = append(shown, d.handle(ev)...); len(shown) >= messages {
			return shown
		}
		n, err := d.conn.Read(d.buf[:1]) // each byte an event, and a crash after it
		if err != nil {
			d.t.Fatalf("after %s: %q, and %v; want %d messages", line, shown, err, messages)
		}
		ev = core.Event{Kind: core.ServerBytes, Data: d.buf[:n]}
	}
}

// The session in the mode's page goes as it says there, with a crash after every byte.
func TestDocumentedSession(t *testing.T) {
	page, err := os.ReadFile("../../docs/modes/mqtt.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```session\n")
	said, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no session")
	}
	d := talkTo(t, broker(t), "3.1.1")
	parts := strings.Split(said, "> ")[1:]
	if len(parts) < 3 {
		t.Fatalf("%d lines are typed in it", len(parts))
	}
	for _, part := range parts {
		line, want, _ := strings.Cut(part, "\n")
		if got := strings.Join(d.says(line, strings.Count(want, "\n")), "\n") + "\n"; got != want {
			t.Errorf("> %s\nshows\n%s\nand the page says\n%s", line, got, want)
		}
	}
}

// The same in MQTT 5, with reason codes, and a will that a second client gets.
func TestVersion5(t *testing.T) {
	address := broker(t)
	d := talkTo(t, address, "5")
	for _, step := range [][]string{
		{"SUB state/# 1", "CONNACK 0x00 success", "SUBACK 1: 0x01 granted QoS 1"},
		{"PUB nobody x 1", "PUBACK 2 0x10 no matching subscribers"},
		{"UNSUB other", "UNSUBACK 3: 0x11 no subscription existed"},
	} {
		if got := d.says(step[0], len(step)-1); strings.Join(got, "\n") != strings.Join(step[1:], "\n") {
			t.Errorf("%s: %q, want %q", step[0], got, step[1:])
		}
	}
	other := talkTo(t, address, "5")
	other.says("CONNECT other - - yes 60 state/other lost 1", 1)
	other.handle(typed("DISCONNECT 4"))
	if got := d.says("", 2); got[1] != "PUBLISH state/other (QoS 1, id 1): lost" {
		t.Errorf("%q", got)
	}
}
