package play

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/target"
)

// shakeHands has the client's player and the server's agree on TLS, as o has it.
func shakeHands(server, client *Player, o Order) *Mismatch {
	if rest, m := server.Take([]byte{hello, 3, 1}); m != nil || len(rest) != 3 {
		return m
	}
	if _, due := server.Next(); !due {
		return server.Awaited("no handshake")
	}
	var err error
	if o.Fails {
		err = errors.New("no")
	}
	if m := server.Upgraded("", err); m != nil {
		return m
	}
	return client.Upgraded("tls 1.3", err)
}

const (
	asksTLS = ">> server \"220 hi\\r\\n\"\n>> client text \"STARTTLS\"\n<< server \"STARTTLS\\r\\n\"\n"
	secret  = ">> client text \"AUTH me\"\n<< server \"AUTH me\\r\\n\"\n"
	toldTLS = ">> server tls \"tls 1.3, of a test\"\n"
)

// An upgrade comes at its outcome. What was ordered before that goes through TLS, or is
// never said.
func TestWireOfUpgrades(t *testing.T) {
	const clear = `S"220 hi\r\n" C"STARTTLS\r\n" S"220 go\r\n"`
	goOn := asksTLS + ">> server \"220 go\\r\\n\"\n"
	for _, c := range []struct{ name, in, want string }{
		{"by the person", goOn + ">> client start-tls\n" + toldTLS + secret + ">> server \"250\\r\\n\"\n", clear + ` TLS C"AUTH me\r\n" S"250\r\n"`},
		{"by the machine", goOn + "<< start-tls server \"mx\"\n" + toldTLS + secret, clear + ` TLS C"AUTH me\r\n"`},
		{"not waiting for it", goOn + ">> client start-tls\n" + secret + toldTLS + ">> server \"250\\r\\n\"\n", clear + ` TLS C"AUTH me\r\n" S"250\r\n"`},
		{"a half-close that waits", goOn + ">> client start-tls\n>> client eof\n" + toldTLS + ">> server \"250\\r\\n\"\n>> server eof\n", clear + ` TLS C. S"250\r\n" S.`},
		{"what was left unread", asksTLS + ">> server \"220 go\\r\\nEVIL\"\n<< start-tls server \"\" rest 4\n" + toldTLS, clear + ` TLS`},
		{"what came in clear", goOn + ">> client start-tls\n>> server \"EVIL\"\n" + toldTLS + secret, clear + ` TLS C"AUTH me\r\n"`},
		{"it failed", goOn + ">> client start-tls\n" + secret + ">> server failed \"no\"\n", clear + ` no TLS`},
		{"it failed, by the machine", goOn + "<< start-tls server \"\"\n" + secret + ">> server failed \"no\"\n", clear + ` no TLS`},
		{"no outcome", goOn + ">> client start-tls\n" + secret, clear},
		{"the client left meanwhile", goOn + ">> client start-tls\n" + secret + ">> client closed\n", clear + ` C.`},
		{"the server ended meanwhile", goOn + "<< start-tls server \"\"\n" + secret + ">> server eof\n", clear + ` S. C.`},
		{"the machine closed meanwhile", goOn + "<< start-tls server \"\"\n" + secret + "<< close \"x\"\n", clear + ` C.`},
		{"a machine that asks by itself", ">> server \"220 hi\\r\\n\"\n>> client start-tls\n<< server \"STARTTLS\\r\\n\"\n>> server \"220 go\\r\\n\"\n<< start-tls server \"\"\n" + toldTLS, clear + ` TLS`},
		{"a second time", goOn + ">> client start-tls\n" + toldTLS + ">> client start-tls\n>> server failed \"the connection to the server is TLS already\"\n", clear + ` TLS C.`},
		{"a broken connection after it", goOn + ">> client start-tls\n" + toldTLS + ">> server failed \"reset\"\n", clear + ` TLS S! C.`},
		{"passed through", "<< pass-through client\n>> server \"220 go\\r\\n\"\n>> client start-tls\n>> client binary \"AUTH me\\r\\n\"\n" + toldTLS, `S"220 go\r\n" TLS C"AUTH me\r\n"`},
		{"passed through, no outcome", "<< pass-through client\n>> server \"220 go\\r\\n\"\n>> client start-tls\n>> client binary \"AUTH me\\r\\n\"\n", `S"220 go\r\n"`},
	} {
		s := script(t, c.in)
		if got := wire(s); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		for _, size := range []int{1, 7, 1 << 20} {
			meet(t, s, size)
		}
	}
	for _, c := range []struct{ in, want string }{
		{asksTLS + ">> client start-tls\n~~ match \"x\"\n>> server \"x\"\n" + toldTLS, "f:8: expected no rule here"},
		{"~~ match \"[a-z]+\"\n<< server \"abc\"\n>> client start-tls\n" + toldTLS, "f:4: expected a rule that tells where it ends"},
		{"~~ match \"[a-z]+\"\n>> server \"abc\"\n>> client start-tls\n" + toldTLS, "f:4: expected a rule that tells where it ends"},
	} {
		if _, err := parse(c.in); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q:\n got %v\nwant %s", c.in, err, c.want)
		}
	}
}

