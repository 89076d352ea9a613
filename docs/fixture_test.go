//go:build unix

package docs_test

import (
	"bufio"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/protocol-workbench/workbench/core/lesson/ready"
	"github.com/protocol-workbench/workbench/docs/docstest"
)

// reader is who follows a page: where, and with what.
type reader struct {
	t     *testing.T
	shell docstest.Shell
	where []string // what the page says, and what is there instead, in turn
}

// follow runs a block of commands in a folder of its own that has what the page speaks of.
func follow(t *testing.T, b docstest.Block, bin string) {
	dir := t.TempDir()
	r := &reader{t: t, shell: docstest.Shell{Dir: dir, Bin: bin, Env: []string{"HOME=" + dir, "XDG_STATE_HOME=" + dir + "/.state", "XDG_CONFIG_HOME=" + dir + "/.config",
		"WORKBENCH_SERVE_LISTEN=127.0.0.1:0", "WORKBENCH_SERVE_ECHO_LISTEN=127.0.0.1:0"}}}
	r.places(b.Text)
	page := filepath.Base(b.Page)
	if prepare := fixtures[page]; prepare != nil {
		prepare(r)
	}
	b.Text = strings.NewReplacer(append(r.where, "make build\n", "", "go run ./cmd/workbench", "workbench", "bin/workbench", "workbench")...).Replace(b.Text)
	switch b.Lang {
	case "console":
		r.shell.Console(t, b)
	case "toml":
		r.write("workbench.toml", b.Text)
		b.Text = "workbench config check"
		fallthrough
	case "sh":
		r.shell.Script(t, b)
	}
}

// places has a free port stand for each of this machine's that a block names.
func (r *reader) places(text string) {
	for _, m := range regexp.MustCompile(`127\.0\.0\.1:([1-9]\d*)`).FindAllString(text, -1) {
		if r.place(m) == "" {
			r.where = append(r.where, m, freePort(r.t))
		}
	}
}

// place returns what stands for an address, or "".
func (r *reader) place(address string) string {
	for i := 0; i < len(r.where); i += 2 {
		if r.where[i] == address {
			return r.where[i+1]
		}
	}
	return ""
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// write writes a file into the reader's folder.
func (r *reader) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.shell.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		r.t.Fatal(err)
	}
}

// serve plays the server of a file at what stands for an address, if the block names it.
func (r *reader) serve(file, address string) {
	r.t.Helper()
	at := r.place(address)
	if at == "" {
		return
	}
	cmd := exec.Command(filepath.Join(r.shell.Bin, "workbench"), "play", "server", "--listen", at, file)
	cmd.Dir, cmd.Env = r.shell.Dir, append(os.Environ(), r.shell.Env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGINT)
		cmd.Wait()
	})
	if _, err := out.Read(make([]byte, 1)); err != nil { // it says where it serves
		r.t.Fatal(err)
	}
}

// fixtures are what pages speak of.
var fixtures = map[string]func(r *reader){
	"README.md": func(r *reader) {
		r.write("testdata/http-line/tutorial-walk.golden", golden(r.t, "http-line/tutorial-walk.golden"))
		r.write("walk.transcript", ofLesson(r.t, "tests/right.transcript"))
		r.write("walk.golden", walk)
		r.recording("127.0.0.1:4000", request)
		r.serve("walk.golden", "127.0.0.1:4000")
	},
	"convert.md": func(r *reader) {
		r.write("test1234", testcase)
		r.write(".curlrc", "retry = 30\nretry-connrefused\nretry-delay = 1\n") // it may be sooner than the server
	},
	"lessons.md": func(r *reader) {
		r.write("anna-1.transcript", byLF(r.t))
		r.write("echo/lesson.md", "# An echo\n\n"+blockWith(r.t, "lessons.md", "your server 2000"))
		r.write("echo/echo.golden", raw+"<< server \"hello\\r\\n\"\n>> server \"hello\\r\\n\"\n")
		r.write("echo/two-lines.golden", raw+"<< server \"one\\r\\ntwo\\r\\n\"\n>> server \"one\\r\\ntwo\\r\\n\"\n")
		r.where = append(r.where, "--port 2000", "--port "+r.pupil())
	},
	"play.md": func(r *reader) {
		r.write("walk.golden", walk)
		r.write("other/walk.golden", strings.Replace(walk, "302 Found", "30.", 1))
		r.serve("walk.golden", "127.0.0.1:80")
		r.serve("other/walk.golden", "127.0.0.1:8080")
		r.write("client", "#!/bin/sh\nexec workbench play client walk.golden --to \"$1\"\n")
		if at := r.place("127.0.0.1:4001"); at != "" {
			r.shell.Env = append(r.shell.Env, "WORKBENCH_PLAY_SERVER_LISTEN="+at)
		}
	},
	"recording.md": func(r *reader) {
		r.recording("127.0.0.1:41187", login)
		r.write("walk.golden", again)
	},
	"replay.md": func(r *reader) {
		r.write("walk.golden", strings.Replace(walk, "mode http-line\n", "mode http-line\noption eol \"lf\"\n", 1))
		some := 0
		err := fs.WalkDir(os.DirFS("../testdata"), ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".golden") && some < 45 {
				r.write("testdata/"+path, golden(r.t, path))
				some++
			}
			return err
		})
		if err != nil {
			r.t.Fatal(err)
		}
	},
}

