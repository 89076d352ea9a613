package ftp

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core/practice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for a server on a busy machine.
const patience = 3 * time.Minute

// talk is a session with a server within the test's process.
type talk struct {
	t     *testing.T
	conn  net.Conn
	lines *bufio.Reader
	stop  context.CancelFunc
	ended chan error
}

// connect has a server serve a connection until the test ends, and reads the greeting.
func connect(t *testing.T, s *Server) *talk {
	t.Helper()
	near, far, err := practice.Pair()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	k := &talk{t: t, conn: near, lines: bufio.NewReader(near), stop: stop, ended: make(chan error, 1)}
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
	k.hears("220 ")
	return k
}

// hears reads replies, and returns the last. Each begins as wanted.
func (k *talk) hears(wants ...string) (last string) {
	k.t.Helper()
	for _, want := range wants {
		reply := ""
		for last = ""; len(last) < 4 || last[3] != ' ' || last[0] == ' '; {
			line, err := k.lines.ReadString('\n')
			if err != nil {
				k.t.Fatalf("%q, then %v; want %q", reply+line, err, want)
			}
			last = strings.TrimSuffix(line, "\r\n")
			reply += last + "\n"
		}
		if !strings.HasPrefix(reply, want) {
			k.t.Errorf("got %q, want %q", reply, want)
		}
	}
	return last
}

// says says a line, and reads the replies to it.
func (k *talk) says(line string, wants ...string) (last string) {
	k.t.Helper()
	fmt.Fprintf(k.conn, "%s\r\n", line)
	return k.hears(wants...)
}

func (k *talk) logsIn() *talk {
	k.t.Helper()
	k.says("USER alice", "331 ")
	k.says("PASS wonderland", "230 ")
	k.says("TYPE I", "200 ")
	return k
}

// passive opens a data connection.
func (k *talk) passive() net.Conn {
	k.t.Helper()
	var port int
	last := k.says("EPSV", "229 ")
	if _, err := fmt.Sscanf(last[strings.IndexByte(last, '('):], "(|||%d|)", &port); err != nil {
		k.t.Fatal(last, err)
	}
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// left returns how many files were put there, and the bytes that are counted.
func left(f *Files) (count, bytes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.nodes), f.bytes
}

// gets fetches what a command sends.
func (k *talk) gets(command string) string {
	k.t.Helper()
	data := k.passive()
	k.says(command, "150 ")
	got, err := io.ReadAll(data)
	if err != nil {
		k.t.Error(err)
	}
	k.hears("226 ")
	return string(got)
}

// puts sends a file.
func (k *talk) puts(command, content string, wants ...string) {
	k.t.Helper()
	data := k.passive()
	k.says(command, "150 ")
	io.WriteString(data, content)
	data.Close()
	k.hears(wants...)
}

