//go:build linux

package e2e

import (
	"net"
	"strings"
	"testing"
)

// A denied target sees no connection, whatever it is called, and the user learns
// what denied it. The workbench's own page cannot be dialled under any policy.
func TestDeniedTargets(t *testing.T) {
	t.Parallel()
	canary := serve(t, func(net.Conn) { t.Error("a denied target was dialled") })
	_, port, _ := net.SplitHostPort(canary.address)
	w := start(t, "--policy", "public")
	for _, host := range []string{"", "127.0.0.1", "localhost", "0.0.0.0", "127.9.9.9", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"} {
		for _, scheme := range []string{"", "tls://"} {
			c := w.open(t, "")
			c.say(scheme + host + ":" + port)
			c.refused("may not be dialled: denied by the preset public")
		}
	}
	c := w.open(t, "")
	c.say(w.echo)
	c.refused("denied by the preset public")

	own := shared.address[strings.LastIndexByte(shared.address, ':'):]
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "0.0.0.0", ""} {
		c := shared.open(t, "")
		c.say(host + own)
		c.refused("may not be dialled: denied by the workbench: it is its own address")
	}
}

// The first rule that matches decides, and the practice server is allowed by its
// preset.
func TestPolicyOfServe(t *testing.T) {
	t.Parallel()
	s := serve(t, func(conn net.Conn) { conn.Write([]byte("hello\r\n")) })
	w := start(t, "--policy", "practice", "--policy", "allow "+s.address)
	w.join(t, "", s.address).hears("hello")
	w.join(t, "", w.echo)
	canary := serve(t, func(net.Conn) { t.Error("a denied target was dialled") })
	c := w.open(t, "")
	c.say(canary.address)
	c.refused("denied by the preset practice")
}
