package mqtt

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// What is retained is bounded in number and bytes, and there is room again where some is
// taken away.
func TestRetainedIsBounded(t *testing.T) {
	b := New()
	k := join(t, &Server{Broker: b}, "5")
	k.says("CONNECT ada", "CONNACK 0x00 success")
	n := 0
	retained := func() int {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.retained)
	}
	for retained() < MaxRetained {
		n++
		k.says(fmt.Sprintf("PUB r/%d x 1 yes", n), fmt.Sprintf("PUBACK %d 0x10…", n))
	}
	k.says("PUB r/more x 1 yes", fmt.Sprintf("PUBACK %d 0x97 quota exceeded: this server retains…", n+1))
	k.says("PUB r/1 y 1 yes", fmt.Sprintf("PUBACK %d 0x10…", n+2))
	k.says(`PUB r/1 "" 1 yes`, fmt.Sprintf("PUBACK %d 0x10…", n+3))
	large := strings.Repeat("x", MaxPacket-100)
	k.says("PUB r/more "+large+" 1 yes", fmt.Sprintf("PUBACK %d 0x10…", n+4))
	for i := range MaxRetainedBytes/len(large) + 1 {
		k.says(fmt.Sprintf("PUB r/%d %s 1 yes", i+2, large), "PUBACK …")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := 0
	for _, m := range b.retained {
		kept += m.size()
	}
	if kept > MaxRetainedBytes || kept != b.kept || kept < MaxRetainedBytes-len(large) {
		t.Errorf("%d bytes are retained, and %d counted", kept, b.kept)
	}
}

func TestSubscriptionsAreBounded(t *testing.T) {
	for version, refused := range map[string]string{"3.1.1": "0x80 failure", "5": "0x97 quota exceeded: a client has…"} {
		k := join(t, &Server{Broker: New()}, version)
		k.says("CONNECT ada", "CONNACK 0x00…")
		for i := range MaxSubscriptions {
			k.says(fmt.Sprintf("SUB a/%d", i), fmt.Sprintf("SUBACK %d: 0x00 granted QoS 0", i+1))
		}
		k.says("SUB a/more", fmt.Sprintf("SUBACK %d: %s", MaxSubscriptions+1, refused))
		k.says("SUB a/0 1", fmt.Sprintf("SUBACK %d: 0x01 granted QoS 1", MaxSubscriptions+2))
	}
}

// What waits for clients is bounded, and the newest is lost.
func TestQueuesAreBounded(t *testing.T) {
	b := New()
	now := time.Now()
	s := b.newSession("gone")
	s.expiry(never)
	s.subscriptions["#"] = subscription{qos: 1}
	for i := range MaxQueued + 10 {
		b.publish(&message{topic: "a", payload: fmt.Append(nil, i), qos: 1}, nil, now)
	}
	if last := string(s.waiting[len(s.waiting)-1].payload); len(s.waiting) != MaxQueued || last != fmt.Sprint(MaxQueued-1) {
		t.Errorf("%d wait, the last is %s", len(s.waiting), last)
	}
	other := b.newSession("other")
	other.expiry(never)
	other.subscriptions["b"] = subscription{qos: 1}
	for range MaxQueued {
		b.publish(&message{topic: "b", payload: make([]byte, MaxPacket), qos: 1}, nil, now)
	}
	if b.queued > MaxQueuedBytes || b.queued < MaxQueuedBytes-MaxPacket-1 {
		t.Errorf("%d bytes wait", b.queued)
	}
	b.forget(s)
	b.forget(other)
	if b.queued != 0 {
		t.Errorf("%d bytes are counted, and nothing waits", b.queued)
	}
}

