package mqtt

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice"
	line "github.com/protocol-workbench/workbench/plugins/mqtt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for a server on a busy machine.
const patience = 3 * time.Minute

// talk is a session with a server, by the line mode mqtt: what is typed are its commands, and
// what is heard is what it shows.
type talk struct {
	t     *testing.T
	conn  net.Conn
	mode  core.Machine
	shown []string
	ended chan error
}

// join connects to a server in a version, 3.1.1 or 5, until the test ends.
func join(t *testing.T, s *Server, version string) *talk {
	t.Helper()
	near, far, err := practice.Pair()
	if err != nil {
		t.Fatal(err)
	}
	return joinBy(t, s, version, near, far)
}

func joinBy(t *testing.T, s *Server, version string, near, far net.Conn) *talk {
	t.Helper()
	mode, err := line.Discipline().Open(core.Opening{Client: core.Messages, Options: core.Options{"version": version}}, new(core.Out))
	if err != nil {
		t.Fatal(err)
	}
	k := &talk{t: t, conn: near, mode: mode, ended: make(chan error, 1)}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.ended <- s.Converse(ctx, far)
	}()
	t.Cleanup(func() {
		near.Close()
		stop()
		<-done
	})
	near.SetDeadline(time.Now().Add(patience))
	return k
}

// feed feeds the mode an event, and does what it orders.
func (k *talk) feed(ev core.Event) {
	k.t.Helper()
	var out core.Out
	if err := k.mode.Handle(ev, &out); err != nil || out.Err() != nil {
		k.t.Fatal(err, out.Err())
	}
	for i := range out.Len() {
		switch a := out.Action(i); a.Kind {
		case core.SendServer:
			if _, err := k.conn.Write(a.Data); err != nil {
				k.t.Fatal(err)
			}
		case core.SendText:
			k.shown = append(k.shown, string(a.Data))
		}
	}
}

// hears reads until so much is shown as is wanted. A want that ends in … is a beginning.
func (k *talk) hears(wants ...string) {
	k.t.Helper()
	buf := make([]byte, 4096)
	for i, want := range wants {
		for len(k.shown) == 0 {
			n, err := k.conn.Read(buf)
			if err != nil {
				k.t.Fatalf("%v after %d of %q", err, i, wants)
			}
			k.feed(core.Event{Kind: core.ServerBytes, Data: buf[:n]})
		}
		got := k.shown[0]
		k.shown = k.shown[1:]
		if head, isHead := strings.CutSuffix(want, "…"); got != want && !(isHead && strings.HasPrefix(got, head)) {
			k.t.Errorf("got %q, want %q", got, want)
		}
	}
}

// says types a line, and hears what is shown for it.
func (k *talk) says(line string, wants ...string) {
	k.t.Helper()
	k.feed(core.Event{Kind: core.ClientText, Data: []byte(line)})
	k.hears(wants...)
}

// raw returns a packet of what follows its length.
func raw(first byte, body string) string {
	return string(appendPacket(nil, first>>4, first&15, []byte(body)))
}

// sends sends bytes as they are.
func (k *talk) sends(bytes string) {
	k.t.Helper()
	if _, err := io.WriteString(k.conn, bytes); err != nil {
		k.t.Fatal(err)
	}
}

// reads reads bytes as they are.
func (k *talk) reads(want string) {
	k.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(k.conn, got); err != nil || string(got) != want {
		k.t.Errorf("read %q, %v; want %q", got[:n], err, want)
	}
}

// ends waits until the server has ended the connection, as err says.
func (k *talk) ends(err string) {
	k.t.Helper()
	rest, failed := io.ReadAll(k.conn)
	if failed != nil || len(rest) > 0 {
		k.t.Errorf("left over: %q, %v", rest, failed)
	}
	k.conn.Close()
	if got := fmt.Sprint(<-k.ended); !strings.Contains(got, err) {
		k.t.Errorf("it ended by %q, want %q", got, err)
	}
}

