package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/target"
)

// playedGateway is a gateway that listens and dials, with recordings.
type playedGateway struct {
	recorded
	g       *Gateway
	all     store.Store
	audited recordsOf
}

func newPlayed(t *testing.T) playedGateway {
	t.Helper()
	folder, err := store.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	config := testGateway().Config
	config.Transcripts = folder
	audited := make(recordsOf, 100)
	config.Audit = slog.New(slog.NewJSONHandler(audited, nil))
	config.Listen = func(at netip.AddrPort) (net.Listener, error) {
		if at.Port() == 1 {
			return nil, errors.New("listen on 127.0.0.1:1: permission denied")
		}
		return net.Listen("tcp", "127.0.0.1:0")
	}
	config.Dial = func(ctx context.Context, to target.Target, s target.Security) (Server, error) {
		conn, err := (&target.Dialer{}).Dial(ctx, to, s)
		if err != nil {
			return nil, err
		}
		return conn, nil
	}
	g := New(config)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- g.Serve(l) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		g.Stop(context.Background())
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
		folder.Close()
	})
	return playedGateway{recorded{nil, t, "http://" + l.Addr().String()}, g, folder, audited}
}

// recordsOf gets each record of the audit log.
type recordsOf chan string

func (r recordsOf) Write(line []byte) (int, error) {
	r <- string(line)
	return len(line), nil
}

// put keeps a recording of these entries.
func (p playedGateway) put(entries string) string {
	p.t.Helper()
	id, err := transcripts{p.all, p.g}.keep("s1", []byte("workbench transcript v1\nmode raw\ntarget \"h:1\"\n\n"+entries))
	if err != nil {
		p.t.Fatal(err)
	}
	return id
}

// playStream is what a page is told of a play.
type playStream struct {
	t     *testing.T
	lines *bufio.Scanner
	close func()
}

func (p playedGateway) play(path, body string) playStream {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	request, _ := http.NewRequestWithContext(ctx, "POST", p.url+"/api/transcripts/"+path, strings.NewReader(body))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	if response.StatusCode != 200 {
		text, _ := io.ReadAll(response.Body)
		p.t.Fatalf("%d %s", response.StatusCode, text)
	}
	end := func() { cancel(); response.Body.Close() }
	p.t.Cleanup(end)
	return playStream{p.t, bufio.NewScanner(response.Body), end}
}

// next returns the next event; which says what it should be.
func (s playStream) next(which string) (e playEvent) {
	s.t.Helper()
	if !s.lines.Scan() {
		s.t.Fatalf("no more events, %v; want %s", s.lines.Err(), which)
	}
	if err := json.Unmarshal(s.lines.Bytes(), &e); err != nil || e.Event != which {
		s.t.Fatalf("%s, %v; want %s", s.lines.Text(), err, which)
	}
	return e
}

const smtp = `-- recorded now
>> server "220 hi\r\n"
<< server "EHLO\r\n"
~~ match "id [0-9]+\r\n"
>> server "250 id 7\r\n"
<< server "QUIT\r\n"
>> server "221 bye\r\n"
>> server eof
`

// converse connects, and says lines, each once something has come.
func converse(t *testing.T, address string, lines ...string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, line := range lines {
		if _, err := in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, line+"\r\n")
	}
	io.Copy(io.Discard, in)
}

func TestARecordingIsPlayedAsServer(t *testing.T) {
	p := newPlayed(t)
	id := p.put(smtp)
	s := p.play(id+"/play/server", `{"fast":true}`)
	listening := s.next("listening")
	if listening.Steps != 7 || !strings.HasPrefix(listening.Address, "127.0.0.1:") {
		t.Errorf("%+v", listening)
	}
	converse(t, listening.Address, "EHLO", "QUIT")
	client := s.next("connected").Client
	var last playEvent
	for n := range 7 {
		if last = s.next("step"); last.Client != client || last.Steps != n+1 {
			t.Errorf("%+v", last)
		}
	}
	s.next("closed")
	if e := s.next("ended"); e.Client != client || e.Result != "same" || e.File != id || e.Steps != 7 {
		t.Errorf("%+v", e)
	}

	converse(t, listening.Address, "HELP")
	s.next("connected")
	s.next("step")
	if e := s.next("mismatch"); e.At != 3 || e.N != 1 || *e.Offset != 0 || e.From != "client" || e.Want != `"EHLO\r\n"` || e.Got != `"H"` {
		t.Errorf("%+v", e)
	}
	s.next("closed")
	if e := s.next("ended"); e.Result != "different" || e.Mismatches != 1 || e.Steps != 1 {
		t.Errorf("%+v", e)
	}
	s.close()
	p.gone(listening.Address)
}

// gone waits until nobody listens there any more.
func (p playedGateway) gone(address string) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		conn.Close()
		if time.Now().After(deadline) {
			p.t.Fatal("it still listens")
		}
	}
}

func TestAStopEndsPlays(t *testing.T) {
	p := newPlayed(t)
	s := p.play(p.put(smtp)+"/play/server", `{}`)
	address := s.next("listening").Address
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s.next("connected")
	if err := p.g.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	for s.lines.Scan() {
	}
	p.gone(address)
}

