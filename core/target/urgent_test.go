//go:build unix

package target

import (
	"io"
	"net"
	"syscall"
	"testing"
)

// The byte that the urgent pointer names is in its place in the stream.
func TestUrgentDataIsInTheStream(t *testing.T) {
	to := listen(t, func(c *net.TCPConn) {
		raw, err := c.SyscallConn()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(c, "before ")
		raw.Write(func(fd uintptr) bool {
			err = syscall.Sendto(int(fd), []byte("urgent!"), syscall.MSG_OOB, nil)
			return true
		})
		if err != nil {
			t.Error(err)
		}
		io.WriteString(c, " after")
		c.CloseWrite()
		io.Copy(io.Discard, c)
	})
	c, err := new(Dialer).Dial(t.Context(), to, Security{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); string(got) != "before urgent! after" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