func TestByHand(t *testing.T) {
	b := New()
	for _, version := range []string{"3.1.1", "5"} {
		accepted := map[string]string{"3.1.1": "CONNACK 0x00 accepted", "5": "CONNACK 0x00 success"}[version]
		granted := map[string]string{"3.1.1": "granted", "5": "granted"}[version]
		k := join(t, &Server{Broker: b}, version)
		k.says("CONNECT ada", accepted)
		k.says("SUB room/+ 1", "SUBACK 1: 0x01 "+granted+" QoS 1",
			"PUBLISH room/humidity (retained): 40", "PUBLISH room/temperature (retained): 21.5", "PUBLISH room/welcome (retained): Welcome…")
		k.says("SUB news/# 2", "SUBACK 2: 0x02 "+granted+" QoS 2")
		other := join(t, &Server{Broker: b}, map[string]string{"3.1.1": "5", "5": "3.1.1"}[version])
		other.says("CONNECT bob bob builder", "CONNACK 0x00…")
		other.says("PUB news/a at-most 0")
		k.hears("PUBLISH news/a: at-most")
		other.says("PUB news/b at-least 1", "PUBACK 1")
		k.hears("PUBLISH news/b (QoS 1, id 1): at-least")
		other.says("PUB news exactly 2", "PUBREC 2", "PUBCOMP 2")
		k.hears("PUBLISH news (QoS 2, id 2): exactly", "PUBREL 2")
		k.says("PING", "PINGRESP")
		k.says("UNSUB news/#", "UNSUBACK 3…")
		other.says("PUB news/b unheard 1", "PUBACK 3…")
		other.says("DISCONNECT")
		other.ends("<nil>")
		k.says("PING", "PINGRESP")
	}
}

// Reason codes and strings of MQTT 5 say what was wrong.
func TestReasons(t *testing.T) {
	b := New()
	k := join(t, &Server{Broker: b}, "5")
	k.says("CONNECT", "CONNACK 0x00 success")
	k.says("PUB nobody/hears it 1", "PUBACK 1 0x10 no matching subscribers")
	k.says("PUB room/temperature 99 1", "PUBACK 2 0x87 not authorized: room/ is the server's…")
	k.says("PUB room/temperature 99 2", "PUBREC 3 0x87 not authorized: room/ is the server's…")
	k.says("PUB $SYS/x 99 1", "PUBACK 4 0x87 not authorized: topics that begin with $…")
	k.says("SUB $share/a/b", "SUBACK 5: 0x9e shared subscriptions not supported: this server has no…")
	k.says(`=\x40\x05\x00\x07\x00\x00!`, "DISCONNECT 0x81 malformed packet: 1 bytes…")
	k.ends("left over")

	for what, want := range map[string]string{
		raw(0x82, "\x00\x07\x00\x00\x06a/#/bc\x00"):           "SUBACK 7: 0x8f topic filter invalid: # is the last level…",
		raw(0x82, "\x00\x07\x00\x00\x03+ab\x00"):              "SUBACK 7: 0x8f topic filter invalid: + stands alone…",
		raw(0x82, "\x00\x07\x00"):                             "DISCONNECT 0x82 protocol error: there must be at least one…",
		raw(0x82, "\x00\x07\x02\x0b\x01\x00\x03abc\x00"):      "DISCONNECT 0xa1 subscription identifiers not supported: …",
		raw(0x80, "\x00\x07\x00\x00\x03abc\x00"):              "DISCONNECT 0x81 malformed packet: the flags…",
		raw(0x82, "\x00\x07\x00\x00\x03abc\x03"):              "DISCONNECT 0x81 malformed packet: of a subscription…",
		raw(0x82, "\x00\x00\x00\x00\x03abc\x00"):              "DISCONNECT 0x81 malformed packet: a packet identifier must not be 0…",
		raw(0x36, "\x00\x01a\x00\x01\x00hi"):                  "DISCONNECT 0x81 malformed packet: QoS…",
		raw(0x38, "\x00\x01a\x00hi"):                          "DISCONNECT 0x81 malformed packet: DUP…",
		raw(0x30, "\x00\x01+\x00hi"):                          "DISCONNECT 0x90 topic name invalid: + and # are for filters…",
		raw(0x30, "\x00\x00\x00hi"):                           "DISCONNECT 0x90 topic name invalid: a topic has at least…",
		raw(0x30, "\x00\x01\xff\x00hi"):                       "DISCONNECT 0x81 malformed packet: a string is not UTF-8…",
		raw(0x30, "\x00\x01\x00\x00hi"):                       "DISCONNECT 0x81 malformed packet: a string has the character…",
		raw(0x30, "\x00\x07a"):                                "DISCONNECT 0x81 malformed packet: the packet ends too soon…",
		raw(0x30, "\x00\x01a\x03#\x00\x01hi"):                 "DISCONNECT 0x94 topic alias invalid: this server takes…",
		raw(0x30, "\x00\x01a\x03\x21\x00\x01hi"):              "DISCONNECT 0x81 malformed packet: the property 0x21…",
		raw(0x30, "\x00\x01a\x04\x01\x00\x01\x00hi"):          "DISCONNECT 0x82 protocol error: the property 0x01…",
		"\x30\xff\xff\xff\xff\x01":                            "DISCONNECT 0x81 malformed packet: a packet's length…",
		"\x30\xff\xff\x7f":                                    "DISCONNECT 0x95 packet too large: …",
		"\xc1\x00":                                            "DISCONNECT 0x81 malformed packet: PINGREQ…",
		"\xf0\x00":                                            "DISCONNECT 0x82 protocol error: AUTH…",
		"\x20\x03\x00\x00\x00":                                "DISCONNECT 0x82 protocol error: a client does not send…",
		raw(0x10, "\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00"): "DISCONNECT 0x82 protocol error: a client sends CONNECT once…",
		"\x62\x02\x00\x09":                                    "PUBCOMP 9 0x92 packet identifier not found: no message…",
		"\x50\x02\x00\x09":                                    "PUBREL 9 0x92 packet identifier not found: no message…",
		"\xe0\x01\x04":                                        "",
	} {
		k := join(t, &Server{Broker: b}, "5")
		k.says("CONNECT", "CONNACK 0x00 success")
		if k.feed(core.Event{Kind: core.ClientBinary, Data: []byte(what)}); want == "" {
			k.ends("<nil>")
		} else if k.hears(want); !strings.HasPrefix(want, "DISCONNECT") {
			k.says("PING", "PINGRESP")
		}
	}
}