func TestSeveralRecordingsArePlayedInAnyOrder(t *testing.T) {
	p := newPlayed(t)
	a, b := p.put("<< server \"A\\r\\n\"\n>> server \"a\\r\\n\"\n>> server eof\n"), p.put("<< server \"B\\r\\n\"\n>> server \"b\\r\\n\"\n>> server eof\n")
	s := p.play(a+"/play/server", `{"more":["`+b+`"]}`)
	address := s.next("listening").Address
	for line, id := range map[string]string{"B": b, "A": a} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, line+"\r\n")
		if got, err := io.ReadAll(conn); string(got) != strings.ToLower(line)+"\r\n" {
			t.Errorf("%q, %v", got, err)
		}
		conn.Close()
		s.next("connected")
		s.next("closed")
		if e := s.next("ended"); e.File != id || e.Result != "same" {
			t.Errorf("%s: %+v", line, e)
		}
	}
}

func TestARecordingIsPlayedAsClient(t *testing.T) {
	p := newPlayed(t)
	id := p.put(smtp)
	server := p.play(id+"/play/server", `{"fast":true}`)
	s := p.play(id+"/play/client", `{"to":"`+server.next("listening").Address+`"}`)
	if e := s.next("dialling"); e.Steps != 7 {
		t.Errorf("%+v", e)
	}
	s.next("connected")
	for _, want := range []string{`220 hi`, `EHLO`, `250 id 7`, `QUIT`, `221 bye`, `"kind":"eof"`, `"kind":"eof"`} {
		if e := s.next("step"); !strings.Contains(string(e.Entry), want) {
			t.Errorf("%s; want %s", e.Entry, want)
		}
	}
	if e := s.next("ended"); e.Result != "same" || e.Answers != 3 || e.Steps != 7 {
		t.Errorf("%+v", e)
	}
	if s.lines.Scan() {
		t.Errorf("more: %s", s.lines.Text())
	}

	record := <-p.audited
	for !strings.Contains(record, `"msg":"dial"`) {
		record = <-p.audited
	}
	if !strings.Contains(record, `"outcome":"connected"`) || !strings.Contains(record, `"play":"`+id+`"`) {
		t.Errorf("the record: %s", record)
	}

	other := p.play(p.put(strings.Replace(smtp, "~~ match \"id [0-9]+\\r\\n\"\n>> server \"250 id 7", ">> server \"550 no", 1))+"/play/server", `{"goOn":true}`)
	s = p.play(id+"/play/client", `{"to":"`+other.next("listening").Address+`"}`)
	s.next("dialling")
	s.next("connected")
	s.next("step")
	s.next("step")
	if e := s.next("mismatch"); e.At != 4 || e.Want != `"250 "` || !strings.Contains(e.Diff, "\n- >> server \"250 id 7") {
		t.Errorf("%+v", e)
	}
	if e := s.next("ended"); e.Result != "different" {
		t.Errorf("%+v", e)
	}

	s = p.play(id+"/play/client", `{"to":"127.0.0.1:1"}`)
	s.next("dialling")
	if e := s.next("ended"); e.Result != "failed" || e.Code != "refused" || e.Error == "" {
		t.Errorf("%+v", e)
	}
}

func TestWhatIsNotPlayed(t *testing.T) {
	p := newPlayed(t)
	id := p.put(smtp)
	for _, test := range []struct {
		path, body string
		status     int
		words      string
	}{
		{id + "/play/server", `{"port":70000}`, 400, "port"},
		{id + "/play/server", `{"prot":1}`, 400, "prot"},
		{id + "/play/server", `{"port":1}`, 409, "permission denied"},
		{id + "/play/server", `{"more":["none"]}`, 404, "no such transcript"},
		{"none/play/server", `{}`, 404, "no such transcript"},
		{p.put("~~ use id\n>> server \"x\"\n") + "/play/server", `{}`, 422, "id"},
		{id + "/play/client", `{}`, 400, "to is missing"},
		{id + "/play/client", `{"to":"h:1","seconds":-1}`, 400, "more than 0"},
		{id + "/play/client", `{"to":"nonsense://h"}`, 400, "nonsense"},
		{id + "/play/client", `{"to":"h:1","tls":{"verify":"none"}}`, 400, "tls.verify"},
		{id + "/play/client", `{"to":"tls://h:1","tls":{"verify":"no"}}`, 400, "verify"},
		{"none/play/client", `{"to":"h:1"}`, 404, "no such transcript"},
	} {
		response, body := p.ask("POST", "/api/transcripts/"+test.path, strings.NewReader(test.body))
		if response.StatusCode != test.status || !strings.Contains(body, test.words) {
			t.Errorf("%s %s: %d %s", test.path, test.body, response.StatusCode, body)
		}
	}
	if response, _ := p.ask("POST", "/api/transcripts/"+id+"/play/server", strings.NewReader("{}"), "Origin", "http://evil.example"); response.StatusCode != 403 {
		t.Errorf("another page may play: %d", response.StatusCode)
	}
	for range maxPlays {
		p.play(id+"/play/server", `{}`).next("listening")
	}
	if response, body := p.ask("POST", "/api/transcripts/"+id+"/play/server", strings.NewReader(`{}`)); response.StatusCode != 503 || !strings.Contains(body, "4 recordings are being played") {
		t.Errorf("one too many: %d %s", response.StatusCode, body)
	}
}

// A played server turns connections away that are too many, and tells so.
func TestAPlayedServerHasABound(t *testing.T) {
	p := newPlayed(t)
	s := p.play(p.put(smtp)+"/play/server", `{"fast":true}`)
	address := s.next("listening").Address
	for range maxPlayClients {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for s.lines.Scan() && !strings.Contains(s.lines.Text(), `"turned-away"`) {
	}
	if err := s.lines.Err(); err != nil {
		t.Error(err)
	}
	if got, _ := io.ReadAll(conn); len(got) > 0 {
		t.Errorf("it is served: %q", got)
	}
}
