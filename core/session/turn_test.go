package session

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// counted is a stream that fails at one write.
type counted struct {
	net.Conn
	writes int
	fatal  int    // the number of the write, from 1; 0: none
	die    func() // called then; nil: the process lives on
}

func (c *counted) Write(b []byte) (int, error) {
	if c.writes++; c.writes == c.fatal {
		if c.die != nil {
			c.die()
		}
		return 0, io.ErrClosedPipe
	}
	return c.Conn.Write(b)
}

// The reader of an event sends it itself while nothing waits, and the supervisor
// does while the turn is not lent; either way it is answered once and in order, also
// if the process dies of it.
func TestReaderSends(t *testing.T) {
	for name, fatal := range map[string]int{"lives": 0, "dies at the reader's write": 2, "dies at the next": 3, "takes no more": -2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var p *peers
				var opened atomic.Int32
				b := beginBy(t, func(ctx context.Context, c Config) End {
					p = newPeers(c)
					return run(ctx, c, p)
				}, func(c *Config) {
					c.Plugin = &Fixed{func(context.Context, bool) (*wire.Conn, error) {
						ours, theirs := net.Pipe()
						go wire.Serve(theirs, chains(false), nil, quiet)
						stream := &counted{Conn: ours}
						if opened.Add(1) == 1 {
							stream.fatal = max(fatal, -fatal) // the first write opens the machine
						}
						conn := wire.NewConn(stream, 0)
						if fatal > 0 {
							stream.die = func() { conn.Lose(errors.New("it died")) }
						}
						return conn, nil
					}}
				})
				lent := func() bool {
					p.mu.Lock()
					defer p.mu.Unlock()
					return p.turn.lent
				}
				if !lent() {
					t.Error("a session with nothing to do keeps the turn")
				}
				b.client.says("one")
				b.read(t, "one/9410\n")
				b.client.says("two", "three")
				b.read(t, "two/c2e\nthree/a506\n")
				if synctest.Wait(); !lent() {
					t.Error("the turn is not lent again")
				}
				if processes := opened.Load(); (processes > 1) != (fatal != 0) {
					t.Errorf("%d processes were used", processes)
				}
				b.cancel()
				<-b.end
			})
		})
	}
}

// An event of a kind that the machine does not know is not sent by the reader of the
// event behind it.
func TestReaderSendsNothingUnknown(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			log := new(bench)
			b := begin(t, hears(log))
			b.client.does <- core.Event{Kind: core.ClientRaw, Data: []byte("raw ")}
			b.client.says("text")
			b.read(t, "raw text\n")
			if got := log.log.String(); got != "1:text " {
				t.Errorf("the machine got %q", got)
			}
		})
	}
}
