package play

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// pipeEnd is an end of a connection in memory, whose FIN is its end.
type pipeEnd struct{ net.Conn }

func (c pipeEnd) CloseWrite() error { return c.Close() }

// A peer that says ten pieces of a hundred bytes, each 10 ms after the one before, says
// 10 kB/s, whatever the entries of the recording were.
func TestRate(t *testing.T) {
	const asked = "<< server \"GO\"\n%s>> server \"" // … and what comes
	half := strings.Repeat("x", 500)
	for _, c := range []struct{ name, rules, want string }{
		{"fast enough", "~~ rate >= 9.5kB/s\n", "f:5 rate >= 9.5kB/s true 1000 100ms"},
		{"just so", "~~ rate >= 10kB/s\n~~ rate <= 10kB/s\n", "f:5 rate >= 10kB/s true 1000 100ms, f:6 rate <= 10kB/s true 1000 100ms"},
		{"too slow", "~~ rate >= 0.01MB/s\n~~ rate >= 10.5kB/s\n", `f:5 rate >= 0.01MB/s true 1000 100ms, f:6 rate >= 10.5kB/s false 1000 100ms, f:7: byte 0 of the server's stream: expected rate >= 10.5kB/s, got 10kB/s: 1000 bytes in 100ms`},
		{"too fast", "~~ rate <= 9KiB/s\n", "f:5 rate <= 9KiB/s false 1000 100ms, f:6: byte 0 of the server's stream: expected rate <= 9KiB/s, got 10kB/s: 1000 bytes in 100ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := script(t, fmt.Sprintf(asked, c.rules)+half+"\"\n>> server \""+half+"\"\n<< server \"bye\"\n")
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				go func() {
					defer theirs.Close()
					io.ReadFull(theirs, make([]byte, 2))
					for range 10 {
						time.Sleep(10 * time.Millisecond)
						io.WriteString(theirs, half[:100])
					}
					io.Copy(io.Discard, theirs)
				}()
				var all []string
				talk := Talk{Fast: true, Timeout: time.Minute, Rate: func(r Rate) {
					all = append(all, fmt.Sprintf("%s:%d %s %v %d %v", r.File, r.Line, r.Rule, r.OK, r.Bytes, r.Within))
				}}
				err := talk.Over(t.Context(), pipeEnd{ours}, s.Play(core.Client))
				var m *Mismatch
				if errors.As(err, &m) {
					all = append(all, m.Error())
				} else if err != nil {
					t.Error(err)
				}
				if got := strings.Join(all, ", "); got != c.want {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
			})
		})
	}
}

// What differs is not measured, and neither is what was recorded without a rule.
func TestNoRate(t *testing.T) {
	s := script(t, ">> server \"ab\"\n<< server \"x\"\n~~ rate >= 1B/s\n>> server \"cd\"\n<< server \"y\"\n>> server \"e\"\n")
	for said, want := range map[string]int{"ab": 0, "abc": 0, "abcd": 1, "abcde": 1, "axcd": 0} {
		p := s.Play(core.Client)
		for rest := []byte(said); len(rest) > 0; {
			rest, _ = p.Take(rest)
		}
		if got := len(p.rating.whole); got != want {
			t.Errorf("%q: measured %d times, want %d", said, got, want)
		}
	}
}

func TestRateErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{">> server \"a\"\n~~ rate >= 1B/s\n>> server \"b\"\n", "f:5: expected rate above the first entry of what the server says there, that of line 4"},
		{"~~ any-order\n~~ rate >= 1B/s\n>> server \"a\"\n~~ any-order\n>> server \"b\"\n", "f:5: expected rate above an entry that keeps its place"},
	} {
		_, err := parse(c.in)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q:\n got %v\nwant %s", c.in, err, c.want)
		}
	}
	s := script(t, "~~ rate >= 1B/s\n>> server \"a\"\n")
	if _, err := NewPool([]*Script{s}, true); err == nil || !strings.HasPrefix(err.Error(), "f:4: expected no rate here") {
		t.Error(err)
	}
}
