package target

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

// thisMachine is this machine and clouds' metadata servers, as a user may write
// them.
var thisMachine = []string{
	"", "0", "0.0.0.0", "00.0.0.0", "0x0", "127.1", "127.0.1", "127.0.0.1", "127.9.9.9", "127.255.255.254",
	"2130706433", "0x7f000001", "0x7f.1", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.01", "0177.1",
	"localhost", "LOCALHOST", "１２７.0.0.1", "①②⑦.0.0.1", "127。0。0。1", "⑫7.1",
	"[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::1%lo]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:0.0.0.0]",
	"[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::]", "[64:ff9b:1::127.0.0.1]", "[2002:7f00:1::]",
	"[2002:7f00:1::1]", "[2001:0:1:2:3:4:80ff:fffe]", "[fe80::5efe:127.0.0.1]", "[2a00:1::5efe:127.0.0.1]", "[2a00:1::200:5efe:127.0.0.1]", "[fe80::1%lo]",
	"169.254.169.254", "169.254.43518", "2852039166", "0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376", "025177524776",
	"[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[::169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]",
	"[fd00:ec2::254]", "100.100.100.200", "192.0.0.192", "168.63.129.16", "169.254.170.2",
}

// namesOfThisMachine are names that a name server of an attacker's answers.
var namesOfThisMachine = map[string][]string{
	"a.example":        {"127.0.0.1"},
	"aaaa.example":     {"::1"},
	"both.example":     {"127.0.0.1", "::1"},
	"several.example":  {"10.0.0.1", "169.254.169.254", "127.0.0.1"},
	"mapped.example":   {"::ffff:127.0.0.1"},
	"nat64.example":    {"64:ff9b::7f00:1"},
	"metadata.example": {"169.254.169.254", "fd00:ec2::254"},
}

// Under the policy "public" nothing of this machine is reached: whatever it is
// called, by Go's resolver or by the system's, with TLS or without.
func TestPublicDoesNotReachThisMachine(t *testing.T) {
	port := canary(t)
	attacker, system := nameServer(answerFrom(namesOfThisMachine)), &net.Resolver{}
	for host := range namesOfThisMachine {
		reachNot(t, attacker, host, port)
	}
	for _, host := range thisMachine {
		reachNot(t, attacker, host, port)
		reachNot(t, system, host, port)
	}
}

func reachNot(t *testing.T, resolver *net.Resolver, host string, port uint16) {
	t.Helper()
	d := &Dialer{Policy: policy(t, "public"), Resolver: resolver}
	for _, scheme := range []string{"", "tls://"} {
		to, err := Parse(fmt.Sprintf("%s%s:%d", scheme, host, port))
		if err != nil {
			continue // refused before
		}
		conn, err := d.Dial(t.Context(), to, Security{})
		var e *Error
		switch {
		case err == nil:
			t.Errorf("%s was dialled at %s", to, conn.Resolved())
			conn.Close()
		case !errors.As(err, &e) || e.Code != CodeDenied && e.Code != CodeNoSuchHost && e.Code != CodeLookUp:
			t.Errorf("%s: %v", to, err)
		}
	}
}

// A name that leads elsewhere at each look-up is asked about at each dial.
func TestReboundNames(t *testing.T) {
	port := canary(t)
	var asked atomic.Int64
	rebinding := nameServer(func(query []byte) []byte {
		leads := map[string][]string{"rebound.example": {"127.0.0.1"}}
		if asked.Add(1) <= 2 { // of both kinds of address
			leads["rebound.example"] = []string{"203.0.113.1"}
		}
		return answerFrom(leads)(query)
	})
	for range 4 {
		reachNot(t, rebinding, "rebound.example", port)
	}
}

// canary listens on both loopback addresses at one port, and fails the test if
// something connects.
func canary(t *testing.T) uint16 {
	t.Helper()
	four, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := netip.MustParseAddrPort(four.Addr().String()).Port()
	all := []net.Listener{four}
	if six, err := net.Listen("tcp6", fmt.Sprintf("[::1]:%d", port)); err == nil {
		all = append(all, six)
	}
	for _, l := range all {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				t.Errorf("a connection from %s reached this machine", conn.RemoteAddr())
				conn.Close()
			}
		}()
		t.Cleanup(func() { l.Close(); <-done })
	}
	return port
}

// answerFrom replies with the addresses of a name, of the type that was asked.
func answerFrom(names map[string][]string) func(query []byte) []byte {
	return func(query []byte) []byte {
		var labels []string
		end := 12
		for query[end] != 0 {
			labels = append(labels, string(query[end+1:end+1+int(query[end])]))
			end += 1 + int(query[end])
		}
		addresses, known := names[strings.ToLower(strings.Join(labels, "."))]
		if !known {
			return answerNoSuchName(query)
		}
		asked, n, records := binary.BigEndian.Uint16(query[end+1:]), byte(0), []byte(nil)
		for _, s := range addresses {
			a := netip.MustParseAddr(s)
			kind := uint16(1) // A
			if a.Is6() {
				kind = 28 // AAAA
			}
			if kind != asked {
				continue
			}
			n++
			records = append(records, 0xc0, 12, 0, byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(a.AsSlice())))
			records = append(records, a.AsSlice()...)
		}
		return append(header(query, 0, n), records...)
	}
}
