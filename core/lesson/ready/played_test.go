package ready_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/practice/room"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/plugins/dns"
)

// What the cases' students send is sent to the practice servers, too: the verdict on what
// these answer is the one on the transcripts that were written by hand.
func TestCasesWithTheServers(t *testing.T) {
	own, err := target.SelfSigned("practice")
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, s *lesson.Source, cases []lesson.Case) {
		for i := range cases {
			c := &cases[i]
			if c.Step == 0 {
				continue
			}
			seed := c.Seeds()[0]
			l, err := s.For(seed)
			if err != nil {
				t.Fatal(err)
			}
			a, err := s.Attempt(c, seed)
			if err != nil {
				t.Fatal(err)
			}
			step := l.Steps[c.Step-1]
			if step.Setting.Practice == "" {
				continue
			}
			shared := room.New()
			shared.TLS = &tls.Config{Certificates: []tls.Certificate{own.Pair()}}
			for j := range a.Connections {
				conn := &a.Connections[j]
				if conn.Log.Mode == "ftp" { // which has further connections
					conn.Log = playLive(t, shared, seed, step, *conn)
				} else {
					conn.Log = decoded(t, play(t, shared, seed, step, *conn))
				}
			}
			r, err := l.TryOn(c, a)
			fails(t, r, err)
			if t.Failed() {
				for _, conn := range a.Connections {
					t.Logf("%s\n%s", conn.Name, conn.Log.Append(nil))
				}
				return
			}
		}
	})
}

const patience = 10 * time.Second // of a test that hangs

// play sends the client's part of a transcript to the step's server. It goes on where the
// server said something once as many lines have come, or whole messages where it does not
// speak in lines, and upgrades the connection to TLS where the person ordered it.
func play(t *testing.T, shared *room.Room, seed string, step lesson.Step, conn lesson.Connection) *transcript.Transcript {
	t.Helper()
	server, err := room.Find(step.Setting.Practice)
	if err != nil {
		t.Fatal(err)
	}
	choices, err := room.ChoicesFor(seed, with(step))
	if err != nil {
		t.Fatal(err)
	}
	converse, err := shared.Conversation(server, choices)
	if err != nil {
		t.Fatal(err)
	}
	wire, stop := connect(t, converse)
	defer stop()
	var client interface {
		net.Conn
		CloseWrite() error
	} = wire
	log := *conn.Log
	log.Entries = nil
	event := func(kind core.EventKind, data []byte) {
		log.Entries = append(log.Entries, transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: kind, Data: bytes.Clone(data)}})
	}
	whole := lines
	if step.Setting.Practice == "dns" {
		whole = dnsMessages
	}
	var said, heard []byte // by the server of the transcript, and by this one
	buf := make([]byte, 64<<10)
	read := func() error {
		client.SetReadDeadline(time.Now().Add(patience))
		n, err := client.Read(buf)
		if n > 0 {
			event(core.ServerBytes, buf[:n])
			heard = append(heard, buf[:n]...)
		}
		var late net.Error
		switch {
		case err == io.EOF:
			event(core.ServerEOF, nil)
		case errors.As(err, &late) && late.Timeout():
			t.Fatalf("%s: the server said less than the transcript has:\n%s", conn.Name, log.Append(nil))
		case err != nil:
			event(core.ServerFailed, []byte("connection reset"))
		}
		return err
	}
	upgrade := func() error {
		secure := tls.Client(wire, &tls.Config{InsecureSkipVerify: true}) // whose certificate it is does not matter here
		wire.SetDeadline(time.Now().Add(patience))
		defer wire.SetDeadline(time.Time{})
		if err := secure.Handshake(); err != nil {
			event(core.ServerFailed, []byte("TLS handshake: "+err.Error()))
			return err
		}
		client = secure
		event(core.ServerTLS, []byte("tls 1.3"))
		return nil
	}
	typed := 0 // entries before this are in the log, if the client typed them
	for _, c := range convert.Crossings(conn.Log) {
		for ; typed <= c.Entry && err == nil; typed++ {
			switch e := conn.Log.Entries[typed]; e.Event.Kind {
			case core.ClientText, core.ClientPart, core.ClientBinary:
				event(e.Event.Kind, e.Event.Data)
			case core.ClientStartTLS:
				event(e.Event.Kind, nil)
				err = upgrade()
			}
		}
		switch {
		case c.From == core.Server && c.Kind == convert.Bytes:
			said = append(said, c.Data...)
			for whole(heard) < whole(said) && err == nil {
				err = read()
			}
		case c.From == core.Server && !c.Implied:
			for err == nil {
				err = read()
			}
		case c.Implied || err != nil: // the server is gone
		case c.Kind == convert.Bytes:
			log.Entries = append(log.Entries, transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.SendServer, Data: c.Data}})
			client.Write(c.Data)
		case conn.Log.Entries[c.Entry].Event.Kind == core.ClientClosed:
			event(core.ClientClosed, nil)
			return &log
		default:
			event(core.ClientEOF, nil)
			client.CloseWrite()
		}
	}
	return &log
}

func lines(stream []byte) int { return bytes.Count(stream, []byte("\n")) }

// dnsMessages counts messages with a length before each (RFC 1035, section 4.2.2).
func dnsMessages(stream []byte) (n int) {
	for len(stream) >= 2 {
		size := 2 + int(binary.BigEndian.Uint16(stream))
		if len(stream) < size {
			break
		}
		stream = stream[size:]
		n++
	}
	return n
}

// decoded returns a log with what the line mode dns answers to its events, the messages
// among it. Another mode's log it returns as it is.
func decoded(t *testing.T, log *transcript.Transcript) *transcript.Transcript {
	t.Helper()
	if log.Mode != "dns" {
		return log
	}
	d := dns.Discipline()
	options, err := d.Manifest.ParseOptions(nil)
	if err != nil {
		t.Fatal(err)
	}
	var out core.Out
	m, err := d.Open(core.Opening{Options: options, Seed: log.Seed}, &out)
	if err != nil {
		t.Fatal(err)
	}
	whole := *log
	whole.Entries = nil
	for n, e := range log.Entries {
		if e.Dir != transcript.Event {
			continue
		}
		out.Reset()
		if err := m.Handle(e.Event, &out); err != nil {
			t.Fatal(err)
		}
		var actions []core.Action
		for i := range out.Len() {
			a := out.Action(i)
			a.Data = bytes.Clone(a.Data)
			actions = append(actions, a)
		}
		whole.Entries = transcript.AppendAnswered(whole.Entries, uint64(n+1), e.Event, actions)
	}
	return &whole
}

// connect has a server serve one connection, and returns the client's end.
func connect(t *testing.T, converse func(context.Context, net.Conn) error) (client *net.TCPConn, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	served, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		converse(ctx, served) // how it ends shows in the transcript
	}()
	return conn.(*net.TCPConn), func() { conn.Close(); cancel(); <-done }
}
