package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/target"
)

// reached is a server by TCP, as far as further connections are concerned.
type reached struct{ server }

func (reached) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000} }

// A line mode's order of a further connection has one record, whether it was allowed or
// not. Where the rule that it goes to the server is what refuses it, everybody is told.
func TestEachLinkHasARecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		config := testGateway().Config
		config.Audit = slog.New(slog.NewJSONHandler(&log, nil))
		g := New(config)
		first, err := target.Parse("192.0.2.1:7")
		if err != nil {
			t.Fatal(err)
		}
		const another = "further connections go to the server's own address alone, 192.0.2.1: 192.0.2.2:8 is another"
		for _, c := range []struct {
			role      access.Role
			elsewhere bool
			order, to string
			outcome   string
			told      string
		}{
			{access.Admin, false, "connect", "192.0.2.1:8", "connected", ""},
			{access.Student, false, "connect", "192.0.2.2:8", "denied", another},
			{access.Admin, false, "connect", "192.0.2.2:8", "denied", another},
			{access.Student, true, "connect", "192.0.2.2:8", "connected", ""},
			{access.Student, true, "connect", "unix:///run/x", "denied", `a further connection is one by TCP: unix:///run/x is none`},
			{access.Admin, true, "connect", "refused:1", "", "connection refused by refused:1: nothing listens there"},
			{access.Student, false, "accept", "", "denied", deniedWords},
			{access.Admin, false, "accept", "192.0.2.9:0", "denied", "further connections are waited for at the address that the server knows alone, 127.0.0.1: 192.0.2.9 is another"},
		} {
			log.Reset()
			wanted := request{target: first, elsewhere: c.elsewhere, asker: asker{Principal: access.Principal{Name: "anna", Role: c.role}}}
			l := &links{gateway: g, wanted: wanted, first: reached{}, audit: g.newAuditing("s1", wanted)}
			conn, err := l.Connect(t.Context(), nil, c.to)
			if c.order == "accept" {
				log.Reset()
				conn, err = l.Accept(t.Context(), nil, c.to, func(string) {})
			}
			told := ""
			if err != nil {
				told = err.Error()
			} else {
				conn.Close()
			}
			if told != c.told {
				t.Errorf("%s %q as %s: told %q, want %q", c.order, c.to, c.role, told, c.told)
			}
			var record struct{ Msg, Session, Order, To, Outcome, Address, Allowed, Words string }
			if err := json.Unmarshal(log.Bytes(), &record); err != nil { // also where there are two
				t.Errorf("%s %q: %v in %s", c.order, c.to, err, &log)
			}
			if record.Msg != "link" || record.Session != "s1" || record.Order != c.order || record.To != c.to || record.Outcome != c.outcome ||
				(c.outcome == "connected") != (record.Address != "" && record.Allowed != "") || (c.outcome == "connected") == (record.Words != "") {
				t.Errorf("%s %q: %s", c.order, c.to, &log)
			}
		}
	})
}

// neighbour is a server within this process, which waits at one port.
type neighbour struct {
	reached
	port    uint16
	awaited []string
}

func (*neighbour) Resolved() string               { return "127.0.0.1:9" }
func (n *neighbour) WaitsAt(t target.Target) bool { return t.Host == "127.0.0.1" && t.Port == n.port }
func (n *neighbour) Awaited(address string)       { n.awaited = append(n.awaited, address) }
func (n *neighbour) Connect(context.Context, target.Target) (Server, error) {
	return neighbourly{}, nil
}

type neighbourly struct{ server }

func (neighbourly) AllowedBy() string { return "it is a neighbour" }
func (neighbourly) Close() error      { return nil }

// A practice server is asked itself for a further connection where it waits. To other ports
// the policy decides, and where the session waits the server is told for as long as it does.
func TestFurtherConnectionsToANeighbour(t *testing.T) {
	config := testGateway().Config
	config.Dial = func(context.Context, target.Target, target.Security) (Server, error) {
		return nil, &target.Error{Words: "the policy says no", Code: target.CodeDenied, Cause: target.ErrDenied}
	}
	first, err := target.Parse("127.0.0.1:4021")
	if err != nil {
		t.Fatal(err)
	}
	n := &neighbour{port: 50000}
	l := &links{gateway: New(config), first: n, wanted: request{target: first, asker: asker{Principal: access.Principal{Name: "anna", Role: access.Admin}}}}
	conn, err := l.Connect(t.Context(), nil, "127.0.0.1:50000")
	if err != nil || conn.(Server).AllowedBy() != "it is a neighbour" {
		t.Errorf("%v, %v", conn, err)
	}
	for at, want := range map[string]string{"127.0.0.1:50001": "the policy says no", "192.0.2.1:50000": "further connections go to the server's own address alone, 127.0.0.1: 192.0.2.1:50000 is another"} {
		if _, err := l.Connect(t.Context(), nil, at); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", at, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var waits string
	if _, err := l.Accept(ctx, nil, "", func(at string) { waits = at; cancel() }); err == nil {
		t.Error("somebody connected")
	}
	if waits == "" || !slices.Equal(n.awaited, []string{waits, ""}) {
		t.Errorf("the server was told %q, and the session %q", n.awaited, waits)
	}
}

func TestElsewhereInTheQuery(t *testing.T) {
	g := testGateway()
	for query, want := range map[string]string{
		"": "off", "elsewhere=on": "on", "elsewhere=off": "off",
		"elsewhere=yes":              `elsewhere is "yes"; it must be on or off`,
		"elsewhere=on&elsewhere=off": `query parameter "elsewhere" given more than once`,
		"elsewhere=on&starttls=on":   "on",
		"mode=upper&elsewhere=":      `elsewhere is ""; it must be on or off`,
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		wanted, err := g.parse(t.Context(), "h:1", values)
		got := "off"
		switch {
		case err != nil:
			got = err.Error()
		case wanted.elsewhere:
			got = "on"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
}