// raw begins a transcript of bytes.
const raw = "workbench transcript v1\nmode raw\n\n"

// blockWith returns the block of a page that has some words.
func blockWith(t *testing.T, page, words string) string {
	t.Helper()
	for _, b := range docstest.Blocks(t, page) {
		if strings.Contains(b.Text, words) {
			return b.Text
		}
	}
	t.Fatalf("%s has no block with %q", page, words)
	return ""
}

// pupil serves an echo that shouts hello, and returns its port.
func (r *reader) pupil() string {
	r.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				for in := bufio.NewReader(c); ; {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					io.WriteString(c, strings.ReplaceAll(line, "hello", "HELLO"))
				}
			})
		}
	})
	r.t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// walk is a request by hand, as the pages have it.
const walk = head + request

const head = "workbench transcript v1\nmode http-line\n"

const request = `
>> client text "GET / HTTP/1.0"
<< server "GET / HTTP/1.0\r\n"
>> client text ""
<< server "\r\n"

# One read from the server, two lines for the client.
>> server "HTTP/1.0 302 Found\r\n"
          "Location: http://www.example.com/\r\n"
<< client text "HTTP/1.0 302 Found"
<< client text "Location: http://www.example.com/"
>> server eof
`

// login is typed at an echo server.
const login = `0.002886 >> client text "USER me"
0.002886 << server "USER me\r\n"
0.003121 >> server "USER me\r\n"
0.003121 << client text "USER me"
0.007583 >> client text "PASS hunter2"
0.007583 << server "PASS hunter2\r\n"
0.007802 >> server "PASS hunter2\r\n"
0.007802 << client text "PASS hunter2"
0.012011 >> server eof
`

// again is a golden with a rule in its line 12.
const again = head + `
>> client text "USER me"
<< server "USER me\r\n"
>> server "+OK\r\n"
<< client text "+OK"
>> client text "PASS hunter2"
<< server "PASS hunter2\r\n"

# The server says it again.
~~ match "hunter2"
>> server "hunter2\r\n"
<< client text "hunter2"
>> server eof
`

// testcase is one of curl's kind.
const testcase = `<testcase>
<reply>
<data crlf="yes">
HTTP/1.1 200 OK
Content-Length: 6
Connection: close

hello
</data>
</reply>
<client>
<server>
http
</server>
<command>
http://%HOSTIP:%HTTPPORT/%TESTNUMBER
</command>
</client>
<verify>
<protocol crlf="yes">
GET /%TESTNUMBER HTTP/1.1
Host: %HOSTIP:%HTTPPORT
User-Agent: curl/%VERSION
Accept: */*

</protocol>
</verify>
</testcase>
`

// recorded is the ID of the recording of the pages.
const recorded = "20261122-203534-719-s1-http-line"

// recording puts a recording with these entries into the reader's folder of recordings.
func (r *reader) recording(target, entries string) {
	r.t.Helper()
	if at := r.place(target); at != "" {
		target = at
	}
	text := head + "option charset \"utf-8\"\noption eol \"crlf\"\ntarget \"" + target + "\"\n\n" +
		"0.000 -- recorded 2026-11-22T20:35:34.719473563Z, session s1\n0.000714 -- dialled " + target + "\n" +
		entries + "0.012865 -- ended: the server closed the connection\n"
	r.write(".state/workbench/transcripts/"+recorded+".transcript", text)
	r.where = append(r.where, " ID ", " "+recorded+" ")
}

// golden returns a golden of the project.
func golden(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ofLesson returns a file of the lesson http-by-hand.
func ofLesson(t *testing.T, name string) string {
	t.Helper()
	data, err := ready.Archive("http-by-hand")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range txtar.Parse(data).Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	t.Fatalf("http-by-hand has no %s", name)
	return ""
}

// byLF is a try of the lesson's first step whose second line ends in LF alone.
func byLF(t *testing.T) string {
	t.Helper()
	return strings.Replace(ofLesson(t, "tests/right.transcript"), `<< server "\r\n"`, `<< server "\n"`, 1)
}
