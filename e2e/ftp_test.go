//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
)

const ftpPlugins = "../examples/starlark/ftp-links"

// vsftpd serves a folder, into which anybody may write. more are lines of its configuration.
func vsftpd(t testing.TB, more ...string) (address, folder string) {
	address, folder = freePort(t), t.TempDir()
	config := filepath.Join(t.TempDir(), "conf")
	writeFile(t, config, strings.NewReplacer("DIR", folder, "PORT", portOf(address)).Replace(`background=NO
listen=YES
listen_address=127.0.0.1
listen_port=PORT
run_as_launching_user=YES
seccomp_sandbox=NO
secure_chroot_dir=DIR
ftp_username=nobody
anonymous_enable=YES
no_anon_password=YES
anon_root=DIR
anon_upload_enable=YES
anon_world_readable_only=NO
write_enable=YES
connect_from_port_20=NO
xferlog_enable=NO
`)+strings.Join(more, "\n"))
	startServer(t, address, "", exec.Command(installed(t, "vsftpd"), config))
	return address, folder
}

// ftpTalk is somebody who speaks FTP by hand.
type ftpTalk struct {
	*client
	data bytes.Buffer // what came by the data connection
	half func()       // is called once half of a file has come; nil: it was
}

// until reads until a line begins with a code, and so many bytes have come.
func (c *ftpTalk) until(code string, size int) {
	c.t.Helper()
	for said := false; !said || c.data.Len() < size; {
		kind, data := c.next()
		if kind == websocket.BinaryMessage {
			c.data.Write(data)
			if c.half != nil && c.data.Len() >= size/2 {
				c.half()
				c.half = nil
			}
			continue
		}
		if line := string(data); strings.HasPrefix(line, code+" ") {
			said = true
		} else if line >= "4" {
			c.t.Fatalf("the server says %q, and not %s", line, code)
		}
	}
}

// does types a line and awaits the answer.
func (c *ftpTalk) does(line, code string) {
	c.t.Helper()
	c.say(line)
	c.until(code, 0)
}

// Files go both ways between somebody at the line mode ftp-links and vsftpd, by data connections
// that either of them opens: also while the mode's process is killed in the middle of each,
// and none is opened twice then. The recording of that with small files replays the same; one
// of large files is too long to be cut after each byte.
func TestFTPWithVsftpd(t *testing.T) {
	t.Parallel()
	large, small := 10<<20, 20<<10
	if testing.Short() {
		large, small = 1<<20, 2<<10
	}
	address, files := vsftpd(t)
	recordings, audit := t.TempDir(), filepath.Join(t.TempDir(), "audit")
	w := start(t, "--transcripts", recordings, "--plugin-dir", ftpPlugins, "--audit", audit)
	k := &killer{w: w, mode: "ftp-links"}
	kill := func() { k.strike(t, syscall.SIGKILL) }
	transfers(t, w.join(t, "?mode=ftp-links&record=off", address), files, large, kill)
	transfers(t, w.join(t, "?mode=ftp-links", address), files, small, kill)
	links := 0
	for _, r := range readAudit(t, audit) {
		if r.Msg == "link" {
			links++
		}
	}
	if links != 2*2*len(ftpWays) {
		t.Errorf("%d data connections were opened for %d files", links, 2*2*len(ftpWays))
	}
	out := workbenchRun(t, "", "replay", "--plugin-dir", ftpPlugins, "--recut", "3", filepath.Join(recordings, w.recorded(t)+".transcript"))
	if !strings.Contains(out, "1 same") {
		t.Error(out)
	}
}

// ftpWays are how a data connection is asked for, and the answer.
var ftpWays = [][2]string{{"EPSV", "229"}, {"PASV", "227"}, {"EPRT", "200"}}

// transfers sends files of a size to a server, and has it send some, by each way of opening
// a data connection, and quits. between is called in the middle of each.
func transfers(t *testing.T, joined *client, files string, size int, between func()) {
	c := &ftpTalk{client: joined}
	c.until("220", 0)
	c.does("USER anonymous", "230")
	c.does("TYPE I", "200")
	random := rand.NewChaCha8([32]byte{})
	for _, way := range ftpWays {
		down, up := make([]byte, size), make([]byte, size)
		random.Read(down)
		random.Read(up)
		name := fmt.Sprint(way[0], size)
		writeFile(t, filepath.Join(files, name), string(down))

		c.data.Reset()
		c.half = between
		c.does(way[0], way[1])
		c.say("RETR " + name)
		c.until("226", size)
		if sha256.Sum256(c.data.Bytes()) != sha256.Sum256(down) {
			t.Errorf("%s: %d bytes came down, which are not those of the file", way[0], c.data.Len())
		}

		c.does(way[0], way[1])
		c.does("STOR "+name+".up", "150")
		const pieces = 16
		for i := range pieces {
			if i == pieces/2 {
				between()
			}
			c.send(websocket.BinaryMessage, up[i*size/pieces:(i+1)*size/pieces])
		}
		c.does(".", "226")
		if got, err := os.ReadFile(filepath.Join(files, name+".up")); err != nil || sha256.Sum256(got) != sha256.Sum256(up) {
			t.Errorf("%s: %d bytes went up, which are not those that were sent: %v", way[0], len(got), err)
		}
	}
	c.does("QUIT", "221")
	c.linesToEnd()
}

// A server that names another host for its data connection is not followed there, unless
// the user has said so.
func TestFTPElsewhere(t *testing.T) {
	t.Parallel()
	another, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	data := serveOn(t, another, func(c net.Conn) { io.WriteString(c, "from another host") })
	port, _ := strconv.Atoi(portOf(data.address))
	server := serve(t, func(c net.Conn) {
		io.WriteString(c, "220 hello\r\n")
		for lines := bufio.NewScanner(c); lines.Scan(); {
			fmt.Fprintf(c, "227 Entering Passive Mode (127,0,0,2,%d,%d).\r\n", port/256, port%256)
		}
	})
	audit := filepath.Join(t.TempDir(), "audit")
	w := start(t, "--plugin-dir", ftpPlugins, "--audit", audit)
	for _, c := range []struct{ mode, query, want, outcome string }{
		{"ftp-links", "", "127.0.0.1: " + data.address + " is another", "denied"},
		{"ftp-links", "&elsewhere=on", "from another host", "connected"},
		{"ftp", "", "127.0.0.1: " + data.address + " is another. The answer to PASV names 127.0.0.2, and not 127.0.0.1.", "denied"},
		{"ftp", "&elsewhere=on", "from another host", "connected"},
	} {
		talk := w.mailTalk(t, "?mode="+c.mode+c.query, server.address)
		talk.until("220 hello")
		talk.says("PASV")
		talk.until(c.want)
		var last record
		for _, r := range readAudit(t, audit) {
			if r.Msg == "link" {
				last = r
			}
		}
		if last.Outcome != c.outcome || last.Mode != c.mode || last.Target != server.address {
			t.Errorf("%s%s: the audit log has %+v", c.mode, c.query, last)
		}
	}
}
