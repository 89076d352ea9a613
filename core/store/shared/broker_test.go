package shared

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"
)

// brokerOptions, in the environment, has the test's program be a server of a broker.
const brokerOptions = "WORKBENCH_TEST_BROKER"

// brokerServer is what a server is told.
type brokerServer struct {
	Name, Dir    string
	Port, Routes int
	Others       []int  // ports of the routes of all servers
	Nkey         string // that it lets in; "": whoever comes
	Cert, Key    string // files; "": it has no TLS
}

func TestMain(m *testing.M) {
	if options := os.Getenv(brokerOptions); options != "" {
		serveBroker(options)
		return
	}
	if options := os.Getenv(gatewayOptions); options != "" {
		runGateway(options)
		return
	}
	goleak.VerifyTestMain(m)
}

func serveBroker(options string) {
	var b brokerServer
	if err := json.Unmarshal([]byte(options), &b); err != nil {
		panic(err)
	}
	o := &server.Options{
		ServerName: b.Name, Host: "127.0.0.1", Port: b.Port, JetStream: true, StoreDir: b.Dir,
		NoSigs: true, NoLog: true, MaxPayload: 1 << 20,
	}
	if b.Nkey != "" {
		o.Nkeys = []*server.NkeyUser{{Nkey: b.Nkey}}
	}
	if b.Cert != "" {
		var err error
		if o.TLSConfig, err = server.GenTLSConfig(&server.TLSConfigOpts{CertFile: b.Cert, KeyFile: b.Key}); err != nil {
			panic(err)
		}
		o.TLS, o.TLSTimeout = true, 10
	}
	if len(b.Others) > 0 {
		o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: b.Routes}
		for _, port := range b.Others {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)})
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		panic(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		panic("the broker does not start")
	}
	fmt.Println("ready")
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	go func() {
		io.Copy(io.Discard, os.Stdin) // ends with the test
		end <- syscall.SIGTERM
	}()
	<-end
	s.Shutdown()
	s.WaitForShutdown()
}

// broker is servers in processes of their own.
type broker struct {
	t       testing.TB
	servers []brokerServer
	running []*exec.Cmd
}

// newBroker starts a broker of so many servers.
func newBroker(t testing.TB, servers int) *broker {
	t.Helper()
	b := &broker{t: t, running: make([]*exec.Cmd, servers)}
	var routes []int
	for i := range servers {
		s := brokerServer{Name: fmt.Sprintf("server%d", i), Dir: t.TempDir(), Port: freePort(t), Routes: freePort(t)}
		b.servers = append(b.servers, s)
		routes = append(routes, s.Routes)
	}
	if servers > 1 {
		for i := range b.servers {
			b.servers[i].Others = routes
		}
	}
	for i := range servers {
		b.start(i)
	}
	t.Cleanup(func() {
		for i := range b.running {
			b.kill(i)
		}
	})
	return b
}

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (b *broker) start(i int) {
	b.t.Helper()
	options, err := json.Marshal(b.servers[i])
	if err != nil {
		b.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), brokerOptions+"="+string(options))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.running[i] = cmd
	_ = in // open as long as this process runs
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		b.t.Fatalf("server %d: %q, %v", i, line, err)
	}
}

// kill ends a server as kill -9 does.
func (b *broker) kill(i int) {
	if cmd := b.running[i]; cmd != nil {
		cmd.Process.Kill()
		cmd.Wait()
		b.running[i] = nil
	}
}

func (b *broker) urls() (urls []string) {
	for _, s := range b.servers {
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", s.Port))
	}
	return urls
}

// leader returns the number of the server that leads the tenant's stream, if one does.
func (b *broker) leader(l *Log) (number int, ok bool) {
	info, err := l.stream.Info(b.t.Context())
	if err != nil || info.Cluster == nil {
		return 0, false
	}
	number = slices.IndexFunc(b.servers, func(s brokerServer) bool { return s.Name == info.Cluster.Leader })
	return number, number >= 0
}

// openLog opens a log that is quick to do what it does late.
func openLog(t testing.TB, tenant, gateway string, urls []string, tune ...func(*Log)) *Log {
	t.Helper()
	var words io.Writer = io.Discard
	if testing.Verbose() {
		words = t.Output()
	}
	tuned := func(l *Log) {
		l.shipEvery = 5 * time.Millisecond
		for _, do := range tune {
			do(l)
		}
	}
	l, err := Open(Config{Servers: urls, Tenant: tenant, Gateway: gateway, tune: tuned, Log: slog.New(slog.NewTextHandler(words, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.stop()
		l.running.Wait()
		l.nc.Close()
	})
	return l
}

// openTenant opens a log of the test's own.
func openTenant(t testing.TB, gateway string, b *broker, tune ...func(*Log)) *Log {
	t.Helper()
	return openLog(t, fmt.Sprintf("t%x", crc32.ChecksumIEEE([]byte(t.Name()))), gateway, b.urls(), tune...)
}

// eventually waits for a condition that the broker makes true.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after a minute: not %s", strings.TrimSpace(what))
		}
	}
}
