package wire

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a machine that does what a client's message says.
type script struct{ kept []byte }

func (s *script) Handle(ev core.Event, out *core.Out) error {
	switch word, arg, _ := strings.Cut(string(ev.Data), " "); word {
	case "panic":
		panic(arg)
	case "error":
		return errors.New(arg)
	case "huge":
		for range 40 {
			out.Server(make([]byte, core.MaxActionPayload))
		}
	case "big":
		for i := range 15 {
			out.Server(bytes.Repeat([]byte{byte('a' + i)}, 1<<20))
		}
	case "keep":
		s.kept = []byte(arg)
	case "all":
		out.Server([]byte("s"))
		out.Text([]byte("t"))
		out.Binary([]byte{0, 255})
		out.FinishServer()
		out.Note("n")
		out.Timer("tick", 2*time.Second)
		out.StopTimer("tick")
		out.PassThrough(core.Server)
		out.Close("bye")
	default:
		out.Server(ev.Data)
		out.Text(s.kept)
	}
	return nil
}

func (s *script) Checkpoint(dst []byte) ([]byte, error) { return append(dst, s.kept...), nil }

func (s *script) Restore(state []byte) error { s.kept = bytes.Clone(state); return nil }

var scripted = core.Discipline{Open: func(o core.Opening, out *core.Out) (core.Machine, error) {
	if o.Options["refuse"] != "" {
		return nil, errors.New("refused")
	}
	out.Note("opened " + o.Target + " " + o.Options["eol"])
	return &script{}, nil
}}

var quiet = slog.New(slog.DiscardHandler)

// told formats an answer for comparison.
func told(a Answer) string {
	var b strings.Builder
	for _, x := range a.Actions {
		b.WriteString(string(appendAction(nil, x)) + "|")
	}
	return b.String()
}