// What is wrong, or out of order, is told what comes first.
func TestAnswersTeach(t *testing.T) {
	s := &Server{Files: NewFiles(nil)}
	k := connect(t, s)
	for _, c := range []struct{ say, want string }{
		{"PASS wonderland", "503 Say USER first"},
		{"LIST", "530 Log in first: say USER and PASS, such as USER anonymous"},
		{"USER", "501 USER wants a name, such as USER alice, or USER anonymous"},
		{"USER alice", "331 "},
		{"PASS builder", "530 Wrong name or password; begin again with USER"},
		{"PASS wonderland", "503 Say USER first"},
		{"USER nobody", "331 "},
		{"PASS ", "530 "},
		{"user Alice", "331 "},
		{"PASS wonderland", "230 You are alice"},
		{"PASS wonderland", "503 You have logged in as alice"},
		{"PWD", `257 "/" is where you are`},
		{"PWD x", "501 PWD stands alone"},
		{"RETR", "501 RETR wants a file's name"},
		{"RETR readme.txt", "425 Say PASV or EPSV first: a file goes over a second connection"},
		{"LIST", "425 "},
		{"RETR letters", "550 /letters is a directory, not a file"},
		{"RETR nothing", "550 /nothing is not there; LIST shows what is"},
		{"STOR readme.txt", "550 /readme.txt is for reading alone; /upload is for your files"},
		{"STOR " + Upload + "/" + strings.Repeat("n", MaxName+1), "553 "},
		{"DELE readme.txt", "550 "},
		{"RMD upload", "550 "},
		{"CWD readme.txt", "550 /readme.txt is no directory"},
		{"CWD letters", "250 You are in /letters"},
		{"SIZE bob.txt", "213 92"}, // with two bytes for each line's end
		{"REST 5", "504 REST counts bytes of the file: say TYPE I first"},
		{"TYPE I", "200 "},
		{"SIZE bob.txt", "213 87"},
		{"MDTM bob.txt", "213 20240229120000"},
		{"REST -1", "501 "},
		{"REST 5", "350 "},
		{"TYPE E", "504 "},
		{"CDUP", "250 You are in /"},
		{"RNTO x", "503 Say RNFR first"},
		{"PORT 1,2,3", "501 PORT wants where you wait, in six numbers"},
		{"PORT 192,0,2,1,200,1", "504 You are at 127.0.0.1, and 192.0.2.1 is another: a server that connects to others"},
		{"EPRT |1|192.0.2.1|5000|", "504 You are at 127.0.0.1, and 192.0.2.1"},
		{"PORT 127,0,0,1,0,25", "504 Port 25 is below 1024"},
		{"PORT 127,0,0,1,200,1", "504 This server connects to nobody"},
		{"EPSV 2", "522 "},
		{"EPSV ALL", "200 "},
		{"PASV", "503 You have said EPSV ALL"},
		{"AUTH TLS", "502 There is no TLS here"},
		{"PROT P", "503 Say AUTH TLS, then PBSZ 0, first"},
		{"ABOR", "225 No transfer is under way"},
		{"STAT", "502 STAT is a command of FTP, but not done here"},
		{"GET /", "500 line 47 begins with no command of FTP; HELP lists them"},
		{"", "500 line 48 begins with no command"},
		{"NOOP\x00", "500 line 49 has byte 0x00"},
		{strings.Repeat("x", MaxLine), "500 line 50 has 1026 bytes; a command has at most 1024"},
		{"HELP", "214-Commands"},
		{"HELP stor", "214 STOR wants a file's name"},
		{"\xff\xf4\xff\xf2ABOR", "225 "},
		{"FEAT", "211-This server knows\n EPRT\n"},
		{"SYST", "215 UNIX"},
		{"QUIT", "221 "},
	} {
		k.says(c.say, c.want)
	}
	if err := <-k.ended; err != nil {
		t.Error(err)
	}
}

// A line that ends in LF alone is refused, unless the server is lenient.
func TestLineEnds(t *testing.T) {
	for _, lenient := range []bool{false, true} {
		k := connect(t, &Server{Files: NewFiles(nil), Lenient: lenient})
		io.WriteString(k.conn, "NOOP\n")
		k.hears(map[bool]string{false: "500 line 1 ended in LF alone at byte 5; FTP wants CR LF", true: "200 "}[lenient])
	}
}

