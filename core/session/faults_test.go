package session

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/fault"
	"github.com/protocol-workbench/workbench/core/wire"
)

// faultTape is an observer that keeps the faults, and what each side's events hold.
type faultTape struct {
	Ignore
	mu     sync.Mutex
	faults []string
	bytes  [core.Server + 1]string
	events [core.Server + 1]int
}

func (l *faultTape) Done(_ time.Duration, e wire.Event, _ []core.Action) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Kind.IsBytes() {
		l.bytes[e.Kind.Side()] += string(e.Data)
		l.events[e.Kind.Side()]++
	} else if e.Kind != 0 {
		l.bytes[e.Kind.Side()] += "<" + strings.TrimSpace(fmt.Sprintf("%s %s", e.Kind, e.Data)) + ">"
	}
}

func (l *faultTape) Remarked(_ time.Duration, r Remark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Code == Faulted {
		l.faults = append(l.faults, strings.TrimPrefix(r.Words, "fault "))
	}
}

// faultTalk is what came of a conversation.
type faultTalk struct {
	client, server string // what each heard, with how that ended
	tape           *faultTape
	took           time.Duration
	end            End
}

func heardBy(p *streamPeer) string {
	heard, fin, reset := p.state()
	if fin {
		heard += "<fin>"
	}
	if reset {
		heard += "<reset>"
	}
	return heard
}

// onceClient tells of the end of its stream once, and then of its leaving, as a tap's does.
type onceClient struct {
	streamClient
	eof bool
}

func (c *onceClient) Receive() (core.Event, error) {
	if c.eof {
		<-c.gone
		return core.Event{Kind: core.ClientClosed}, nil
	}
	e, err := c.streamClient.Receive()
	c.eof = e.Kind == core.ClientEOF
	return e, err
}

// copier is a machine that passes both streams on, and decodes a message of each line.
type copier struct {
	from [core.Server + 1]int64
	line [core.Server + 1]string // so far
}

func (m *copier) Handle(e core.Event, out *core.Out) error {
	if !e.Kind.IsBytes() {
		return nil
	}
	side, flow := e.Kind.Side(), core.FromServer
	if side == core.Client {
		flow = core.FromClient
	}
	for piece := range strings.Lines(string(e.Data)) {
		if side == core.Client {
			out.Server([]byte(piece))
		} else {
			out.Binary([]byte(piece))
		}
		line, from := &m.line[side], m.from[side]
		if *line += piece; !strings.HasSuffix(piece, "\n") {
			continue
		}
		to := from + int64(len(*line))
		out.Message(core.Message{Flow: flow, From: from, To: to, Fields: []core.Field{{Name: "word", From: from, To: to, Value: *line}}})
		m.from[side], *line = to, ""
	}
	return nil
}

// talkWithFaults has a client and a server say these, "c:…" or "s:…" in turns, in pieces of
// at most cut bytes. "c." and "s." end a stream, a time is slept.
func talkWithFaults(t *testing.T, rules string, passes bool, cut int, steps ...string) (got faultTalk) {
	t.Helper()
	return talkThrough(t, rules, passes, cut, nil, steps...)
}