const mail = asksTLS + ">> server \"220 go\\r\\n\"\n>> client start-tls\n" + toldTLS + secret + ">> server \"250 ok\\r\\n\"\n>> client eof\n>> server eof\n"

// A client that goes on in clear differs, however its bytes are cut, and the handshake
// that it begins later is found all the same.
func TestClearBeforeUpgrade(t *testing.T) {
	const said = "STARTTLS\r\nEVIL\r\n\x16\x03\x01"
	s := script(t, mail)
	for at := range len(said) + 1 {
		for to := at; to <= len(said); to++ {
			all := hear(s, core.Server, said, false, at, to)
			got := strings.Join(all, "\n")
			for _, want := range []string{
				`f:9: byte 10 of the client's stream: expected the beginning of a TLS handshake, got "E`,
				fmt.Sprintf("%d \"\"", StartTLS),
				"\n- >> server tls \"tls 1.3, of a test\"\n",
				"\n+ << server \"EVIL\\r\\n\"\n",
			} {
				if !strings.Contains(got, want) {
					t.Fatalf("cut at %d, %d: no %s in\n%s", at, to, want, got)
				}
			}
		}
	}
}

// upgradable is a client's connection.
type upgradable struct {
	*net.TCPConn
	over   *tls.Conn
	config *tls.Config
}

func (u *upgradable) StartTLS(ctx context.Context, name string) (int, error) {
	u.over = tls.Client(u.TCPConn, u.config)
	return 0, u.over.HandshakeContext(ctx)
}

func (u *upgradable) Secured() string { return "tls of a test" }

func (u *upgradable) Read(b []byte) (int, error) {
	if u.over != nil {
		return u.over.Read(b)
	}
	return u.TCPConn.Read(b)
}

func (u *upgradable) Write(b []byte) (int, error) {
	if u.over != nil {
		return u.over.Write(b)
	}
	return u.TCPConn.Write(b)
}

func (u *upgradable) CloseWrite() error {
	if u.over != nil {
		return u.over.CloseWrite()
	}
	return u.TCPConn.CloseWrite()
}

func serverTLS(t *testing.T) *tls.Config {
	t.Helper()
	own, err := target.SelfSigned("test")
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{own.Pair()}}
}

