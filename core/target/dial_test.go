package target

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"
)

// listen passes each connection to serve, which owns it until the test ends.
func listen(t *testing.T, serve func(*net.TCPConn)) Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(30 * time.Second))
			serve(c.(*net.TCPConn))
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return parse(t, l.Addr().String())
}

func parse(t *testing.T, s string) Target {
	t.Helper()
	target, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// greet answers "hello" once the client's stream has ended, which shows that a
// half-close arrives and that the other direction stays open.
func greet(c *net.TCPConn) {
	sent, _ := io.ReadAll(c)
	io.WriteString(c, "hello "+string(sent))
}

func talk(t *testing.T, c *Conn) {
	t.Helper()
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c, "world"); err != nil {
		t.Fatal(err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); string(got) != "hello world" || err != nil {
		t.Fatalf("received %q, %v", got, err)
	}
}

func failDial(t *testing.T, d *Dialer, to Target, want string) error {
	t.Helper()
	c, err := d.Dial(t.Context(), to, Security{})
	if err == nil {
		c.Close()
		t.Fatalf("%s was dialled; want %q", to, want)
	}
	checkWords(t, err)
	if err.Error() != want {
		t.Errorf("dialling %s: %q; want %q", to, err, want)
	}
	return err
}

func TestDial(t *testing.T) {
	to := listen(t, greet)
	resolved := to.String()
	for _, host := range []string{"127.0.0.1", "", "0.0.0.0", "::ffff:127.0.0.1"} {
		to.Host = host
		c, err := new(Dialer).Dial(t.Context(), to, Security{})
		if err != nil {
			t.Fatalf("%s: %v", to, err)
		}
		if c.Resolved() != resolved {
			t.Errorf("%s resolved to %s", to, c.Resolved())
		}
		talk(t, c)
	}
}

func TestNothingListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	err = failDial(t, new(Dialer), parse(t, address), "connection refused by "+address+": nothing listens there")
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Error("the cause is missing for the log")
	}
}

// The address is checked after the look-up, and nothing is sent to a denied one.
func TestDialAsksThePolicy(t *testing.T) {
	to := listen(t, func(*net.TCPConn) { t.Error("connected to a denied address") })
	d := &Dialer{
		Policy:   policy(t, "deny 127.0.0.0/8"),
		Resolver: nameServer(answerLoopback),
	}
	for _, host := range []string{"127.0.0.1", "rebound.example", ""} {
		to.Host = host
		where := to.String()
		if host != "127.0.0.1" {
			where += " (127.0.0.1)"
		}
		err := failDial(t, d, to, where+` may not be dialled: denied by the rule "deny 127.0.0.0/8"`)
		if !errors.Is(err, ErrDenied) {
			t.Error("the error does not wrap ErrDenied")
		}
	}
	to.Host = "0.0.0.0"
	if _, err := d.Dial(t.Context(), to, Security{}); !errors.Is(err, ErrDenied) {
		t.Errorf("0.0.0.0: %v", err)
	}
}

// What only the practice servers are allowed to be is not looked up by other names.
func TestNamesUnderPractice(t *testing.T) {
	to := listen(t, greet)
	at := netip.MustParseAddrPort(to.String())
	d := &Dialer{Policy: policy(t, "practice").Practice(at), Resolver: nameServer(nil), Timeout: time.Minute}
	for _, name := range []string{"somewhere.example", "localhost.example", "127.1", "udp://somewhere.example"} {
		failDial(t, d, parse(t, fmt.Sprintf("%s:%d", name, at.Port())), parse(t, fmt.Sprintf("%s:%d", name, at.Port())).Logged()+" may not be dialled: denied by the preset practice")
	}
	through := to
	through.Via, _ = ParseProxy("socks5://proxy.example:1080")
	failDial(t, d, through, "proxy.example:1080 may not be dialled: denied by the preset practice")
	d.Policy, d.Resolver = policy(t, "practice", "allow 127.0.0.0/8"), nameServer(answerLoopback)
	to.Host = "somewhere.example"
	c, err := d.Dial(t.Context(), to, Security{})
	if err != nil {
		t.Fatal(err)
	}
	talk(t, c)
}

func TestNames(t *testing.T) {
	to := listen(t, greet)
	to.Host = "somewhere.example"
	c, err := (&Dialer{Resolver: nameServer(answerLoopback)}).Dial(t.Context(), to, Security{})
	if err != nil {
		t.Fatal(err)
	}
	talk(t, c)

	to = parse(t, "example.invalid:80")
	failDial(t, &Dialer{Resolver: nameServer(answerNoSuchName)}, to, "no such host: example.invalid")
	failDial(t, &Dialer{Resolver: nameServer(answerBroken)}, to,
		"example.invalid could not be looked up: the name server cannot be reached or has no answer now")
	to.Host = strings.TrimSuffix(strings.Repeat("long-label.", 23), ".")
	failDial(t, &Dialer{Resolver: nameServer(answerNoSuchName)}, to, "no such host: "+to.Host[:69]+"…")
}

func TestNameServerThatNeverAnswers(t *testing.T) {
	to := parse(t, "example.invalid:80")
	d := &Dialer{Resolver: nameServer(nil), Timeout: 30 * time.Millisecond}
	failDial(t, d, to, "example.invalid could not be looked up: no name server answered in time")
}

func TestCancelWhileLookingUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	asked := &net.Resolver{PreferGo: true, Dial: func(query context.Context, _, _ string) (net.Conn, error) {
		cancel()
		<-query.Done()
		return nil, query.Err()
	}}
	cancelled(t, ctx, &Dialer{Resolver: asked}, parse(t, "example.invalid:80"))
}