func talkThrough(t *testing.T, rules string, passes bool, cut int, change func(*Config), steps ...string) (got faultTalk) {
	t.Helper()
	parsed, err := fault.Parse([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		client, server := newStreamPeer(), newStreamPeer()
		client.says, server.says = make(chan []byte, 100), make(chan []byte, 100)
		got.tape = &faultTape{}
		d := core.Discipline{Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
			if passes {
				out.PassThrough(core.Client)
				out.PassThrough(core.Server)
			}
			return &copier{}, nil
		}}
		config := Config{
			Client: &onceClient{streamClient: streamClient{client}}, Opening: core.Opening{Client: core.Stream}, Faults: parsed, Messages: !passes, Knows: func(core.EventKind) bool { return true },
			Plugin:    &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }},
			Dial:      func(context.Context) (Server, error) { return streamServer{server}, nil },
			Observers: []Observer{got.tape},
		}
		if change != nil {
			change(&config)
		}
		if err := CheckFaults(parsed, config.Opening, true); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		began, ended := time.Now(), make(chan End, 1)
		go func() { end := Run(ctx, config); got.took = time.Since(began); ended <- end }()
		synctest.Wait()
		for _, step := range steps {
			peer := map[byte]*streamPeer{'c': client, 's': server}[step[0]]
			switch {
			case peer == nil:
				d, err := time.ParseDuration(step)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(d)
			case step[1] == '.':
				close(peer.says)
			default:
				for rest := step[2:]; rest != ""; {
					n := min(cut, len(rest))
					peer.says <- []byte(rest[:n])
					synctest.Wait()
					rest = rest[n:]
				}
			}
			synctest.Wait()
		}
		select {
		case got.end = <-ended:
		case <-time.After(20 * time.Minute):
			t.Errorf("%s: the session does not end", rules)
			cancel()
			got.end = <-ended
		}
		got.client, got.server = heardBy(client), heardBy(server)
	})
	return got
}