// Files come and go, are made longer, moved and removed, and all of the room see them.
func TestFiles(t *testing.T) {
	s := &Server{Files: NewFiles(nil), Seed: "anna"}
	k := connect(t, s).logsIn()
	file, number := Student("anna")
	if got := k.gets("RETR /letters/" + file); !strings.Contains(got, number) {
		t.Errorf("%s holds %q", file, got)
	}
	k.says("MKD /upload/mine", `257 "/upload/mine"`)
	k.says("MKD /upload/mine", "550 /upload/mine is there already")
	k.says("CWD /upload/mine", "250 ")
	k.puts("STOR a b.bin", "one\r\n\x00two", "226 9 bytes came")
	k.puts("APPE a b.bin", " three", "226 6 bytes")
	k.says("REST 3", "350 ")
	k.puts("STOR a b.bin", "!", "226 ")
	k.puts("APPE a b.bin", "\n", "226 ")
	if got := k.gets("RETR a b.bin"); got != "one!\n" {
		t.Errorf("got %q", got)
	}
	k.says("REST 4", "350 ")
	if got := k.gets("RETR a b.bin"); got != "\n" {
		t.Errorf("from byte 4 on: %q", got)
	}
	k.says("TYPE A", "200 ")
	if got := k.gets("RETR a b.bin"); got != "one!\r\n" {
		t.Errorf("as text: %q", got)
	}
	k.puts("STOR text", "1\r\n2\r\n", "226 ")
	k.says("TYPE I", "200 ")
	if got := k.gets("RETR text"); got != "1\n2\n" {
		t.Errorf("a text that went up: %q", got)
	}
	k.says("RNFR /upload/mine", "350 ")
	k.says("RNTO /upload/mine/yours", "553 ")
	k.says("RNFR /upload/mine", "350 ")
	k.says("RNTO /upload/ours", "250 ")
	other := connect(t, &Server{Files: s.Files})
	other.says("USER anonymous", "331 ")
	other.says("PASS", "230 ")
	if got := other.gets("NLST /upload/ours"); got != "/upload/ours/a b.bin\r\n/upload/ours/text\r\n" {
		t.Errorf("NLST: %q", got)
	}
	if got := other.gets("NLST upload/ours/t*"); got != "upload/ours/text\r\n" {
		t.Errorf("NLST of a pattern: %q", got)
	}
	if got := other.gets("LIST -la"); strings.Count(got, "\r\n") != 4 || !strings.Contains(got, "drwxrwxrwx 1 practice  practice        0 Feb 29  2024 upload\r\n") {
		t.Errorf("LIST: %q", got)
	}
	if got := other.gets("MLSD letters"); strings.Count(got, "\r\n") != 4 || !strings.Contains(got, "type=file;size=87;modify=20240229120000; bob.txt\r\n") {
		t.Errorf("MLSD: %q", got)
	}
	other.says("RMD /upload/ours", "550 /upload/ours is not empty")
	other.says("DELE /upload/ours/a b.bin", "250 ")
	other.says("DELE /upload/ours/text", "250 ")
	other.says("RMD /upload/ours", "250 ")
	if count, bytes := left(s.Files); count != 0 || bytes != 0 {
		t.Errorf("%d bytes in %d files are left", bytes, count)
	}
}

// What does not fit is refused, and nothing of it is kept.
func TestUploadsAreBounded(t *testing.T) {
	s := &Server{Files: NewFiles(nil)}
	k := connect(t, s).logsIn()
	k.says("CWD upload", "250 ")
	put := func(name string, size int) error {
		d := &draft{files: s.Files}
		if err := d.add(make([]byte, size)); err != nil {
			return err
		}
		return d.put(Upload+"/"+name, "bob", 0)
	}
	if err := put("large", MaxFile+1); err != errTooLarge {
		t.Error(err)
	}
	for i := range MaxBytes / MaxFile {
		if err := put(fmt.Sprint(i), MaxFile); err != nil {
			t.Fatal(err)
		}
	}
	k.puts("STOR more", "x", "552 /upload/more has no room")
	k.says("DELE 1", "250 ")
	k.puts("APPE 0", "x", "552 /upload/0 would be larger than 4 MiB")
	k.says("REST 1", "350 ")
	k.puts("STOR new", "x", "554 /upload/new ends before the byte that REST has named")
	for i, _ := left(s.Files); i < MaxFiles; i++ {
		if err := put(fmt.Sprintf("small%d", i), 0); err != nil {
			t.Fatal(err)
		}
	}
	k.says("MKD one", "552 /upload/one has no room")
	k.says("STOR one", "552 ")
	k.says("RNFR 0", "350 ")
	k.says("RNTO one", "250 ")
	if _, bytes := left(s.Files); bytes != MaxBytes-MaxFile {
		t.Errorf("%d bytes are counted", bytes)
	}
}