func ask(t *testing.T, c *Conn, messages ...string) []Answer {
	t.Helper()
	events := make([]Event, len(messages))
	for i, m := range messages {
		events[i] = Event{N: uint64(i) + 1, Event: core.Event{Kind: core.ClientText, Data: []byte(m)}}
	}
	var got []Answer
	err := c.Batch(events, func(a Answer) {
		kept := Answer{N: a.N}
		for _, x := range a.Actions {
			x.Data = bytes.Clone(x.Data)
			kept.Actions = append(kept.Actions, x)
		}
		got = append(got, kept)
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func open(t *testing.T, checkpoint []byte) *Conn {
	t.Helper()
	c := Pipe(scripted, quiet)
	t.Cleanup(func() { c.Bye() })
	err := c.Open(core.Opening{Options: core.Options{"eol": "crlf"}, Target: "x:1"}, checkpoint, func(Answer) {})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryActionCrosses(t *testing.T) {
	got := ask(t, open(t, nil), "all")[0].Actions
	want := []core.Action{
		{Kind: core.SendServer, Data: []byte("s")},
		{Kind: core.SendText, Data: []byte("t")},
		{Kind: core.SendBinary, Data: []byte{0, 255}},
		{Kind: core.FinishServer, Data: []byte(nil)},
		{Kind: core.Note, Data: []byte("n")},
		{Kind: core.SetTimer, After: 2 * time.Second, Data: []byte("tick")},
		{Kind: core.StopTimer, Data: []byte("tick")},
		{Kind: core.PassThrough, Side: core.Server, Data: []byte(nil)},
		{Kind: core.Close, Data: []byte("bye")},
	}
	if d := cmp.Diff(want, got, cmp.Transformer("empty", func(b []byte) string { return string(b) })); d != "" {
		t.Error(d)
	}
}

func TestOpeningIsEventZero(t *testing.T) {
	c := Pipe(scripted, quiet)
	defer c.Bye()
	var got string
	err := c.Open(core.Opening{Options: core.Options{"eol": "lf"}, Target: "h:2"}, nil, func(a Answer) { got = told(a) })
	if err != nil || !strings.Contains(got, "opened h:2 lf") {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAnswersKeepTheirOrderAndNumbers(t *testing.T) {
	got := ask(t, open(t, nil), "a", "b", "c")
	for i, a := range got {
		if a.N != uint64(i+1) || string(a.Actions[0].Data) != string(rune('a'+i)) {
			t.Errorf("answer %d is %v", i, a)
		}
	}
}

// An answer larger than a frame arrives complete in several.
func TestLargeAnswer(t *testing.T) {
	got := ask(t, open(t, nil), "big", "after")
	for i := range 15 {
		if d := got[0].Actions[i].Data; len(d) != 1<<20 || d[0] != byte('a'+i) || d[1<<20-1] != byte('a'+i) {
			t.Fatalf("action %d has %d bytes of %q", i, len(d), d[0])
		}
	}
	if string(got[1].Actions[0].Data) != "after" {
		t.Error("the answer after it was lost")
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct{ message, want string }{
		{"panic oh", "panic: oh"},
		{"error bad input", "bad input"},
		{"huge", "larger than 16 MiB"},
	} {
		conn := open(t, nil)
		got := ask(t, conn, "fine", c.message, "never")
		if len(got) != 2 {
			t.Fatalf("%s: %d answers", c.message, len(got))
		}
		last := got[1].Actions
		if len(last) != 1 || last[0].Kind != core.Failed || !strings.Contains(string(last[0].Data), c.want) {
			t.Errorf("%s: answered %v", c.message, last)
		}
		if err := conn.Batch([]Event{{N: 9}}, func(Answer) {}); err == nil {
			t.Errorf("%s: the session went on", c.message)
		}
	}
}

func TestRefusedOpen(t *testing.T) {
	c := Pipe(scripted, quiet)
	defer c.Bye()
	var got []core.ActionKind
	err := c.Open(core.Opening{Options: core.Options{"refuse": "yes"}}, nil, func(a Answer) {
		for _, x := range a.Actions {
			got = append(got, x.Kind)
		}
	})
	if err != nil || !cmp.Equal(got, []core.ActionKind{core.Failed}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestCheckpointAndRestore(t *testing.T) {
	c := open(t, nil)
	ask(t, c, "keep treasure")
	state, err := c.Checkpoint()
	if err != nil || string(state) != "treasure" {
		t.Fatalf("got %q, %v", state, err)
	}
	if got := ask(t, open(t, state), "x"); string(got[0].Actions[1].Data) != "treasure" {
		t.Error("the state was not restored")
	}
}

func TestNoCheckpointer(t *testing.T) {
	type plain struct{ core.Machine }
	c := Pipe(core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) { return plain{&script{}}, nil }}, quiet)
	defer c.Bye()
	if err := c.Open(core.Opening{}, nil, func(Answer) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Checkpoint(); !errors.Is(err, core.ErrNoCheckpoint) {
		t.Errorf("got %v", err)
	}
	ask(t, c, "the session goes on")
}

// What a plugin may send wrong, and how the host reacts.
func TestHostileAnswers(t *testing.T) {
	frame := func(t frameType, body ...byte) []byte { return finishFrame(append(beginFrame(nil), body...), t) }
	for name, c := range map[string]struct {
		sent []byte
		want error
	}{
		"nothing at all":           {nil, ErrLost},
		"half a header":            {[]byte{0x81, 0}, ErrLost},
		"half a body":              {[]byte{0x81, 0, 0, 0, 9, 1}, ErrLost},
		"a header of 1 GiB":        {[]byte{0x81, 0x40, 0, 0, 0}, ErrProtocol},
		"a bye":                    {frame(frameByePlugin), ErrBye},
		"an unknown type":          {frame(0x99), ErrProtocol},
		"an empty answer":          {frame(frameAnswer), ErrProtocol},
		"the wrong number":         {frame(frameAnswer, 0, 7), ErrProtocol},
		"a number twice":           {frame(frameAnswer, 0, 1, 0, 1), ErrProtocol},
		"an unknown action":        {frame(frameAnswer, 77, 0), ErrProtocol},
		"a length past the end":    {frame(frameAnswer, 1, 200, 1), ErrProtocol},
		"a length of 2^63":         {frame(frameAnswer, 1, 255, 255, 255, 255, 255, 255, 255, 255, 127), ErrProtocol},
		"a number without end":     {frame(frameAnswer, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255), ErrProtocol},
		"a timer of 0 s":           {frame(frameAnswer, 7, 0, 1, 'a', 0, 1), ErrProtocol},
		"a timer with a bad name":  {frame(frameAnswer, 8, 1, '!', 0, 1), ErrProtocol},
		"pass-through of nobody":   {frame(frameAnswer, 9, 3, 0, 0, 1), ErrProtocol},
		"actions after the last":   {frame(frameAnswer, 0, 1, 1, 1, 'x'), ErrProtocol},
		"a checkpoint, unasked":    {frame(frameCheckpointed, 1, 0), ErrProtocol},
		"failed of another number": {frame(frameAnswer, 10, 9, 0), ErrProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			go func() {
				io.CopyN(io.Discard, theirs, int64(headerSize+4))
				theirs.Write(c.sent)
				theirs.Close()
			}()
			conn := NewConn(ours, time.Minute)
			defer conn.Close()
			err := conn.Batch([]Event{{N: 1, Event: core.Event{Kind: core.ClientText, Data: []byte("x")}}}, func(Answer) {})
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestSilenceIsAHang(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	go io.Copy(io.Discard, theirs)
	conn := NewConn(ours, time.Millisecond)
	defer conn.Close()
	if err := conn.Batch([]Event{{N: 1}}, func(Answer) {}); !errors.Is(err, ErrHung) {
		t.Errorf("got %v", err)
	}
}

// An endless answer is cut off at the bound, whatever its pieces.
func TestEndlessAnswer(t *testing.T) {
	ours, theirs := net.Pipe()
	go func() {
		io.CopyN(io.Discard, theirs, int64(headerSize+3))
		notes := beginFrame(nil)
		for range 1000 {
			notes = append(notes, byte(core.Note), 0)
		}
		for {
			if _, err := theirs.Write(finishFrame(notes, frameAnswer)); err != nil {
				return
			}
		}
	}()
	conn := NewConn(ours, time.Minute)
	err := conn.Batch([]Event{{N: 1, Event: core.Event{Kind: core.ClientEOF}}}, func(Answer) {})
	conn.Close()
	if !errors.Is(err, ErrProtocol) {
		t.Errorf("got %v", err)
	}
}

// The numbers in spec.md and in the code are the same.
func TestNumbersArePinned(t *testing.T) {
	events := []core.EventKind{core.ClientText, core.ClientBinary, core.ClientEOF, core.ClientClosed,
		core.ServerBytes, core.ServerEOF, core.ServerFailed, core.TimerFired, core.ClientPart, core.ClientRaw, core.ServerQuiet}
	actions := []core.ActionKind{core.SendServer, core.SendText, core.SendBinary, core.FinishServer, core.Close,
		core.Note, core.SetTimer, core.StopTimer, core.PassThrough, core.Failed, core.Secret, core.ShowPart, core.SecretBytes}
	for i, k := range events {
		if int(k) != i+1 {
			t.Errorf("event %d has the number %d", i+1, k)
		}
	}
	for i, k := range actions {
		if int(k) != i+1 {
			t.Errorf("action %d has the number %d", i+1, k)
		}
	}
	if core.Client != 1 || core.Server != 2 || MaxFrame != 2<<20 || MaxBatch != 64 || MaxBatchBytes != 256<<10 {
		t.Error("a side or a bound has another number than spec.md says")
	}
	got := finishFrame(appendEvent(beginFrame(nil), &Event{N: 300, Event: core.Event{Kind: core.ServerBytes, Data: []byte("hi")}}), frameBatch)
	if want := []byte{0x02, 0, 0, 0, 6, 0xac, 0x02, 5, 2, 'h', 'i'}; !bytes.Equal(got, want) {
		t.Errorf("a batch is % x, want % x", got, want)
	}
}

func FuzzServe(f *testing.F) {
	opening := finishFrame(appendOpen(beginFrame(nil), core.Opening{Options: core.Options{"a": "b"}, Target: "h:1"}, nil), frameOpen)
	f.Add(opening)
	f.Add(append(bytes.Clone(opening), finishFrame(appendEvent(beginFrame(nil), &Event{N: 1, Event: core.Event{Kind: core.ClientText, Data: []byte("all")}}), frameBatch)...))
	f.Add(append(bytes.Clone(opening), finishFrame(beginFrame(nil), frameCheckpoint)...))
	f.Fuzz(func(t *testing.T, sent []byte) {
		err := Serve(&stream{in: bytes.NewReader(sent)}, scripted, nil, quiet)
		if err != nil && !errors.Is(err, ErrProtocol) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v", err)
		}
	})
}

func FuzzAnswers(f *testing.F) {
	f.Add(finishFrame(append(beginFrame(nil), 1, 1, 'x', 0, 1), frameAnswer))
	f.Add(finishFrame(append(beginFrame(nil), 10, 1, 1, 'x'), frameAnswer))
	f.Add(finishFrame(append(beginFrame(nil), 13, 1, 'x', 0, 1), frameAnswer))
	f.Fuzz(func(t *testing.T, sent []byte) {
		conn := NewConn(&netStream{stream: stream{in: bytes.NewReader(sent)}}, 0)
		err := conn.Batch([]Event{{N: 1}, {N: 2}}, func(a Answer) {
			for _, x := range a.Actions {
				if !x.Kind.Valid() {
					t.Errorf("an action of kind %d came through", x.Kind)
				}
			}
		})
		if err != nil && !errors.Is(err, ErrProtocol) && !errors.Is(err, ErrLost) && !errors.Is(err, ErrBye) {
			t.Errorf("got %v", err)
		}
	})
}

// stream reads what was sent and discards the answers.
type stream struct{ in io.Reader }

func (s *stream) Read(p []byte) (int, error)  { return s.in.Read(p) }
func (s *stream) Write(p []byte) (int, error) { return len(p), nil }
func (s *stream) Close() error                { return nil }

type netStream struct {
	stream
	net.Conn
}

func (s *netStream) Read(p []byte) (int, error)  { return s.stream.Read(p) }
func (s *netStream) Write(p []byte) (int, error) { return s.stream.Write(p) }
func (s *netStream) Close() error                { return nil }

// lastingPipe is the plugin's end of a stream that lasts, and its rest.
type lastingPipe struct {
	net.Conn
	rest []byte
	next chan struct{}
}

func (p *lastingPipe) Next(rest []byte) {
	p.rest = append([]byte{}, rest...)
	p.next <- struct{}{}
}

// releasablePipe is the host's.
type releasablePipe struct {
	net.Conn
	released, closed int
}

func (p *releasablePipe) Release() error { p.released++; return nil }
func (p *releasablePipe) Close() error   { p.closed++; return p.Conn.Close() }

// mute is a machine that says nothing.
type mute struct{}

func (mute) Handle(core.Event, *core.Out) error { return nil }

// A stream lasts after a bye, with what came after it; and ends with a session that
// ended in another way, or whose answer is still due.
func TestStreamLasts(t *testing.T) {
	ours, theirs := net.Pipe()
	near, far := &releasablePipe{Conn: ours}, &lastingPipe{Conn: theirs, next: make(chan struct{}, 3)}
	d := core.Discipline{Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
		return mute{}, nil
	}}
	go Serve(far, d, nil, quiet)
	c := NewConn(near, 0)
	if err := c.Open(core.Opening{}, nil, func(Answer) {}); err != nil {
		t.Fatal(err)
	}
	if err := c.Bye(); err != nil || near.released != 1 || near.closed != 0 {
		t.Fatalf("after a bye: released %d times, closed %d times, %v", near.released, near.closed, err)
	}
	<-far.next
	// What the host sends in one go with the bye belongs to the next session.
	go Serve(far, d, nil, quiet)
	c = NewConn(near, 0)
	if err := c.Open(core.Opening{}, nil, func(Answer) {}); err != nil {
		t.Fatal(err)
	}
	go ours.Write([]byte("\x04\x00\x00\x00\x00next"))
	if <-far.next; string(far.rest) != "next" {
		t.Errorf("what was left for the next session is %q", far.rest)
	}
	// An answer that nobody waited for must not meet the next session.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if near.Conn, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far.Conn, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	go Serve(far, d, nil, quiet)
	c = NewConn(near, 0)
	if err := c.Open(core.Opening{}, nil, func(Answer) {}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Send(events(1)), c.Send(events(1)), c.Answers(events(1), func(Answer) {})); err != nil {
		t.Fatal(err)
	}
	if c.Bye(); near.released != 1 || near.closed != 1 {
		t.Errorf("with an answer due: released %d times, closed %d times", near.released-1, near.closed)
	}
}