// Those who give a name must give the right password, and clients are told what else keeps
// them out.
func TestConnect(t *testing.T) {
	b := New()
	long := strings.Repeat("x", MaxClientID+1)
	for _, c := range []struct{ say, in3, in5 string }{
		{"CONNECT a", "CONNACK 0x00 accepted", "CONNACK 0x00 success"},
		{"CONNECT a alice wonderland", "CONNACK 0x00 accepted", "CONNACK 0x00 success"},
		{"CONNECT a anonymous", "CONNACK 0x00 accepted", "CONNACK 0x00 success"},
		{"CONNECT a alice builder", "CONNACK 0x04 bad user name or password", "CONNACK 0x86 bad user name or password: the user name or the password is wrong…"},
		{"CONNECT a alice", "CONNACK 0x04 bad user name or password", "CONNACK 0x86 bad user name or password: …"},
		{"CONNECT a mallory x", "CONNACK 0x04 bad user name or password", "CONNACK 0x86 bad user name or password: …"},
		{"CONNECT " + long, "CONNACK 0x02 identifier rejected", "CONNACK 0x85 client identifier not valid: …"},
		{"CONNECT a - - yes 60 room/x gone", "CONNACK 0x05 not authorized", "CONNACK 0x87 not authorized: room/ is the server's…"},
	} {
		join(t, &Server{Broker: b}, "3.1.1").says(c.say, c.in3)
		join(t, &Server{Broker: b}, "5").says(c.say, c.in5)
	}
	for say, want := range map[string]string{
		raw(0x10, "\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x00"):   "\x20\x02\x00\x01",
		raw(0x10, "\x00\x04MQTT\x07\x02\x00\x3c\x00\x00"):     "\x20",
		raw(0x10, "\x00\x04MQTT\x04\x00\x00\x3c\x00\x00"):     "\x20\x02\x00\x02", // no identifier, and no clean session
		raw(0x10, "\x00\x04MQTT\x04\x03\x00\x3c\x00\x00"):     "",
		raw(0x10, "\x00\x04MQTT\x04\x42\x00\x3c\x00\x00"):     "",
		raw(0x10, "\x00\x04HTTP\x05\x02\x00\x3c\x00\x00\x00"): "",
		"\xc0\x00": "",
		raw(0x10, "\x00\x04MQTT\x05\x02\x00\x3c\x03\x21\x00\x00\x00\x00"):                   "\x20",
		raw(0x10, "\x00\x04MQTT\x05\x02\x00\x3c\x04\x15\x00\x01x\x00\x00"):                  "\x20",
		raw(0x10, "\x00\x04MQTT\x05\x82\x00\x3c\x05\x27\x00\x00\x00\x05\x00\x00\x00\x02me"): "\x20\x03\x00\x86\x00", // which fits into what it takes
	} {
		k := join(t, &Server{Broker: b}, "5")
		if k.sends(say); want == "" {
			k.ends("")
		} else {
			k.reads(want)
		}
	}
}

