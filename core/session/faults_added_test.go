package session

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/fault"
	"github.com/protocol-workbench/workbench/core/wire"
)

// rulesTape keeps what was said of rules, too.
type rulesTape struct {
	faultTape
	rules []string
}

func (l *rulesTape) Remarked(at time.Duration, r Remark) {
	l.faultTape.Remarked(at, r)
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Code == FaultRule {
		l.rules = append(l.rules, strings.TrimPrefix(r.Words, "fault rule "))
	}
}

// Rules that come while a session runs count from there. What is due at once is done before
// anybody says something more.
func TestAddFaults(t *testing.T) {
	for _, passes := range []bool{false, true} {
		for _, c := range []struct {
			steps          []string // as talkWithFaults's, and f: is rules
			client, server string
			faults         string
		}{
			{[]string{"s:220 hi\r\n", "f:from-server after line 1: drop line", "s:250 ok\r\n", "s:221 bye\r\n"},
				"220 hi\r\n250 ok\r\n", "", `2 from-server 16-25 drop "221 bye\r\n"`},
			{[]string{"s:220", "f:from-server on match \"^220\": drop match", "s: 220\n220\n"}, "220 220\n\n", "", `2 from-server 8-11 drop "220"`},
			{[]string{"f:from-server at 0: forge \"hi\"", "f:from-server at 0: forge \"ho\""}, "hiho", "", `2 from-server 0-0 forge forged 0-2 "hi"|3 from-server 0-0 forge forged 2-4 "ho"`},
			{[]string{"c:HELO\r\n", "f:to-server at 0: half-close\nto-client at 0: forge \"x\"", "c:QUIT\r\n"}, "x", "HELO\r\n<fin>",
				`2 to-server 6-6 half-close|3 to-client 0-0 forge forged 0-1 "x"`},
			{[]string{"c:HELO\r\n", "f:to-server on match \"Q\": answer match \"no\"", "c:Q\r\n", "s:ok"}, "nook", "HELO\r\n\r\n", `2 to-server 6-7 answer "Q" forged 0-2 "no"`},
			{[]string{"s:bye", "f:from-server at 0: reset"}, "bye", "<reset>", `2 from-server 3-3 reset`},
		} {
			synctest.Test(t, func(t *testing.T) {
				client, server := newStreamPeer(), newStreamPeer()
				client.says, server.says = make(chan []byte, 100), make(chan []byte, 100)
				tape := &rulesTape{}
				first, _ := fault.Parse([]byte(`from-client after line 100: stall`))
				config := addable(client, server, passes)
				config.Faults, config.Observers = first, []Observer{tape}
				p := newPeers(config)
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan End, 1)
				go func() { ended <- run(ctx, config, p) }()
				synctest.Wait()
				want := []string{"1: from-client after line 100: stall"}
				for _, step := range c.steps {
					switch text := step[2:]; step[0] {
					case 'c':
						client.says <- []byte(text)
					case 's':
						server.says <- []byte(text)
					default:
						rules, err := fault.Parse([]byte(text))
						if err == nil {
							err = p.addFaults(rules)
						}
						if err != nil {
							t.Fatal(err)
						}
						for line := range strings.Lines(text) {
							want = append(want, string(rune('1'+len(want)))+": "+strings.TrimSpace(line))
						}
					}
					synctest.Wait()
				}
				got := strings.TrimSuffix(heardBy(client), "<reset>") + "|" + heardBy(server)
				if got != c.client+"|"+c.server {
					t.Errorf("passes %v, %q: heard %q, want %q", passes, c.steps, got, c.client+"|"+c.server)
				}
				slices.Sort(tape.faults) // flows do not wait for each other
				if faults := strings.Join(tape.faults, "|"); faults != c.faults {
					t.Errorf("passes %v, %q: told of %s\nwant %s", passes, c.steps, faults, c.faults)
				}
				if strings.Join(tape.rules, "|") != strings.Join(want, "|") {
					t.Errorf("told of the rules %q, want %q", tape.rules, want)
				}
				cancel()
				<-ended
			})
		}
	}
}

