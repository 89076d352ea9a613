package local

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/target"
)

// await waits for a client of a target, which connect makes at the address that is said.
func await(t *testing.T, l *Listeners, owner string, to target.Target, connect func(address string)) (*net.TCPConn, func()) {
	t.Helper()
	conn, _, release, err := l.Await(t.Context(), owner, to, connect)
	if err != nil {
		t.Fatal(err)
	}
	return conn, release
}

func connectTo(t *testing.T, into *net.Conn) func(string) {
	return func(address string) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Error(err)
		}
		*into = c
	}
}

// Once a client has connected nobody listens any more, and the port is free again.
func TestTheNextIsRefused(t *testing.T) {
	var l Listeners
	var client net.Conn
	at := ""
	conn, release := await(t, &l, "", parse(t, "listen://127.0.0.1:0"), func(address string) {
		at = address
		connectTo(t, &client)(address)
	})
	defer client.Close()
	if _, err := net.Dial("tcp", at); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a second client: %v; want connection refused", err)
	}
	io.WriteString(client, "hello")
	client.(*net.TCPConn).CloseWrite()
	if got, err := io.ReadAll(conn); string(got) != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	conn.Close()
	var again net.Conn
	conn, release2 := await(t, &l, "", parse(t, "listen://"+at), connectTo(t, &again))
	conn.Close()
	again.Close()
	release()
	release2()
	if l.all != 0 {
		t.Errorf("%d listeners are left", l.all)
	}
}

// Where the next waits, it is the next session's with that target, of the same owner.
func TestTheNextWaits(t *testing.T) {
	var l Listeners
	defer l.Close()
	var first, second net.Conn
	at := ""
	to := parse(t, "listen://127.0.0.1:0?next=wait")
	conn, release := await(t, &l, "anna", to, func(address string) {
		at = address
		connectTo(t, &first)(address)
		connectTo(t, &second)(address)
	})
	io.WriteString(second, "second")
	conn.Close()
	release()
	if _, _, _, err := l.Await(t.Context(), "eve", parse(t, "listen://"+at+"?next=wait"), func(string) {}); codeOf(err) != target.CodeBusy {
		t.Errorf("another owner: %v; want busy", err)
	}
	again := ""
	conn, release = await(t, &l, "anna", to, func(address string) { again = address })
	got := make([]byte, 6)
	if io.ReadFull(conn, got); string(got) != "second" || again != at {
		t.Errorf("%q at %s; want the second client at %s", got, again, at)
	}
	conn.Close()
	release()
	first.Close()
	second.Close()
	// Whoever waits when it closes is let go of.
	var third net.Conn
	connectTo(t, &third)(at)
	l.Close()
	third.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := third.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("one that waits for nobody: %v; want the end of the connection", err)
	}
	third.Close()
	if l.all != 0 || len(l.open) != 0 {
		t.Errorf("%d listeners are left", l.all)
	}
}

// Who stops waiting leaves nothing behind, and the words say what is wrong with an
// address.
func TestTroubleWithListening(t *testing.T) {
	var l Listeners
	ctx, cancel := context.WithCancel(t.Context())
	_, _, _, err := l.Await(ctx, "", parse(t, "listen://127.0.0.1:0"), func(string) { cancel() })
	if codeOf(err) != target.CodeStopped {
		t.Errorf("stopped: %v", err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for at, want := range map[string]struct {
		code  target.Code
		words string
	}{
		taken.Addr().String(): {target.CodeBusy, "another program listens on 127.0.0.1"},
		"0.0.0.0:0":           {target.CodeDenied, "other machines could reach it"},
		"[::]:0":              {target.CodeDenied, "other machines could reach it"},
		"192.0.2.1:25":        {target.CodeDenied, "other machines could reach it"},
		"[::ffff:0.0.0.0]:0":  {target.CodeDenied, "other machines could reach it"},
	} {
		_, _, _, err := l.Await(t.Context(), "", parse(t, "listen://"+at), func(string) { t.Errorf("%s is listened on", at) })
		if codeOf(err) != want.code || !strings.Contains(err.Error(), want.words) {
			t.Errorf("%s: %v; want %s, %q", at, err, want.code, want.words)
		}
	}
	if l.all != 0 {
		t.Errorf("%d listeners are left", l.all)
	}
}