// A client that acknowledges nothing is sent some messages, or as few as it wants, and may
// leave some unreleased.
func TestInflightIsBounded(t *testing.T) {
	b := New()
	k := join(t, &Server{Broker: b}, "5")
	k.sends(raw(0x10, "\x00\x04MQTT\x05\x02\x00\x3c\x03\x21\x00\x02\x00\x01a") + raw(0x82, "\x00\x01\x00\x00\x01a\x01"))
	k.reads(raw(0x20, "\x00\x00\x0c\x29\x00\x2a\x00\x21\x03\xe8\x27\x00\x00\x40\x00") + raw(0x90, "\x00\x01\x00\x01"))
	for i := range 4 {
		k.sends(raw(0x30, "\x00\x01a\x00"+fmt.Sprint(i)) + raw(0x32, "\x00\x01a\x00\x07\x00"+fmt.Sprint(i)))
	}
	// The answers come first, when there are some; what waits stays in order.
	k.sends("\xc0\x00")
	got := ""
	buf := make([]byte, 1)
	for !strings.HasSuffix(got, "\xd0\x00") {
		if _, err := k.conn.Read(buf); err != nil {
			t.Fatalf("%q, %v", got, err)
		}
		got += string(buf)
	}
	if n := strings.Count(got, "\x32\x07\x00\x01a"); n > 2 {
		t.Errorf("%d messages were sent, and 2 are wanted", n)
	}

	k = join(t, &Server{Broker: b}, "5")
	k.sends(raw(0x10, "\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01b"))
	k.reads(raw(0x20, "\x00\x00\x0c\x29\x00\x2a\x00\x21\x03\xe8\x27\x00\x00\x40\x00"))
	for i := range MaxUnreleased + 1 {
		k.sends(raw(0x34, "\x00\x01x"+string([]byte{byte((i + 1) >> 8), byte(i + 1)})+"\x00"))
		if i < MaxUnreleased {
			k.reads(raw(0x50, string([]byte{byte((i + 1) >> 8), byte(i + 1), codeNoSubscribers})))
		}
	}
	k.hears("DISCONNECT 0x93 receive maximum exceeded: …")
}

// Clients and sessions are bounded. Who comes back to a session is no further client.
func TestClientsAreBounded(t *testing.T) {
	b := New()
	var gone sync.WaitGroup
	var conns []net.Conn
	end := sync.OnceFunc(func() {
		for _, conn := range conns {
			conn.Close()
		}
		gone.Wait()
	})
	defer end()
	connect := func(id string) (code byte) {
		near, far := net.Pipe()
		conns = append(conns, near)
		gone.Go(func() { (&Server{Broker: b}).Converse(t.Context(), far) })
		near.SetDeadline(time.Now().Add(patience))
		near.Write([]byte(raw(0x10, "\x00\x04MQTT\x04\x00\x00\x3c\x00\x04"+id)))
		var answer [4]byte
		for n := 0; n < 4; {
			m, err := near.Read(answer[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += m
		}
		return answer[3]
	}
	for i := range MaxClients {
		if code := connect(fmt.Sprintf("%04d", i)); code != 0 {
			t.Fatalf("client %d: %d", i, code)
		}
	}
	if code := connect("more"); code != 3 {
		t.Errorf("one more: %d", code)
	}
	if code := connect("0000"); code != 0 {
		t.Errorf("who takes over: %d", code)
	}
	if end(); b.connected != 0 || len(b.sessions) != MaxSessions {
		t.Errorf("%d clients, %d sessions", b.connected, len(b.sessions))
	}
}

// A message that is too large for a client is not sent to it.
func TestLargestPacket(t *testing.T) {
	b := New()
	c := &client{broker: b, version: 5, largest: 13, inflight: MaxInflight}
	c.session = b.newSession("small")
	c.changed.L, c.session.client = &b.mu, c
	c.session.subscriptions["a"] = subscription{qos: 1}
	for _, words := range []string{"hello", "hello, world", "again"} {
		b.publish(&message{topic: "a", payload: []byte(words), qos: 1}, nil, time.Now())
		b.publish(&message{topic: "a", payload: []byte(words)}, nil, time.Now())
	}
	c.fill(time.Now())
	want := raw(0x32, "\x00\x01a\x00\x01\x00hello") + raw(0x30, "\x00\x01a\x00hello") + raw(0x32, "\x00\x01a\x00\x03\x00again") + raw(0x30, "\x00\x01a\x00again")
	if string(c.out) != want {
		t.Errorf("%q, want %q", c.out, want)
	}
	if n := 2 * len("ahello"); b.queued != n || len(c.session.sent) != 2 {
		t.Errorf("%d bytes of %d messages are counted, want %d", b.queued, len(c.session.sent), n)
	}
}