// A recording with an upgrade plays to itself: alone, and as one of several.
func TestUpgradesPlay(t *testing.T) {
	other, err := parse(strings.ReplaceAll(mail, "AUTH me", "AUTH you"))
	if err != nil {
		t.Fatal(err)
	}
	clear := script(t, asksTLS+">> server \"220 go\\r\\n\"\n"+strings.ReplaceAll(secret, "AUTH", "NOOP")+">> server \"500 clear\\r\\n\"\n>> server eof\n")
	s := script(t, mail)
	several, err := NewPool([]*Script{clear, other, s}, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, server := range map[string]*Server{"alone": {Script: s}, "one of several": {Pool: several}} {
		t.Run(name, func(t *testing.T) {
			server.StartTLS, server.Fast = serverTLS(t), true
			address, told := serve(t, server)
			var secured []string
			var steps []string
			talk := Talk{Fast: true, Timeout: long, Secured: func(words string, early int) { secured = append(secured, fmt.Sprint(words, early)) },
				Done: func(s Step) { steps = append(steps, s.From.String()+s.End) }}
			p := s.Play(core.Client)
			if err := talk.Over(t.Context(), &upgradable{TCPConn: dial(t, address), config: &tls.Config{InsecureSkipVerify: true}}, p); err != nil {
				t.Errorf("%v\n%s", err, p.Diff())
			}
			if got := strings.Join(secured, ", "); got != "tls of a test0" {
				t.Errorf("told %q", got)
			}
			if got := strings.Join(steps, " "); got != "server client server clienttls client clienteof server servereof" && got != "server client server clienttls client server clienteof servereof" {
				t.Errorf("done: %s", got)
			}
			if said := told(); len(said) > 0 {
				t.Errorf("the server told %v", said)
			}
			if name != "one of several" {
				return
			}
			conn := dial(t, address)
			read(t, conn, len("220 hi\r\n"))
			io.WriteString(conn, "STARTTLS\r\n")
			read(t, conn, len("220 go\r\n"))
			io.WriteString(conn, "NOOP me\r\n")
			if got, err := io.ReadAll(conn); string(got) != "500 clear\r\n" || err != nil {
				t.Errorf("in clear: %q, %v", got, err)
			}
		})
	}
}

// A handshake that goes otherwise than recorded is told as such, and one that failed when
// it was recorded has to fail.
func TestUpgradesThatGoOtherwise(t *testing.T) {
	failed := strings.Split(mail, toldTLS)[0] + ">> server failed \"the certificate is not for mx\"\n"
	trusting, wary := &tls.Config{InsecureSkipVerify: true}, &tls.Config{ServerName: "mx"}
	for _, c := range []struct {
		name, recorded, live string
		config               *tls.Config
		want                 string // of the client
		diff                 string
		told                 string // of the server
	}{
		{"refused", mail, mail, wary, `f:9: byte 16 of the server's stream: expected server tls "tls 1.3, of a test", got server failed "tls: failed to verify certificate: `,
			"- >> server tls \"tls 1.3, of a test\"\n+ >> server failed \"tls: failed", `expected server tls "tls 1.3, of a test", got server failed "tls: bad certificate"`},
		{"refused, as recorded", failed, mail, wary, "", "", `got server failed "tls: bad certificate"`},
		{"taken, and refused when it was recorded", failed, mail, trusting, `expected server failed "the certificate is not for mx", got server tls "tls of a test"`,
			"- >> server failed \"the certificate is not for mx\"\n+ >> server tls \"tls of a test\"\n", "the end of the client's stream"},
		{"a server that fails", mail, failed, trusting, `expected server tls "tls 1.3, of a test", got server failed "EOF"`, "", ""},
		{"a server that fails, as recorded", failed, failed, trusting, "", "", ""},
		{"a server that does not know it", mail, asksTLS + ">> server \"220 go\\r\\n\"\n>> server eof\n", trusting, `got server failed "EOF"`, "", "expected the end of the client's stream, got"},
	} {
		t.Run(c.name, func(t *testing.T) {
			differs := make(chan string, 1)
			address, _ := serve(t, &Server{Script: script(t, c.live), StartTLS: serverTLS(t), Fast: true, Mismatch: func(_ net.Addr, m *Mismatch) bool {
				differs <- m.Error()
				return false
			}})
			p := script(t, c.recorded).Play(core.Client)
			err := Talk{Fast: true, Timeout: long}.Over(t.Context(), &upgradable{TCPConn: dial(t, address), config: c.config}, p)
			var m *Mismatch
			if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &m) || !strings.Contains(m.Error(), c.want)) {
				t.Errorf("%v; want %s", err, c.want)
			}
			if d := p.Diff(); !strings.Contains(d, c.diff) {
				t.Errorf("the difference:\n%s", d)
			}
			if m != nil && m.Cause == nil && strings.Contains(c.want, "got server failed") {
				t.Error("it has no cause")
			}
			if c.told == "" {
				return
			}
			if got := <-differs; !strings.Contains(got, c.told) {
				t.Errorf("the server: %s; want %s", got, c.told)
			}
		})
	}
	t.Run("a connection that cannot", func(t *testing.T) {
		address, _ := serve(t, &Server{Script: script(t, mail), StartTLS: serverTLS(t)})
		err := Talk{Fast: true, Timeout: long}.Over(t.Context(), dial(t, address), script(t, mail).Play(core.Client))
		if err == nil || !strings.Contains(err.Error(), "this connection cannot be upgraded to TLS") {
			t.Error(err)
		}
	})
}