// A session that is kept has what was published meanwhile, and what was not acknowledged is
// sent again.
func TestSessionIsKept(t *testing.T) {
	b := New()
	connect := raw(0x10, "\x00\x04MQTT\x04\x00\x00\x3c\x00\x03ada")
	k := join(t, &Server{Broker: b}, "3.1.1")
	k.sends(connect)
	k.reads("\x20\x02\x00\x00")
	k.sends("\x82\x06\x00\x01\x00\x01a\x02")
	k.reads("\x90\x03\x00\x01\x02")
	other := join(t, &Server{Broker: b}, "3.1.1")
	other.says("PUB a one 1", "CONNACK 0x00 accepted", "PUBACK 1")
	other.says("PUB a two 2", "PUBREC 2", "PUBCOMP 2")
	one, two := "\x08\x00\x01a\x00\x01one", "\x08\x00\x01a\x00\x02two"
	k.reads("\x32" + one + "\x34" + two)
	k.sends("\x50\x02\x00\x02")
	k.reads("\x62\x02\x00\x02")
	k.conn.Close()
	<-k.ended

	other.says("PUB a three 1", "PUBACK 3")
	other.says("PUB a unkept 0")
	other.says("PING", "PINGRESP")
	k = join(t, &Server{Broker: b}, "3.1.1")
	k.sends(connect)
	k.reads("\x20\x02\x01\x00" + "\x3a" + one + "\x62\x02\x00\x02" + "\x32\x0a\x00\x01a\x00\x03three")
	k.sends("\x40\x02\x00\x01\x70\x02\x00\x02\x40\x02\x00\x03\xe0\x00")
	k.ends("<nil>")
	k = join(t, &Server{Broker: b}, "3.1.1")
	k.sends(connect)
	k.reads("\x20\x02\x01\x00")
	k.sends("\xc0\x00")
	k.reads("\xd0\x00")
	if n := b.counts(&b.queued); n != 0 {
		t.Errorf("%d bytes are counted, and nothing waits", n)
	}

	// A clean one has nothing of it.
	k = join(t, &Server{Broker: b}, "3.1.1")
	k.says("CONNECT ada", "CONNACK 0x00 accepted")
	other.says("PUB a four 1", "PUBACK 4")
	k.says("PING", "PINGRESP")
}

// A message of QoS 2 that is sent twice is published once.
func TestExactlyOnce(t *testing.T) {
	b := New()
	k := join(t, &Server{Broker: b}, "3.1.1")
	k.says("SUB a 2", "CONNACK 0x00 accepted", "SUBACK 1: 0x02 granted QoS 2")
	other := join(t, &Server{Broker: b}, "5")
	other.says("CONNECT", "CONNACK 0x00 success")
	for _, first := range []byte{0x34, 0x3c, 0x3c} {
		other.sends(raw(first, "\x00\x01a\x00\x09\x00x"))
	}
	other.reads("\x50\x02\x00\x09\x50\x02\x00\x09\x50\x02\x00\x09")
	other.sends("\x62\x02\x00\x09")
	other.reads("\x70\x02\x00\x09")
	k.hears("PUBLISH a (QoS 2, id 1): x", "PUBREL 1") // else the next message may come between these
	other.sends("\x34\x07\x00\x01a\x00\x09\x00y\x62\x02\x00\x09")
	k.hears("PUBLISH a (QoS 2, id 2): y", "PUBREL 2")
}

