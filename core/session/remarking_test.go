package session

import (
	"context"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// An ordered end gives up a dial that would wait for ever.
func TestStopWhileDialling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Registry
		b := beginBy(t, func(ctx context.Context, c Config) End { return r.Run(ctx, "s1", c) }, func(c *Config) {
			c.Dial = func(ctx context.Context) (Server, error) { <-ctx.Done(); return nil, ctx.Err() }
		})
		r.Find("s1").Stop(End{Revoked, "the user was removed"})
		b.ends(t, Refused, "the user was removed")
	})
}

// talkative says something beside its stream.
type talkative struct {
	net.Conn
	remark func(words, said string)
}

func (s *talkative) Remarks(remark func(words, said string)) { s.remark = remark }

// What a server says beside its stream is quoted, and withheld after the first secret.
func TestRemarking(t *testing.T) {
	var got []string
	server := &talkative{}
	r := &Remarking{}
	r.Of(server)
	r.Began(Beginning{Remark: func(r Remark) { got = append(got, r.Words) }})
	server.remark("stderr: ", "one\x1b")
	server.remark("ended", "")
	r.Done(time.Second, wire.Event{}, []core.Action{{Kind: core.SendServer, Data: []byte("x")}})
	server.remark("stderr: ", "two")
	r.Done(time.Second, wire.Event{}, []core.Action{{Kind: core.SecretBytes, Data: []byte("two")}})
	server.remark("stderr: ", "two")
	server.remark("ended", "")
	want := []string{`stderr: "one\x1b"`, "ended", `stderr: "two"`, "stderr: 3 bytes, withheld since a secret was marked", "ended"}
	if !slices.Equal(got, want) {
		t.Errorf("remarked %q; want %q", got, want)
	}
	// A server that says nothing beside its stream, and one that was not reached.
	for _, server := range []any{nil, "x"} {
		r := &Remarking{}
		r.Of(server)
		r.Began(Beginning{})
	}
}

// clearOnly is a server that knows that it cannot become TLS.
type clearOnly struct{ *upgradable }

func (clearOnly) NoUpgrade() string { return "it would have to be the other way round" }

// The order to upgrade a connection that cannot become TLS fails with the reason, and
// nothing is sent to the server.
func TestNeverUpgradable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up *upgradable
		b := begin(t, func(c *Config) {
			dial := c.Dial
			c.Dial = func(ctx context.Context) (Server, error) {
				s, err := dial(ctx)
				up = &upgradable{pipeServer: s.(*pipeServer)}
				return clearOnly{up}, err
			}
		})
		b.client.does <- core.Event{Kind: core.ClientStartTLS}
		b.ends(t, ServerFailed, "it would have to be the other way round")
		if up.upgrades != 0 {
			t.Error("it was upgraded")
		}
	})
}