// What a server says in clear before the handshake is dropped, and told.
func TestEarlyBytesAreDropped(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	config := serverTLS(t)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		lines := bufio.NewReader(conn)
		io.WriteString(conn, "220 hi\r\n")
		lines.ReadString('\n')
		io.WriteString(conn, "220 go\r\nEVIL\r\n")
		over := tls.Server(conn, config)
		lines = bufio.NewReader(over)
		lines.ReadString('\n')
		io.WriteString(over, "250 ok\r\n")
		io.Copy(io.Discard, lines)
		over.CloseWrite()
	}()
	dropped := 0
	talk := Talk{Fast: true, Timeout: long, Secured: func(_ string, early int) { dropped = early }}
	p := script(t, mail).Play(core.Client)
	if err := talk.Over(t.Context(), &upgradable{TCPConn: dial(t, l.Addr().String()), config: &tls.Config{InsecureSkipVerify: true}}, p); err != nil {
		t.Errorf("%v\n%s", err, p.Diff())
	}
	if dropped != len("EVIL\r\n") {
		t.Errorf("dropped %d bytes", dropped)
	}
}

// A context that ends during the handshake ends the talk of either side.
func TestContextEndsUpgrade(t *testing.T) {
	s := script(t, ">> server \"220 go\\r\\n\"\n>> client start-tls\n"+toldTLS)
	address, told := serve(t, &Server{Script: s, StartTLS: serverTLS(t)})
	silent := dial(t, address)
	defer silent.Close()
	read(t, silent, len("220 go\r\n"))
	silent.Write([]byte{hello, 3, 1, 1}) // and no more of it
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error)
	go func() {
		over <- Talk{Timeout: long}.Over(ctx, &upgradable{TCPConn: dial(t, l.Addr().String()), config: &tls.Config{InsecureSkipVerify: true}}, s.Play(core.Client))
	}()
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	io.WriteString(peer, "220 go\r\n")
	if _, err := peer.Read(make([]byte, 1)); err != nil { // the handshake has begun
		t.Fatal(err)
	}
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := told(); len(got) > 0 {
		t.Errorf("told %v", got)
	}
}

// Another recording fits only if it upgrades in the same place.
func TestUpgradesFit(t *testing.T) {
	s := script(t, mail)
	if m := s.Fit(script(t, strings.ReplaceAll(mail, "of a test", "of another"))); m != nil {
		t.Error(m)
	}
	clear := strings.ReplaceAll(strings.ReplaceAll(mail, toldTLS, ""), ">> client start-tls\n", "")
	for name, other := range map[string]string{
		"in clear":  clear,
		"failed":    strings.Split(mail, toldTLS)[0] + ">> server failed \"x\"\n",
		"too early": strings.Replace(mail, ">> server \"220 go\\r\\n\"\n>> client start-tls\n"+toldTLS, ">> client start-tls\n"+toldTLS+">> server \"220 go\\r\\n\"\n", 1),
		"more":      strings.Replace(mail, "220 go\\r\\n", "220 go\\r\\nmore", 1),
	} {
		if s.Fit(script(t, other)) == nil {
			t.Errorf("%s: it fits", name)
		}
	}
	if script(t, clear).Fit(s) == nil {
		t.Error("an upgrade fits a recording in clear")
	}
}