// What MQTT 5 has for messages and subscriptions reaches those who want it.
func TestVersion5(t *testing.T) {
	b := New()
	k := join(t, &Server{Broker: b}, "5")
	k.sends(raw(0x10, "\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00"))
	k.reads(raw(0x20, "\x00\x00\x19\x29\x00\x2a\x00\x21\x03\xe8\x27\x00\x00\x40\x00\x12\x00\x0apractice-1"))

	// a without its own messages, and b with the retain flag as published
	k.sends(raw(0x82, "\x00\x01\x00\x00\x01a\x04\x00\x01b\x08"))
	k.reads(raw(0x90, "\x00\x01\x00\x00\x00"))
	with := "\x01\x01\x03\x00\x04text\x26\x00\x01k\x00\x01v"
	kept, passing := raw(0x31, "\x00\x01b\x05\x02\x00\x00\x00\x09!"), raw(0x30, "\x00\x01b\x10"+with+"?")
	k.sends(raw(0x30, "\x00\x01a\x00x") + kept + passing)
	k.reads(kept + passing)

	// what is retained: not at all, not again, and with a new subscription
	k.sends(raw(0x82, "\x00\x02\x00\x00\x01b\x20\x00\x01b\x10") + "\xc0\x00")
	k.reads(raw(0x90, "\x00\x02\x00\x00\x00") + "\xd0\x00")
	k.sends(raw(0xa2, "\x00\x03\x00\x00\x01b\x00\x01c") + raw(0x82, "\x00\x04\x00\x00\x01b\x10"))
	k.reads(raw(0xb0, "\x00\x03\x00\x00\x11") + raw(0x90, "\x00\x04\x00\x00") + kept)

	other := join(t, &Server{Broker: b}, "3.1.1")
	other.says("SUB b", "CONNACK 0x00 accepted", "SUBACK 1: 0x00 granted QoS 0", "PUBLISH b (retained): !")
}

// A client that is lost leaves its will, and one that says DISCONNECT does not.
func TestWill(t *testing.T) {
	b := New()
	k := join(t, &Server{Broker: b}, "3.1.1")
	k.says("SUB state/#", "CONNACK 0x00 accepted", "SUBACK 1: 0x00 granted QoS 0")
	for _, version := range []string{"3.1.1", "5"} {
		lost := join(t, &Server{Broker: b}, version)
		lost.says("CONNECT joe - - yes 60 state/joe lost 1 yes", "CONNACK 0x00…")
		lost.conn.Close()
		k.hears("PUBLISH state/joe: lost")
		leaves := join(t, &Server{Broker: b}, version)
		leaves.says("CONNECT joe - - yes 60 state/joe left", "CONNACK 0x00…")
		leaves.says("DISCONNECT")
		leaves.ends("<nil>")
	}
	willing := join(t, &Server{Broker: b}, "5")
	willing.says("CONNECT joe - - yes 60 state/joe anyway", "CONNACK 0x00 success")
	willing.says("DISCONNECT 4")
	k.hears("PUBLISH state/joe: anyway")
	later := join(t, &Server{Broker: b}, "3.1.1")
	later.says("SUB state/joe 2", "CONNACK 0x00 accepted", "SUBACK 1: 0x02 granted QoS 2", "PUBLISH state/joe (QoS 1, id 1, retained): lost")
}

// Of two clients with one identifier the first is told to go.
func TestTakeOver(t *testing.T) {
	b := New()
	first := join(t, &Server{Broker: b}, "5")
	first.says("CONNECT ada - - no 60 state lost 0 no 100", "CONNACK 0x00 success")
	first.says("SUB a 1", "SUBACK 1: 0x01 granted QoS 1")
	second := join(t, &Server{Broker: b}, "5")
	second.says("CONNECT ada - - no 60", "CONNACK 0x00 success, session present")
	first.hears("DISCONNECT 0x8e session taken over: another client…")
	first.ends("the server has ended the connection")
	second.says("PUB a hello", "PUBLISH a: hello")
	if n := b.counts(&b.connected); n != 1 {
		t.Errorf("%d are connected", n)
	}
}