func TestCancelDuringTheHandshake(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	silent := listen(t, func(c *net.TCPConn) {
		io.ReadFull(c, make([]byte, 5)) // the handshake has begun
		cancel()
		io.Copy(io.Discard, c)
	})
	silent.TLS = true
	cancelled(t, ctx, new(Dialer), silent)
}

// cancelled dials a target that does not answer, with a context that the target
// cancels.
func cancelled(t *testing.T, ctx context.Context, d *Dialer, to Target) {
	t.Helper()
	start := time.Now()
	_, err := d.Dial(ctx, to, Security{})
	if !errors.Is(err, context.Canceled) || err.Error() != "stopped before "+to.String()+" answered" {
		t.Errorf("cancelled: %v", err)
	}
	if took := time.Since(start); took > DefaultTimeout/2 {
		t.Errorf("cancelling took %v", took)
	}
}

// Failures that a test cannot cause on every machine.
func TestWordsForConnectErrors(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 80}
	for want, cause := range map[string]error{
		"no answer from 10.0.0.1:80 within 10 s":                                   context.DeadlineExceeded,
		"10.0.0.1:80 cannot be reached: no route to host":                          syscall.EHOSTUNREACH,
		"10.0.0.1:80 cannot be reached: this machine has no route to that network": syscall.ENETUNREACH,
		"this machine does not allow connections to 10.0.0.1:80":                   syscall.EACCES,
		"could not connect to 10.0.0.1:80: too many connections are open here":     syscall.EMFILE,
		"10.0.0.1:80 closed the connection at once":                                syscall.ECONNRESET,
		"could not connect to 10.0.0.1:80: " + syscall.EINVAL.Error():              syscall.EINVAL,
		"could not connect to 10.0.0.1:80":                                         errors.New("dial tcp: something new"),
	} {
		err := explainDial(&net.OpError{Op: "dial", Net: "tcp", Addr: at, Err: cause}, Target{Host: "h", Port: 80}, "h:80", DefaultTimeout)
		checkWords(t, err)
		if err.Error() != want {
			t.Errorf("%v: %q; want %q", cause, err, want)
		}
	}
	for d, want := range map[time.Duration]string{10 * time.Second: "10 s", 1500 * time.Millisecond: "1.5 s", 30 * time.Millisecond: "30 ms"} {
		if got := seconds(d); got != want {
			t.Errorf("%v is %q", d, got)
		}
	}
}

// nameServer returns a resolver whose only server is answer, which gets a query and
// returns a reply (RFC 1035, 4.1). A nil answer never replies.
func nameServer(answer func(query []byte) []byte) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		if answer == nil {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		client, server := net.Pipe() // a stream, so messages have a length first
		go func() {
			defer server.Close()
			var size [2]byte
			for {
				if _, err := io.ReadFull(server, size[:]); err != nil {
					return
				}
				query := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(server, query); err != nil {
					return
				}
				reply := answer(query)
				server.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
			}
		}()
		return client, nil
	}}
}

const (
	rcodeServerFailure = 2
	rcodeNoSuchName    = 3
)

func answerNoSuchName(query []byte) []byte { return header(query, rcodeNoSuchName, 0) }
func answerBroken(query []byte) []byte     { return header(query, rcodeServerFailure, 0) }

// answerLoopback replies 127.0.0.1 to a query for an IPv4 address.
func answerLoopback(query []byte) []byte {
	const typeA = 1
	end := 12
	for query[end] != 0 {
		end += 1 + int(query[end])
	}
	if binary.BigEndian.Uint16(query[end+1:]) != typeA {
		return header(query, 0, 0)
	}
	record := []byte{0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1}
	return append(header(query, 0, 1), record...)
}

// header returns the query's header and question as a reply's.
func header(query []byte, rcode, answers byte) []byte {
	end := 12
	for query[end] != 0 {
		end += 1 + int(query[end])
	}
	reply := append([]byte(nil), query[:end+5]...)
	reply[2], reply[3] = 0x81, 0x80|rcode // a recursive server's response
	clear(reply[6:12])
	reply[7] = answers
	return reply
}

// Receive brings every byte in order, however much comes at a time, then the end;
// and a Close ends one that waits.
func TestReceive(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dial := func() (*Conn, net.Conn) {
		to, err := Parse(listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		near, err := (&Dialer{}).Dial(t.Context(), to, Security{})
		if err != nil {
			t.Fatal(err)
		}
		far, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { near.Close(); far.Close() })
		return near, far
	}
	near, far := dial()
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	go func(far net.Conn) {
		far.Write(want[:7])
		far.Write(want[7:])
		far.(*net.TCPConn).CloseWrite()
	}(far)
	var got []byte
	largest := 0
	for {
		data, err := near.Receive()
		got, largest = append(got, data...), max(largest, len(data))
		if err == io.EOF {
			break
		}
		if err != nil || len(data) == 0 {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
	}
	if !bytes.Equal(got, want) || largest <= 4<<10 {
		t.Errorf("got %d bytes of %d, at most %d at a time", len(got), len(want), largest)
	}
	near, far = dial()
	far.(*net.TCPConn).SetLinger(0)
	far.Close()
	if _, err := near.Receive(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after a reset: %v", err)
	}
	near, _ = dial()
	ended := make(chan error)
	go func(near *Conn) {
		_, err := near.Receive()
		ended <- err
	}(near)
	near.Close()
	if err := <-ended; err == nil || err == io.EOF {
		t.Errorf("after a Close: %v", err)
	}
}