// Each fault, at each end: with a machine that is fed, and one that passes through, and
// however the streams were cut.
func TestFaults(t *testing.T) {
	plain := []string{"s:220 hi\r\n", "c:HELO a\r\n", "s:250 ok\r\n", "c:QUIT\r\n", "s:221 bye\r\n", "c.", "s."}
	const client, server = "220 hi\r\n250 ok\r\n221 bye\r\n", "HELO a\r\nQUIT\r\n"
	for _, c := range []struct {
		rules          string
		client, server string // what each heard
		faults         string
		took           time.Duration // at least
		cause          Cause
		steps          []string
	}{
		{"from-server after line 1: drop line", "220 hi\r\n221 bye\r\n", server + "<fin>", `1 from-server 8-16 drop "250 ok\r\n"`, 0, ByServer, nil},
		{"to-client after line 1: drop line", "220 hi\r\n221 bye\r\n", server + "<fin>", `1 to-client 8-16 drop "250 ok\r\n"`, 0, ByServer, nil},
		{"from-client on match \"HELO\": replace match \"EHLO\"", client, "EHLO a\r\nQUIT\r\n<fin>", `1 from-client 0-4 replace "HELO" forged 0-4 "EHLO"`, 0, ByServer, nil},
		{"to-server on match \"HELO\": replace match \"EHLO\"", client, "EHLO a\r\nQUIT\r\n<fin>", `1 to-server 0-4 replace "HELO" forged 0-4 "EHLO"`, 0, ByServer, nil},
		{"to-server on match \"^HELO .*\\n\": answer match \"500 no\\r\\n\"", "220 hi\r\n500 no\r\n250 ok\r\n221 bye\r\n", "QUIT\r\n<fin>", `1 to-server 0-8 answer "HELO a\r\n" forged 8-16 "500 no\r\n"`, 0, ByServer, nil},
		{"from-server at 0: forge \"x\"", "x" + client, server + "<fin>", `1 from-server 0-0 forge forged 0-1 "x"`, 0, ByServer, nil},
		{"to-client at 0: forge \"x\"", "x" + client, server + "<fin>", `1 to-client 0-0 forge forged 0-1 "x"`, 0, ByServer, nil},
		{"from-server at 4: duplicate 2 bytes", "220 hihi\r\n250 ok\r\n221 bye\r\n", server + "<fin>", `1 from-server 4-6 duplicate forged 6-8 "hi"`, 0, ByServer, nil},
		{"from-server after line 1: delay 90s", client, server + "<fin>", `1 from-server 8-8 delay 1m30s`, 90 * time.Second, ByServer, nil},
		{"to-client after line 3: delay 90s", client, server + "<fin>", `1 to-client 25-25 delay 1m30s`, 90 * time.Second, ByServer, nil},
		{"to-server at 3: limit 1", client, server + "<fin>", `1 to-server 3-3 limit 1`, 11 * time.Second, ByServer, nil},
		{"from-server at 3: limit 2 4 bytes", client, server + "<fin>", `1 from-server 3-3 limit 2`, 2 * time.Second, ByServer, nil},
		{"from-server after line 1: reset", "220 hi\r\n", "<reset>", `1 from-server 8-8 reset`, 0, ServerFailed, []string{"s:220 hi\r\n"}},
		{"to-client after line 1: reset", "220 hi\r\n<reset>", "<reset>", `1 to-client 8-8 reset`, 0, ByClient, []string{"s:220 hi\r\n", "s."}},
		{"from-server after line 1: half-close", "220 hi\r\n<fin>", "<fin>", `1 from-server 8-8 half-close`, 0, ByServer, []string{"s:220 hi\r\nlost", "c:late", "s."}},
		{"to-server at 4: half-close", client, "HELO<fin>", `1 to-server 4-4 half-close`, 0, ByServer, nil},
		{"from-client at 4: half-close", client, "HELO<fin>", `1 from-client 4-4 half-close`, 0, ByServer, nil},
		{"to-client at 8: half-close", "220 hi\r\n<fin>", server + "<fin>", `1 to-client 8-8 half-close`, 0, ByServer, nil},
		// The server waits behind a stall, which lasts until the client gives up.
		{"from-server after line 1: stall", "220 hi\r\n", "<fin>", `1 from-server 8-8 stall`, time.Minute, ByServer, []string{"s:220 hi\r\n", "1m", "c.", "s."}},
		{"to-client after line 1: stall", "220 hi\r\n", "<fin>", `1 to-client 8-8 stall`, time.Minute, ByServer, []string{"s:220 hi\r\n250 ok\r\n", "1m", "c.", "s."}},
		{"to-server at 0: stall", "", "<fin>", `1 to-server 0-0 stall`, time.Minute, ByServer, []string{"c:HELO", "1m", "c.", "s."}},
		{"from-server after line 1: stall", "220 hi\r\n", "<fin>", `1 from-server 8-8 stall`, fault.MaxStall, ByServer, []string{"c.", "s:220 hi\r\nlost", "s."}},
	} {
		for _, passes := range []bool{false, true} {
			for _, cut := range []int{1 << 10, 1, 3} {
				steps := c.steps
				if steps == nil {
					steps = plain
				}
				got := talkWithFaults(t, c.rules, passes, cut, steps...)
				what := fmt.Sprintf("%s (passes %v, cut %d)", c.rules, passes, cut)
				if strings.TrimSuffix(got.client, "<fin>") != strings.TrimSuffix(c.client, "<fin>") || got.server != c.server {
					t.Errorf("%s: the client heard %q, the server %q\nwant %q, %q", what, got.client, got.server, c.client, c.server)
				}
				if faults := strings.Join(got.tape.faults, "\n"); faults != c.faults {
					t.Errorf("%s: told of %s\nwant %s", what, faults, c.faults)
				}
				if got.took < c.took || got.took > c.took+DrainLimit+2*time.Second {
					t.Errorf("%s: took %v, want %v", what, got.took, c.took)
				}
				if got.end.Cause != c.cause {
					t.Errorf("%s: ended %v", what, got.end)
				}
			}
		}
	}
}