// addable is the config of a session that may be given rules while it runs.
func addable(client, server *streamPeer, passes bool) Config {
	d := core.Discipline{Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
		if passes {
			out.PassThrough(core.Client)
			out.PassThrough(core.Server)
		}
		return &copier{}, nil
	}}
	return Config{
		Client: &onceClient{streamClient: streamClient{client}}, Opening: core.Opening{Client: core.Stream}, Messages: !passes, Knows: func(core.EventKind) bool { return true },
		Plugin:      &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }},
		Dial:        func(context.Context) (Server, error) { return streamServer{server}, nil },
		TakesFaults: true,
	}
}

// What a rule waits for counts from when it came, messages too.
func TestAddFaultsAfterMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := newStreamPeer(), newStreamPeer()
		client.says, server.says = make(chan []byte, 1), make(chan []byte, 1)
		tape := &rulesTape{}
		config := addable(client, server, false)
		config.Observers = []Observer{tape}
		p := newPeers(config)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan End, 1)
		go func() { ended <- run(ctx, config, p) }()
		for _, line := range []string{"one\r\n", "two\r\n", "three\r\n"} {
			client.says <- []byte(line)
			synctest.Wait()
			if line == "one\r\n" {
				rules, err := fault.Parse([]byte("to-server after message 1 of from-client: forge \"!\"\r\nto-client after field word \"two\": forge \"?\""))
				if err == nil {
					err = CheckFaults(rules, config.Opening, true)
				}
				if err == nil {
					err = p.addFaults(rules)
				}
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
			}
		}
		if got := heardBy(server); got != "one\r\ntwo\r\n!three\r\n" {
			t.Errorf("the server heard %q: %q", got, tape.faults)
		}
		cancel()
		<-ended
	})
}

// Rules that a session cannot have, or too many, are refused, and change nothing.
func TestAddFaultsRefused(t *testing.T) {
	config := addable(newStreamPeer(), newStreamPeer(), true)
	for rule, want := range map[string]string{
		"to-server after message 1: stall":                                  "decodes none",
		strings.Repeat("from-server after line 1: stall\n", fault.MaxRules): "the session has 2 fault rules, and at most 100 fit",
		"from-server after line 1: stall":                                   "",
	} {
		p := newPeers(config)
		two, _ := fault.Parse([]byte("from-client at 7: stall\nfrom-client at 8: stall"))
		rules, err := fault.Parse([]byte(rule))
		if err == nil {
			err = p.addFaults(two)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err = p.addFaults(rules); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s…: %v, want %q", rule, err, want)
		}
		if n := len(p.faults.rules.All); err != nil && n != 2 {
			t.Errorf("%.40s…: the session has %d rules", rule, n)
		}
	}
	config.TakesFaults = false
	rules, _ := fault.Parse([]byte("from-server at 0: stall"))
	if err := newPeers(config).addFaults(rules); err == nil {
		t.Error("a session that takes none was given a rule")
	}
}

// Rules may come while both streams run, and none of the bytes is lost.
func TestAddFaultsMeanwhile(t *testing.T) {
	for _, passes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			client, server := newStreamPeer(), newStreamPeer()
			client.says, server.says = make(chan []byte), make(chan []byte)
			config := addable(client, server, passes)
			p := newPeers(config)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan End, 1)
			go func() { ended <- run(ctx, config, p) }()
			const lines = 300
			say := func(to chan []byte) {
				for range lines {
					to <- []byte("line\n")
				}
			}
			go say(client.says)
			go say(server.says)
			for range 40 {
				rules, _ := fault.Parse([]byte("from-server after line 2: delay 1ms\nto-server after line 2: forge \".\""))
				if err := p.addFaults(rules); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Microsecond)
			}
			synctest.Wait()
			time.Sleep(time.Second)
			synctest.Wait()
			all := strings.Repeat("line\n", lines)
			if got := heardBy(client); got != all {
				t.Errorf("the client heard %d bytes", len(got))
			}
			if got := strings.ReplaceAll(heardBy(server), ".", ""); got != all {
				t.Errorf("the server heard %d bytes", len(got))
			}
			cancel()
			<-ended
		})
	}
}
