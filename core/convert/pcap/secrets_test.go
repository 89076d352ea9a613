package pcap

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// tapped records what is written to it as what a watching tap sees of a client.
type tapped struct {
	net.Conn
	kind core.EventKind
	mu   *sync.Mutex
	t    *transcript.Transcript
}

func (c tapped) Write(b []byte) (int, error) {
	c.mu.Lock()
	c.t.Entries = append(c.t.Entries, transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: c.kind, Data: bytes.Clone(b)}})
	c.mu.Unlock()
	return c.Conn.Write(b)
}

// overTLS returns a recording of an HTTP request over TLS, its encrypted records, and the
// secrets of that connection.
func overTLS(t *testing.T, version uint16) (*transcript.Transcript, []byte) {
	t.Helper()
	own, err := target.SelfSigned("test")
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	tr := &transcript.Transcript{Mode: "raw", Client: core.Stream, Watch: true, Target: "127.0.0.1:8443"}
	var mu sync.Mutex
	var secrets bytes.Buffer
	client := tls.Client(tapped{near, core.ClientBytes, &mu, tr}, &tls.Config{InsecureSkipVerify: true, KeyLogWriter: &secrets, MaxVersion: version})
	server := tls.Server(tapped{far, core.ServerBytes, &mu, tr}, &tls.Config{Certificates: []tls.Certificate{own.Pair()}})
	done := make(chan error, 1)
	go func() {
		request := make([]byte, len(request))
		_, err := io.ReadFull(server, request)
		if err == nil {
			_, err = io.WriteString(server, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhidden")
		}
		done <- err
	}()
	_, err = io.WriteString(client, request)
	if err == nil {
		_, err = io.ReadFull(client, make([]byte, len("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhidden")))
	}
	if err = errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	near.Close()
	far.Close()
	return tr, secrets.Bytes()
}

const request = "GET /what-crossed HTTP/1.1\r\nHost: a\r\n\r\n"

// decrypted returns what tshark reads in a capture.
func decrypted(t *testing.T, file string, flags ...string) string {
	t.Helper()
	cmd := exec.Command(program(t, "tshark", "tshark"), append(flags, "-n", "-r", file, "-Y", "http", "-T", "fields", "-e", "http.request.uri", "-e", "http.file_data")...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Wireshark decrypts what a tap saw by the secrets in the capture, as it does by those that
// are given beside it or are put into it later.
func TestSecretsDecrypt(t *testing.T) {
	for name, version := range map[string]uint16{"TLS 1.3": tls.VersionTLS13, "TLS 1.2": tls.VersionTLS12} {
		t.Run(name, func(t *testing.T) {
			tr, log := overTLS(t, version)
			_, others := overTLS(t, version)
			dir := t.TempDir()
			keys, plain, carries, injected := filepath.Join(dir, "keys"), filepath.Join(dir, "plain.pcapng"), filepath.Join(dir, "carries.pcapng"), filepath.Join(dir, "injected.pcapng")
			all := append(append([]byte("# a comment\n"+strings.Repeat("x", 3*maxLine)+"\n"), others...), log...)
			secrets, err := SecretsOf(tr, bytes.NewReader(all))
			if err != nil || string(secrets) != string(log) {
				t.Fatalf("the secrets are\n%s, %v; want\n%s", secrets, err, log)
			}
			var out bytes.Buffer
			if err := WriteWith(&out, tr, secrets); err != nil {
				t.Fatal(err)
			}
			for file, data := range map[string][]byte{keys: log, plain: written(t, tr), carries: out.Bytes()} {
				if err := os.WriteFile(file, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if out, err := exec.Command(program(t, "editcap", "wireshark-common"), "--inject-secrets", "tls,"+keys, plain, injected).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if got := decrypted(t, plain); got != "" {
				t.Errorf("without secrets it reads %q", got)
			}
			for how, got := range map[string]string{
				"in the capture": decrypted(t, carries), "beside it": decrypted(t, plain, "-o", "tls.keylog_file:"+keys), "put into it": decrypted(t, injected),
			} {
				if !strings.Contains(got, "/what-crossed") {
					t.Errorf("%s: it reads %q", how, got)
				}
			}
		})
	}
}

// Secrets of other connections stay where they are, and a recording without TLS records
// takes none.
func TestSecretsOfOthers(t *testing.T) {
	tr, _ := overTLS(t, tls.VersionTLS13)
	_, others := overTLS(t, tls.VersionTLS13)
	if _, err := SecretsOf(tr, bytes.NewReader(others)); err != ErrNoSecrets {
		t.Error(err)
	}
	for _, said := range []string{"", "\x16\x03", "GET / HTTP/1.0\r\n\r\n", strings.Repeat("\x16\x03", 100)} {
		clear := &transcript.Transcript{Mode: "raw", Entries: []transcript.Entry{{Dir: transcript.Action, Action: core.Action{Kind: core.SendServer, Data: []byte(said)}}}}
		if _, err := SecretsOf(clear, bytes.NewReader(others)); err != ErrNoHandshake {
			t.Errorf("%q: %v", said, err)
		}
	}
}
