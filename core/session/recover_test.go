package session

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// mortal is a stream to a machine whose process dies after so many bytes of
// its answers.
type mortal struct {
	net.Conn
	left int // bytes; negative: for ever
	die  func()
}

func (m *mortal) Read(p []byte) (int, error) {
	if m.left == 0 {
		m.die()
		return 0, io.EOF
	}
	if m.left > 0 && len(p) > m.left {
		p = p[:m.left]
	}
	n, err := m.Conn.Read(p)
	if m.left > 0 {
		m.left -= n
	}
	return n, err
}

// processes hands out connections to machines in processes with given lives.
type processes struct {
	discipline core.Discipline
	lives      []int // bytes of answers until death; then for ever
	cause      error

	mu      sync.Mutex
	started int
	alone   int
	current *wire.Conn
}

func (p *processes) open(_ context.Context, alone bool) (*wire.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ours, theirs := net.Pipe()
	go wire.Serve(theirs, p.discipline, nil, quiet)
	m := &mortal{Conn: ours, left: -1}
	if p.started < len(p.lives) {
		m.left = p.lives[p.started]
	}
	p.started++
	if alone {
		p.alone++
	}
	conn := wire.NewConn(m, 0)
	m.die = func() { conn.Lose(p.cause) }
	p.current = conn
	return conn, nil
}

func (p *processes) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current.Lose(p.cause)
}

// chain is a machine whose every answer depends on its whole past: an event
// that is lost, doubled or out of order shows in all answers after it.
type chain struct {
	sum      uint64
	noStates bool // cannot write its state down
}

func (c *chain) Handle(e core.Event, out *core.Out) error {
	h := fnv.New64a()
	binary.Write(h, binary.BigEndian, c.sum)
	h.Write([]byte{byte(e.Kind)})
	if e.Kind == core.ServerBytes {
		for _, b := range e.Data { // however the stream was cut
			h = fnv.New64a()
			binary.Write(h, binary.BigEndian, c.sum)
			h.Write([]byte{b})
			c.sum = h.Sum64()
			out.Text(fmt.Appendf(nil, "%c%x;", b, c.sum&0xffff))
		}
		return nil
	}
	h.Write(e.Data)
	c.sum = h.Sum64()
	out.Server(e.Data, fmt.Appendf(nil, "/%x\n", c.sum&0xffff))
	return nil
}

func (c *chain) Checkpoint(dst []byte) ([]byte, error) {
	if c.noStates {
		return nil, core.ErrNoCheckpoint
	}
	return binary.BigEndian.AppendUint64(dst, c.sum), nil
}

func (c *chain) Restore(state []byte) error { c.sum = binary.BigEndian.Uint64(state); return nil }

func chains(noStates bool) core.Discipline {
	return core.Discipline{Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
		out.Text([]byte("opened;"))
		return &chain{noStates: noStates}, nil
	}}
}