// ABOR ends a transfer that is under way, and what had come is not kept.
func TestAbort(t *testing.T) {
	s := &Server{Files: NewFiles(nil)}
	k := connect(t, s).logsIn()
	data := k.passive()
	k.says("STOR /upload/a", "150 ")
	io.WriteString(data, "half")
	k.says("ABOR", "426 ", "226 ")
	k.says("SIZE /upload/a", "550 ")
	k.says("EPSV", "229 ")
	fmt.Fprint(k.conn, "LIST\r\nABOR\r\n") // nobody connects
	k.hears("426 ", "226 ")
	k.says("NOOP", "200 ")
	if _, bytes := left(s.Files); bytes != 0 {
		t.Errorf("%d bytes are counted", bytes)
	}
}

// The server connects to where its client waits, by either command: within the process
// only there, and else only if it may.
func TestActive(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := l.Addr().(*net.TCPAddr).AddrPort()
	port := fmt.Sprintf("PORT 127,0,0,1,%d,%d", at.Port()>>8, at.Port()&255)
	eprt := fmt.Sprintf("EPRT |1|127.0.0.1|%d|", at.Port())
	var doors practice.Doors
	for _, s := range []*Server{{Active: true}, {Doors: &doors}} {
		s.Files = NewFiles(nil)
		k := connect(t, s).logsIn()
		for _, say := range []string{port, eprt} {
			if s.Doors != nil {
				doors.OpenClient(netip.AddrPort{})
				k.says(say, "504 You do not wait at "+at.String())
				doors.OpenClient(at)
				k.says(say, "200 ")
				doors.OpenClient(netip.AddrPort{})
				k.says("LIST", "425 No data connection: You do not wait at")
				doors.OpenClient(at)
			}
			k.says(say, "200 ")
			k.says("RETR letters/bob.txt", "150 ")
			conn, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(conn); err != nil || len(got) != 87 {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			conn.Close()
			k.hears("226 ")
		}
	}
}

// The end of the context closes all that a session has, and ends a transfer.
func TestTheEndOfTheContext(t *testing.T) {
	s := &Server{Files: NewFiles(nil)}
	for _, begin := range []func(k *talk){
		func(k *talk) { k.passive() },
		func(k *talk) { k.says("EPSV", "229 "); fmt.Fprint(k.conn, "LIST\r\n") },
		func(k *talk) { k.passive(); k.says("STOR /upload/x", "150 ") },
	} {
		k := connect(t, s).logsIn()
		begin(k)
		k.stop()
		if err := <-k.ended; err != nil {
			t.Error(err)
		}
		io.Copy(io.Discard, k.lines) // to its end, or a reset
	}
}

// FuzzParse holds what reads a command and its arguments to what it promises.
func FuzzParse(f *testing.F) {
	for _, line := range []string{"PORT 127,0,0,1,4,1\r\n", "EPRT |2|::1|5000|\r\n", "\xff\xf4\xff\xf2ABOR\r\n", "CWD ../..//x\n", "\r\nNOOP", "RETR a\rb\r\n"} {
		f.Add(line, false)
	}
	f.Fuzz(func(t *testing.T, stream string, lenient bool) {
		s := session{}
		s.in.Add([]byte(stream))
		for {
			line, ok := s.in.Next(MaxLine)
			if !ok {
				return
			}
			r, wrong := parse(line, lenient)
			switch {
			case wrong != "" && (strings.ContainsAny(wrong, "\r\n") || !strings.HasPrefix(wrong, "500 ")):
				t.Fatalf("%q is answered by %q", line.Text, wrong)
			case wrong != "":
				continue
			case r.verb == "" || strings.ContainsAny(r.verb+r.argument, "\r\n\x00"):
				t.Fatalf("%q is read as %q", line.Text, r)
			}
			if at := absolute("/letters", r.argument); !strings.HasPrefix(at, "/") || strings.Contains(at+"/", "/../") {
				t.Fatalf("%q leads to %q", r.argument, at)
			}
			if at, ok := parsePort(r.argument); ok && !at.Addr().Is4() {
				t.Fatalf("PORT %q is %v", r.argument, at)
			}
			if at, ok := parseExtended(r.argument); ok && !at.IsValid() {
				t.Fatalf("EPRT %q is %v", r.argument, at)
			}
		}
	})
}