// counts reads a count of the broker's while it serves.
func (b *Broker) counts(n *int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return *n
}

// Each student finds a word of their own, which others do not.
func TestStudent(t *testing.T) {
	b := New()
	topic, word := Student("anna")
	k := join(t, &Server{Broker: b, Seed: "anna"}, "3.1.1")
	k.says("SUB "+topic+" 1", "CONNACK 0x00 accepted", "SUBACK 1: 0x01 granted QoS 1", "PUBLISH "+topic+" (retained): "+word)
	k = join(t, &Server{Broker: b, Seed: "bert"}, "3.1.1")
	k.says("SUB "+topic, "CONNACK 0x00 accepted", "SUBACK 1: 0x00 granted QoS 0")
	k.says("PING", "PINGRESP")
}

// A silent client is gone after one and a half times its keep alive, or ten minutes.
func TestKeepAlive(t *testing.T) {
	for _, c := range []struct {
		version, connect, want string
		after                  time.Duration
	}{
		{"5", "CONNECT ada - - yes 10", "DISCONNECT 0x8d keep alive timeout: no packet came in 15s…", 15 * time.Second},
		{"5", "CONNECT ada - - yes 0", "DISCONNECT 0x8d keep alive timeout: …", practice.IdleLimit},
		{"3.1.1", "CONNECT ada - - yes 3600", "", practice.IdleLimit},
		{"3.1.1", "", "", practice.IdleLimit},
	} {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			began := time.Now()
			k := joinBy(t, &Server{Broker: New()}, c.version, near, far)
			near.SetDeadline(time.Now().Add(time.Hour))
			if c.connect != "" {
				k.says(c.connect, "CONNACK 0x00…")
			}
			if c.want != "" {
				k.hears(c.want)
			}
			if k.ends("no packet came"); time.Since(began) != c.after {
				t.Errorf("%q: gone after %v, want %v", c.connect, time.Since(began), c.after)
			}
		})
	}
}

// A client that reads nothing is gone too.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		k := joinBy(t, &Server{Broker: New()}, "3.1.1", near, far)
		near.SetDeadline(time.Time{})
		began := time.Now()
		k.sends("\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00")
		if err := <-k.ended; err == nil || time.Since(began) != practice.StallLimit {
			t.Errorf("%v after %v, want it after %v", err, time.Since(began), practice.StallLimit)
		}
	})
}

// Sessions and messages of MQTT 5 last for as long as is asked for.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New()
		pipe := func(version string) *talk {
			near, far := net.Pipe()
			k := joinBy(t, &Server{Broker: b}, version, near, far)
			near.SetDeadline(time.Time{})
			return k
		}
		k := pipe("5")
		k.says("CONNECT ada - - no 60 - - 0 no 100", "CONNACK 0x00 success")
		k.says("SUB a 1", "SUBACK 1: 0x01 granted QoS 1")
		k.conn.Close()
		<-k.ended
		other := pipe("5")
		other.says("CONNECT bob - - yes 600", "CONNACK 0x00 success")
		// two messages, of which the first lasts for 10 s
		other.says(`=\x32\x0c\x00\x01a\x00\x01\x05\x02\x00\x00\x00\x0ax`, "PUBACK 1")
		other.says("PUB a y 1", "PUBACK 1")
		time.Sleep(50 * time.Second)
		k = pipe("5")
		k.says("CONNECT ada - - no 60 - - 0 no 100", "CONNACK 0x00 success, session present", "PUBLISH a (QoS 1, id 1): y")
		k.conn.Close()
		<-k.ended
		time.Sleep(100 * time.Second)
		other.says("PUB a z 1", "PUBACK 2 0x10 no matching subscribers")
		pipe("5").says("CONNECT ada - - no", "CONNACK 0x00 success")
		if n := b.counts(&b.queued); n != 0 {
			t.Errorf("%d bytes are counted", n)
		}
	})
}
