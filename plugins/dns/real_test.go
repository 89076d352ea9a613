package dns

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/protocol-workbench/workbench/core"
)

// nameServer starts NSD for the zones in testdata, which it lets everybody on this machine
// have, and returns its address for TCP and UDP.
func nameServer(t *testing.T) (address string) {
	t.Helper()
	path, err := exec.LookPath("nsd")
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/nsd"); err != nil {
			t.Fatal("nsd is missing; scripts/deps.sh installs what the tests need")
		}
	}
	zones, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	var said string
	for range 5 { // the port may be another's by then
		dir := t.TempDir()
		free, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address = free.Addr().String()
		free.Close()
		_, port, _ := net.SplitHostPort(address)
		conf := filepath.Join(dir, "conf")
		text := strings.NewReplacer("DIR", dir, "PORT", port, "ZONES", zones).Replace(`server:
  ip-address: 127.0.0.1@PORT
  username: ""
  chroot: ""
  database: ""
  zonesdir: "ZONES"
  pidfile: "DIR/pid"
  xfrdfile: "DIR/xfrd"
  xfrdir: "DIR"
  zonelistfile: "DIR/list"
  server-count: 1
  verbosity: 1
remote-control:
  control-enable: no
zone:
  name: example.test
  zonefile: example.test.zone
  provide-xfr: 127.0.0.1 NOKEY
zone:
  name: small.test
  zonefile: small.test.zone
  provide-xfr: 127.0.0.1 NOKEY
`)
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if said = serves(t, exec.Command(path, "-d", "-c", conf)); said == "" {
			return address
		}
	}
	t.Fatalf("nsd ended: %s", said)
	return ""
}

// serves starts the server and waits until it serves. It returns what was said if it ends
// before.
func serves(t *testing.T, cmd *exec.Cmd) (said string) {
	t.Helper()
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var log []byte
	for buf := make([]byte, 4096); !bytes.Contains(log, []byte("nsd started")); {
		n, err := out.Read(buf)
		if log = append(log, buf[:n]...); err != nil {
			cmd.Wait()
			return fmt.Sprintf("%v\n%s", err, log)
		}
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		io.Copy(io.Discard, out) // until it and the processes that it has started end
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		<-drained
		cmd.Wait()
	})
	return ""
}

// session types lines in a session with the server, one after the answer to the one before,
// and returns what is shown for each.
func session(t *testing.T, network, address string, lines ...string) (shown []string) {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	end := core.ServerStream
	if network == "udp" {
		end = core.ServerDatagrams
	}
	m, buf := open(t, core.Messages, end), make([]byte, core.MaxDecodedEvent)
	for _, line := range lines {
		shown = append(shown, "")
		last := &shown[len(shown)-1]
		for ev := typed(line); ; {
			var out core.Out
			if err := m.Handle(ev, &out); err != nil || out.Err() != nil {
				t.Fatal(line, err, out.Err())
			}
			for i := range out.Len() {
				switch a := out.Action(i); a.Kind {
				case core.SendServer:
					if _, err := conn.Write(a.Data); err != nil {
						t.Fatal(err)
					}
				case core.SendText:
					*last += string(a.Data) + "\n"
				}
			}
			if *last != "" && len(m.pending) == 0 {
				break
			}
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("no answer to %s: %v", line, err)
			}
			ev = core.Event{Kind: core.ServerBytes, Data: buf[:n]}
		}
	}
	return shown
}

// What is shown is what dig shows, byte for byte, but for what dig says about itself and
// empty lines. A transfer too.
func TestShownAsByDig(t *testing.T) {
	address := nameServer(t)
	_, port, _ := net.SplitHostPort(address)
	var lines []string
	var batch strings.Builder
	for i, words := range []string{
		"example.test", "AAAA example.test", "example.test MX", "SOA example.test +norec", "NS example.test", "CAA example.test",
		"www.example.test", "TXT text.example.test", "SRV _imap._tcp.example.test", "TLSA _443._tcp.www.example.test",
		"NAPTR naptr.example.test", "DNAME alias.example.test", "A x.alias.example.test", "DS sub.example.test", "A x.sub.example.test",
		"DNSKEY key.example.test", "HTTPS svc.example.test", "SSHFP ssh.example.test", "HINFO host.example.test",
		"TYPE65280 new.example.test", "A a-name-that-is-longer-than-a-column.example.test", `A odd\.label\032here.example.test`,
		"nothing.example.test", "example.net", "TXT big.example.test", "-x 192.0.2.1", "CH TXT version.server +edns", "A example.test +do", "A web.example.test +bufsize=4096 +nsid",
		"AXFR example.test",
	} {
		lines = append(lines, fmt.Sprintf("%s +id=%d", words, 1000+i))
		fmt.Fprintf(&batch, "%s +qid=%d\n", words, 1000+i)
	}
	file := filepath.Join(t.TempDir(), "batch")
	if err := os.WriteFile(file, []byte(batch.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("dig", "@127.0.0.1", "-p", port, "+tcp", "+noad", "+noedns", "+nocookie", "+nosplit", "+nocmd", "+tries=1", "+time=60", "-f", file).CombinedOutput()
	if err != nil {
		t.Fatalf("dig: %v\n%s", err, out)
	}
	got := session(t, "tcp", address, lines...)
	if diff := cmp.Diff(ofDig(string(out)), ofDig(strings.Join(got, "\n"))); diff != "" {
		t.Errorf("(-dig +shown):\n%s", diff)
	}
}

// ofDig leaves out the lines that dig says about itself, and empty ones.
func ofDig(text string) (lines []string) {
	for line := range strings.Lines(text) {
		about := line == "\n" || strings.HasPrefix(line, "; <<>>")
		for _, words := range []string{"Got answer:", "WARNING: recursion requested but not available", "Query time:", "SERVER:", "WHEN:", "MSG SIZE", "global options:"} {
			about = about || strings.HasPrefix(line, ";; "+words)
		}
		if !about {
			lines = append(lines, line)
		}
	}
	return lines
}

// A datagram does not take all of an answer, and says so; by TCP it comes whole.
func TestTruncated(t *testing.T) {
	address := nameServer(t)
	cut := session(t, "udp", address, "TXT big.example.test")[0]
	whole := session(t, "tcp", address, "TXT big.example.test")[0]
	if !strings.Contains(cut, " tc") || !strings.Contains(cut, truncatedWords[:len(truncatedWords)-1]) || strings.Contains(cut, "wrong") || strings.Contains(cut, "cccc") {
		t.Errorf("by UDP:\n%s", cut)
	}
	if strings.Contains(whole, " tc") || strings.Contains(whole, "wrong") || !strings.Contains(whole, "cccc") {
		t.Errorf("by TCP:\n%s", whole)
	}
}

// The session in the mode's page goes as it says there.
func TestDocumentedSession(t *testing.T) {
	page, err := os.ReadFile("../../docs/modes/dns.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```session\n")
	said, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no session")
	}
	var lines, want []string
	for line := range strings.Lines(said) {
		if words, ok := strings.CutPrefix(line, "> "); ok {
			lines, want = append(lines, strings.TrimSuffix(words, "\n")), append(want, "")
			continue
		}
		want[len(want)-1] += line
	}
	if len(lines) < 3 {
		t.Fatalf("%d lines are typed in it", len(lines))
	}
	got := session(t, "tcp", nameServer(t), lines...)
	for i, line := range lines {
		if want[i] != got[i] {
			t.Errorf("> %s\nshows\n%s\nand the page says\n%s", line, got[i], want[i])
		}
	}
}