// Whatever dies, and wherever, the peers see what they would have seen.
func TestRecoveryIsExact(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := &processes{
			discipline: chains(rapid.Bool().Draw(r, "no states")),
			lives:      rapid.SliceOfN(rapid.IntRange(1, 400), 0, 12).Draw(r, "lives"),
			cause:      fmt.Errorf("it was %w", wire.ErrKilled),
		}
		// The client speaks, then the server, in turn, so that the order of
		// events is the same in every run.
		turns := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,30}`), 1, 12).Draw(r, "turns")
		if rapid.IntRange(0, 9).Draw(r, "big") == 0 {
			turns[0] = strings.Repeat(turns[0], 3000) // past the checkpoint
		}
		var got, want string
		synctest.Test(t, func(t *testing.T) { got = converse(t, p, turns) })
		synctest.Test(t, func(t *testing.T) { want = converse(t, &processes{discipline: p.discipline}, turns) })
		if strings.Contains(got, "again and again") {
			got, _, _ = strings.Cut(got, "|") // it was ended, rightly: the same event each time
			want = want[:min(len(want), len(got))]
		}
		if got != want {
			r.Fatalf("with %d processes:\n%.300s\nwant:\n%.300s", p.started, got, want)
		}
	})
}

// converse holds a session, and returns all that both peers saw.
func converse(t *testing.T, p *processes, turns []string) string {
	b := begin(t, func(c *Config) { c.Plugin = &Fixed{p.open} })
	var seen bytes.Buffer
	all := make(chan struct{})
	go func() { io.Copy(&seen, b.server); close(all) }()
	for _, turn := range turns {
		b.client.says(turn)
		synctest.Wait()
		b.server.SetWriteDeadline(time.Now().Add(time.Second)) // there may be no session
		b.server.Write([]byte(turn))
		synctest.Wait()
	}
	b.server.Close()
	b.client.Cut()
	end := <-b.end
	<-all
	if end.Cause != ByServer && end.Cause != ByClient {
		return seen.String() + "|" + end.Words
	}
	return seen.String() + strings.ReplaceAll(b.client.told(), "|", "")
}

func TestIdleSessionRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &processes{discipline: chains(false), cause: errors.New("the process died")}
		b := begin(t, func(c *Config) { c.Plugin, c.Entries = &Fixed{p.open}, true })
		synctest.Wait()
		p.kill()
		synctest.Wait()
		if p.started != 2 || !strings.Contains(b.client.told(), "recovered the plugin in 0s: the process died") {
			t.Errorf("%d processes; the client was told %s", p.started, b.client.told())
		}
		b.server.Close()
		b.ends(t, ByServer, "")
	})
}

// poison ends its process at one message, whenever it is fed.
func poison(p *processes) core.Discipline {
	return core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) {
		return handler(func(e core.Event, out *core.Out) error {
			if string(e.Data) == "poison" {
				p.kill()
			}
			out.Server(e.Data)
			return nil
		}), nil
	}}
}

type handler func(core.Event, *core.Out) error

func (h handler) Handle(e core.Event, out *core.Out) error { return h(e, out) }

func TestPoison(t *testing.T) {
	for _, c := range []struct {
		cause error
		want  int // processes
	}{
		{errors.New("the x plugin died: exit status 2"), 3},
		{fmt.Errorf("the x plugin died: %w", wire.ErrKilled), 12}, // eight times among others, four times alone
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &processes{cause: c.cause}
			p.discipline = poison(p)
			var kept string
			b := begin(t, func(c *Config) {
				c.Plugin = &Fixed{p.open}
				c.Opening = core.Opening{Options: core.Options{"b": "2", "a": "1"}, Target: "x:1"}
				c.KeepPoison = func(t *transcript.Transcript, withheld bool) string {
					t.Mode = "x"
					kept = string(t.Append(nil))
					return "kept"
				}
			})
			go io.Copy(io.Discard, b.server)
			b.client.says("fine")
			synctest.Wait()
			b.client.says("poison", "never")
			<-b.ours.fin
			b.server.Close()
			b.ends(t, MachineLost, "event 2 ends its process again and again: the x plugin died")
			if want := "workbench transcript v1\nmode x\noption a \"1\"\noption b \"2\"\ntarget \"x:1\"\n\n" +
				">> client text \"fine\"\n<< server \"fine\"\n>> client text \"poison\"\n"; kept != want {
				t.Errorf("the reproduction is\n%s\nwant\n%s", kept, want)
			}
			if p.started != c.want {
				t.Errorf("it took %d processes, want %d", p.started, c.want)
			}
		})
	}
}

// However often its process dies, an event is not convicted in a quarantine process
// with other suspects, and not even suspected that waited for its turn while the
// process hung in another session.
func TestDeathsThatConvictNobody(t *testing.T) {
	for _, c := range []struct {
		cause error
		alone int // processes in quarantine
		all   int
	}{
		{wire.ErrShared, 8, 11}, // the last one back among the others
		{wire.ErrWaited, 0, 10},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &processes{cause: fmt.Errorf("it died: %w", c.cause)}
			deaths := 9
			p.discipline = core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) {
				return handler(func(e core.Event, out *core.Out) error {
					if deaths > 0 {
						deaths--
						p.kill()
					}
					out.Server(e.Data, []byte("\n"))
					return nil
				}), nil
			}}
			b := begin(t, func(c *Config) { c.Plugin = &Fixed{p.open} })
			b.client.says("innocent")
			b.read(t, "innocent\n")
			synctest.Wait()
			if p.started != c.all || p.alone != c.alone {
				t.Errorf("%v: %d processes, %d of them in quarantine; want %d and %d", c.cause, p.started, p.alone, c.all, c.alone)
			}
			b.server.Close()
			b.ends(t, ByServer, "")
		})
	}
}

// The time that a process takes for the past does not count as waiting for one.
func TestSlowPastIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &processes{cause: errors.New("it died")}
		p.discipline = core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) {
			return handler(func(e core.Event, out *core.Out) error {
				if p.started > 1 {
					time.Sleep(RecoverLimit)
				}
				if p.started == 2 {
					p.kill()
				}
				out.Server(e.Data, []byte("\n"))
				return nil
			}), nil
		}}
		tries := 0
		b := begin(t, func(c *Config) {
			c.Plugin = &Fixed{func(ctx context.Context, alone bool) (*wire.Conn, error) {
				if p.started == 2 && tries < 5 {
					tries++
					return nil, errors.New("there is no process yet")
				}
				return p.open(ctx, alone)
			}}
		})
		b.client.says("past")
		b.read(t, "past\n")
		synctest.Wait()
		p.kill()
		time.Sleep(3 * RecoverLimit)
		b.client.says("next")
		b.read(t, "next\n")
		if tries != 5 {
			t.Errorf("it was tried %d times", tries)
		}
		b.server.Close()
		b.ends(t, ByServer, "")
	})
}

// An event that was in flight at eight kills, and is innocent, is answered in
// quarantine, and the session goes back to the others.
func TestBackFromQuarantine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &processes{cause: fmt.Errorf("it was %w", wire.ErrKilled)}
		deaths := killsToSuspect
		p.discipline = core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) {
			return handler(func(e core.Event, out *core.Out) error {
				if string(e.Data) == "unlucky" && deaths > 0 {
					deaths--
					p.kill()
				}
				out.Server(e.Data, []byte("\n"))
				return nil
			}), nil
		}}
		b := begin(t, func(c *Config) { c.Plugin = &Fixed{p.open} })
		b.client.says("unlucky")
		b.read(t, "unlucky\n")
		synctest.Wait()
		if p.started != 10 || p.alone != 1 {
			t.Errorf("%d processes, %d of them alone; want 10 and 1", p.started, p.alone)
		}
		b.client.says("next")
		b.read(t, "next\n")
		b.server.Close()
		b.ends(t, ByServer, "")
	})
}

func TestNotDeterministic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &processes{cause: errors.New("it died")}
		p.discipline = core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) {
			return handler(func(e core.Event, out *core.Out) error {
				out.Server(e.Data, fmt.Append(nil, p.started)) // a clock of a kind
				return nil
			}), nil
		}}
		b := begin(t, func(c *Config) { c.Plugin = &Fixed{p.open} })
		b.client.says("a")
		b.read(t, "a1")
		synctest.Wait()
		p.kill()
		<-b.ours.fin
		b.server.Close()
		b.ends(t, MachineLost, "not deterministic, event 1")
	})
}

// Past its bound the log is dropped, and the session goes on until its process
// dies.
func TestDroppedLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &processes{discipline: chains(true), cause: errors.New("it died")}
		b := begin(t, func(c *Config) { c.Plugin, c.Entries = &Fixed{p.open}, true })
		go io.Copy(io.Discard, b.server)
		for range 6 {
			b.client.says(strings.Repeat("x", 1<<20))
		}
		synctest.Wait()
		if n := strings.Count(b.client.told(), "dropped the recovery log"); n != 1 {
			t.Fatalf("it was remarked on %d times", n)
		}
		p.kill()
		<-b.ours.fin
		b.server.Close()
		b.ends(t, MachineLost, "log had grown past 4 MiB")
	})
}

// A process that cannot be had for a while is waited for; one that cannot be
// had at all ends the session.
func TestWaitsForAProcess(t *testing.T) {
	for outage, cause := range map[time.Duration]Cause{5 * time.Second: ByServer, time.Hour: MachineLost} {
		synctest.Test(t, func(t *testing.T) {
			p := &processes{discipline: chains(false), cause: errors.New("it died")}
			var until time.Time
			b := begin(t, func(c *Config) {
				c.Plugin = &Fixed{func(ctx context.Context, alone bool) (*wire.Conn, error) {
					if time.Now().Before(until) {
						return nil, errors.New("the x plugin cannot start")
					}
					return p.open(ctx, alone)
				}}
			})
			synctest.Wait()
			until = time.Now().Add(outage)
			p.kill()
			time.Sleep(min(outage, RecoverLimit) + time.Second)
			b.server.Close()
			b.ends(t, cause, "")
		})
	}
}

func TestLedgerKeepsBoundaries(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := ledger{bound: LedgerBound}
		sizes := rapid.SliceOfN(rapid.IntRange(0, 100<<10), 0, 150).Draw(r, "sizes")
		for i, size := range sizes {
			l.done(wire.Event{N: uint64(i) * 2, Event: core.Event{Kind: core.ServerBytes, Data: make([]byte, size)}}, uint64(i))
		}
		if l.dropped {
			return
		}
		var got []int
		l.batches(func(batch []wire.Event, digests []uint64) bool {
			total := 0
			for i, e := range batch {
				if e.N != uint64(len(got))*2 || digests[i] != uint64(len(got)) {
					r.Fatalf("event %d has number %d and digest %d", len(got), e.N, digests[i])
				}
				got = append(got, len(e.Data))
				total += len(e.Data)
			}
			if len(batch) > wire.MaxBatch || len(batch) > 1 && total > wire.MaxBatchBytes {
				r.Fatalf("a batch of %d events and %d bytes", len(batch), total)
			}
			return true
		})
		if fmt.Sprint(got) != fmt.Sprint(sizes) && len(sizes) > 0 {
			r.Fatalf("got %v, want %v", got, sizes)
		}
	})
}
