package access

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Of a Unix socket the account is that of whoever connected, also with TLS upon it.
func TestAccountsOfUnixSockets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accept := func() net.Conn {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	near, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far := accept()
	defer far.Close()
	for _, c := range []net.Conn{far, tls.Server(far, &tls.Config{})} {
		if uid, err := accountAt(c); uid != os.Getuid() || err != nil {
			t.Errorf("%T is of %d, %v", c, uid, err)
		}
		if k := WithConn(t.Context(), c).Value(connKey{}).(*conn); !k.isOurs() {
			t.Errorf("%T is not ours", c)
		}
	}

	curl, err := exec.LookPath("curl")
	if err != nil || os.Getuid() != 0 {
		t.Skip("needs curl, and root to be another account")
	}
	dir := filepath.Dir(path)
	for ; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		os.Chmod(dir, 0o755)
	}
	os.Chmod(path, 0o666)
	stranger := exec.Command(curl, "--silent", "--max-time", "10", "--unix-socket", path, "http://localhost/")
	stranger.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	theirs := accept()
	if uid, err := accountAt(theirs); uid != 65534 || err != nil {
		t.Errorf("another account's is of %d, %v", uid, err)
	}
	if WithConn(context.Background(), theirs).Value(connKey{}).(*conn).isOurs() {
		t.Error("another account's is ours")
	}
	theirs.Close()
	stranger.Wait()
}
