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
	"github.com/protocol-workbench/workbench/core/wire"
)

// tape keeps what an observer is told.
type tape struct {
	mu  sync.Mutex
	got []string
}

func (t *tape) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.got = append(t.got, line)
}

func (t *tape) Began(Beginning) { t.add("began") }
func (t *tape) Done(_ time.Duration, e wire.Event, actions []core.Action) {
	line := fmt.Sprintf("%d:%d:%s", e.N, e.Kind, e.Data)
	for _, a := range actions {
		line += fmt.Sprintf(" <%d:%s", a.Kind, a.Data)
	}
	t.add(line)
}
func (t *tape) Remarked(_ time.Duration, r Remark) { t.add("-- " + r.Words) }
func (t *tape) Ended(_ time.Duration, end End)     { t.add("end " + end.Words) }

func TestRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape := &tape{}
		b := begin(t, func(c *Config) { c.Observers = []Observer{tape} })
		b.client.says("hi")
		b.read(t, "hi\n")
		b.client.says("pass")
		synctest.Wait()
		b.server.Write([]byte("passed"))
		synctest.Wait()
		b.client.says("fail")
		b.ends(t, MachineFailed, "")
		want := []string{"began", "-- dialled 192.0.2.1:7", "0:0:", "1:1:hi <1:hi\n", "2:1:pass <9:", "3:5:passed",
			"4:1:fail <10:I give up", "end I give up"}
		if got := strings.Join(tape.got, "|"); got != strings.Join(want, "|") {
			t.Errorf("got  %s\nwant %s", got, strings.Join(want, "|"))
		}
	})
}

// That the plugin is busy is remarked while the session runs, not too often.
func TestWaitingIsRemarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &processes{discipline: chains(false)}
		busy := func() { p.current.Waits(wire.Load{Waiting: 37, Longest: 4190 * time.Millisecond}) }
		tape := &tape{}
		b := begin(t, func(c *Config) {
			c.Plugin = &Fixed{p.open}
			c.Observers = []Observer{tape}
			dial := c.Dial
			c.Dial = func(ctx context.Context) (Server, error) {
				busy() // the client does not know yet that there is a session
				return dial(ctx)
			}
		})
		synctest.Wait()
		for range 3 {
			busy()
			busy()
			time.Sleep(WaitsEvery / 2)
		}
		b.server.Close()
		b.ends(t, ByServer, "")
		busy()
		const words = "-- the plugin is busy: 37 sessions wait for their turn, the first of them for 4.2s"
		if got := strings.Count(strings.Join(tape.got, "|"), words); got != 2 {
			t.Errorf("it was remarked %d times, want 2: %q", got, tape.got)
		}
	})
}

// What came and was not answered is kept, in words that a replay skips.
func TestUnansweredIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape, asked := &tape{}, make(chan bool)
		d := core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) {
			return handler(func(core.Event, *core.Out) error { <-asked; return nil }), nil
		}}
		p := &processes{discipline: d}
		b := begin(t, func(c *Config) {
			c.Plugin, c.Observers = &Fixed{p.open}, []Observer{tape}
		})
		b.client.says("one")
		synctest.Wait()
		b.client.says("two\nlines")
		synctest.Wait()
		b.cancel()
		synctest.Wait()
		b.server.Close()
		b.ends(t, Stopped, "")
		close(asked)
		got := strings.Join(tape.got[3:], "|")
		want := `-- not answered: client text, 3 bytes|-- not answered: client text, 9 bytes|end the workbench is stopping`
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// A client that is shown no entries and no observer cost nothing.
func TestNothingIsRecorded(t *testing.T) {
	s := unit(false)
	s.remark(Remark{Words: "words"})
	s.observe(0, wire.Event{N: 1}, nil)
	if got := s.queued(); len(got) > 0 {
		t.Errorf("queued %q", got)
	}
}