// What the machine has decoded decides about what goes out after it, however it was cut.
func TestFaultsByMessage(t *testing.T) {
	for rules, want := range map[string]string{
		`to-client after message 2 of from-server: forge "x"`:                   "a\nb\nxc\n",
		`to-client after every message of from-server: drop 1 byte`:             "a\n\n\n",
		`to-client after field word "^b" of from-server: half-close`:            "a\nb\n<fin>",
		`to-client after field 2 word "^[ab]" of from-server: replace line "X"`: "a\nb\nX",
	} {
		for _, cut := range []int{100, 1, 3} {
			got := talkWithFaults(t, rules, false, cut, "s:a\nb\nc\n", "s.")
			if strings.TrimSuffix(got.client, "<fin>") != strings.TrimSuffix(want, "<fin>") || len(got.tape.faults) == 0 {
				t.Errorf("%s, cut %d: the client heard %q, want %q; told of %q", rules, cut, got.client, want, got.tape.faults)
			}
		}
	}
}

// A byte alone is an event of its own, also where the machine is slow.
func TestFaultsCutEvents(t *testing.T) {
	got := talkWithFaults(t, "from-server at 2: cut 3 bytes", false, 100, "s:abcdefg", "s.")
	if got.tape.events[core.Server] != 5 || got.client != "abcdefg<fin>" && got.client != "abcdefg" {
		t.Errorf("the machine was fed %d events; the client heard %q", got.tape.events[core.Server], got.client)
	}
}

// Where a mode marks secrets, faults show no bytes.
func TestFaultsWithhold(t *testing.T) {
	got := talkThrough(t, `from-client on match "PASS .*": replace match "PASS x"`, false, 100, func(c *Config) { c.Withhold = true }, "c:PASS hunter2\n", "c.", "s.")
	if said := strings.Join(got.tape.faults, "|"); said != "1 from-client 0-12 replace withheld forged 0-6 withheld" {
		t.Errorf("told of %s", said)
	}
}

// A stop ends a session in the midst of its faults.
func TestFaultsStop(t *testing.T) {
	for _, rules := range []string{"from-server at 1: delay 9m", "to-client at 1: stall", "to-server at 1: limit 1", "from-client at 1: stall"} {
		synctest.Test(t, func(t *testing.T) {
			parsed, err := fault.Parse([]byte(rules))
			if err != nil {
				t.Fatal(err)
			}
			client, server := newStreamPeer(), newStreamPeer()
			d := core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) { return &copier{}, nil }}
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan End, 1)
			go func() {
				ended <- Run(ctx, Config{
					Client: &onceClient{streamClient: streamClient{client}}, Opening: core.Opening{Client: core.Stream}, Faults: parsed,
					Knows: func(core.EventKind) bool { return true }, Messages: true,
					Plugin: &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }},
					Dial:   func(context.Context) (Server, error) { return streamServer{server}, nil },
				})
			}()
			client.says <- make([]byte, 300)
			server.says <- make([]byte, 300)
			synctest.Wait()
			stopped := time.Now()
			cancel()
			if end := <-ended; end.Cause != Stopped || time.Since(stopped) > StopLimit+DrainLimit {
				t.Errorf("%s: ended %v after %v", rules, end, time.Since(stopped))
			}
		})
	}
}

func TestCheckFaults(t *testing.T) {
	for _, c := range []struct {
		rules    string
		opening  core.Opening
		messages bool
		want     string
	}{
		{"from-server at 1: stall", core.Opening{}, false, ""},
		{"from-client at 1: stall", core.Opening{}, false, "for a client that is a stream"},
		{"from-client at 1: stall", core.Opening{Client: core.Stream}, false, ""},
		{"from-server at 1: stall", core.Opening{Watch: true}, false, "only watches"},
		{"from-server at 1: stall", core.Opening{Server: core.ServerDatagrams}, false, "places of a stream"},
		{"to-server after message 1: stall", core.Opening{}, false, "decodes none"},
		{"to-server after message 1: stall", core.Opening{}, true, ""},
	} {
		rules, err := fault.Parse([]byte(c.rules))
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckFaults(rules, c.opening, c.messages); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.rules, err, c.want)
		}
	}
	if err := CheckFaults(nil, core.Opening{Watch: true}, false); err != nil {
		t.Error(err)
	}
}
