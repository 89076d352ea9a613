package dns

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inBubble runs a conversation in fake time.
func inBubble(t *testing.T, f func(t *testing.T, client net.Conn, ended <-chan error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer client.Close()
		ended := make(chan error, 1)
		go func() { ended <- new(Server).Converse(t.Context(), server) }()
		f(t, client, ended)
	})
}

func query(name string, kind uint16) []byte {
	packed, err := new(dns.Msg).SetQuestion(name, kind).Pack()
	if err != nil {
		panic(err)
	}
	return packed
}

// framed puts a length before each message.
func framed(messages ...[]byte) []byte {
	var b bytes.Buffer
	for _, m := range messages {
		b.Write([]byte{byte(len(m) >> 8), byte(len(m))})
		b.Write(m)
	}
	return b.Bytes()
}

func receive(t *testing.T, r io.Reader) *dns.Msg {
	t.Helper()
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		t.Fatalf("no answer: %v", err)
	}
	packed := make([]byte, int(length[0])<<8|int(length[1]))
	if _, err := io.ReadFull(r, packed); err != nil {
		t.Fatalf("answer cut off: %v", err)
	}
	m := new(dns.Msg)
	if err := m.Unpack(packed); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestQueriesMayComeInPiecesAndTogether(t *testing.T) {
	inBubble(t, func(t *testing.T, client net.Conn, ended <-chan error) {
		both := framed(query("ns1.example.test.", dns.TypeA), query("NS2.example.TEST.", dns.TypeA))
		go func() {
			for _, b := range both {
				client.Write([]byte{b})
			}
			client.Write(both)
		}()
		for _, want := range []string{"ns1.example.test.", "NS2.example.TEST.", "ns1.example.test.", "NS2.example.TEST."} {
			m := receive(t, client)
			if len(m.Answer) != 1 || m.Answer[0].Header().Name != want || !m.Authoritative {
				t.Errorf("answer for %s:\n%v", want, m)
			}
		}
		client.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestBadQueries(t *testing.T) {
	good := query("example.test.", dns.TypeA)
	with := func(change func(m []byte)) []byte {
		m := bytes.Clone(good)
		change(m)
		return m
	}
	for name, c := range map[string]struct {
		query []byte
		rcode int
	}{
		"too long":      {append(bytes.Clone(good), make([]byte, MaxQuery)...), dns.RcodeFormatError},
		"longest":       {append(bytes.Clone(good), make([]byte, 65535-len(good))...), dns.RcodeFormatError},
		"no question":   {with(func(m []byte) { m[5] = 0 })[:headerSize], dns.RcodeFormatError},
		"two questions": {append(with(func(m []byte) { m[5] = 2 }), good[headerSize:]...), dns.RcodeFormatError},
		"cut off":       {good[:len(good)-3], dns.RcodeFormatError},
		"update":        {with(func(m []byte) { m[2] = dns.OpcodeUpdate << 3 }), dns.RcodeNotImplemented},
		"chaos":         {with(func(m []byte) { m[len(m)-1] = dns.ClassCHAOS }), dns.RcodeRefused},
	} {
		inBubble(t, func(t *testing.T, client net.Conn, _ <-chan error) {
			go client.Write(framed(c.query, good))
			if m := receive(t, client); m.Rcode != c.rcode || m.Id != uint16(c.query[0])<<8|uint16(c.query[1]) {
				t.Errorf("%s: answer\n%v", name, m)
			}
			if m := receive(t, client); len(m.Answer) != 1 {
				t.Errorf("%s, then a good query: answer\n%v", name, m)
			}
		})
	}
}

func TestWhatEndsAConnection(t *testing.T) {
	good := query("example.test.", dns.TypeA)
	answer := bytes.Clone(good)
	answer[2] |= 0x80
	for name, c := range map[string]struct{ sent, want string }{
		"stops within a length":  {"\x00", "unexpected EOF"},
		"stops within a query":   {string(framed(good)[:9]), "unexpected EOF"},
		"stops before a query":   {"\x00\x20", "unexpected EOF"},
		"stops in a long query":  {"\xff\xff" + string(good), "unexpected EOF"},
		"shorter than a header":  {string(framed(good[:11])), "query of 11 bytes: a message has a header of 12"},
		"sends an answer itself": {string(framed(answer)), "the client sent an answer, not a query"},
	} {
		inBubble(t, func(t *testing.T, client net.Conn, ended <-chan error) {
			client.Write([]byte(c.sent))
			client.Close()
			if err := <-ended; err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		})
	}
}

func TestIdleConnectionEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, client net.Conn, ended <-chan error) {
		start := time.Now()
		client.Write([]byte{0})
		<-ended
		if d := time.Since(start); d != IdleTime {
			t.Errorf("ended after %v", d)
		}
	})
}

func TestQueriesOfAConnectionAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, client net.Conn, ended <-chan error) {
		one := framed(query("example.test.", dns.TypeA))
		for range MaxQueries {
			client.Write(one)
			receive(t, client)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestStopEndsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client, server := net.Pipe()
		defer client.Close()
		ended := make(chan error, 1)
		go func() { ended <- new(Server).Converse(ctx, server) }()
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestStudentsDiffer(t *testing.T) {
	name, text := Student("one")
	again, same := Student("one")
	other, _ := Student("two")
	if name != again || text != same || name == other {
		t.Errorf("%s %s, then %s %s; of another %s", name, text, again, same, other)
	}
	if none, _ := Student(""); none != "" || len(newZone("").records) != len(newZone("one").records)-1 {
		t.Errorf("without a seed: %q", none)
	}
}

func FuzzReply(f *testing.F) {
	f.Add(query("www.example.test.", dns.TypeANY))
	f.Add(query("example.test.", dns.TypeAXFR))
	f.Add(query("a.b.LAB.example.test.", dns.TypeA))
	edns, _ := hex.DecodeString("00010120000100000000000103777777076578616d706c6504746573740000010001000029ffff00000000000c000a0008e0e0e0e0e0e0e0e0")
	f.Add(edns)
	z := newZone("seed")
	f.Fuzz(func(t *testing.T, b []byte) {
		for datagram, limit := range map[bool]int{false: dns.MaxMsgSize, true: ednsSize} {
			reply, err := z.reply(b, datagram)
			if err != nil && len(b) >= headerSize && b[2]&0x80 == 0 {
				t.Fatalf("no answer: %v", err)
			}
			if len(reply) > limit {
				t.Fatalf("answer of %d bytes, at most %d fit", len(reply), limit)
			}
		}
	})
}
