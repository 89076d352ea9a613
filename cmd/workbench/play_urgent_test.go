//go:build unix

package main

import (
	"io"
	"net"
	"syscall"
	"testing"
)

// A client's urgent data is what it said too.
func TestPlayServerReadsUrgentData(t *testing.T) {
	address, end := serveOnce(t, "--verify", write(t, smtpTalk))
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "QU")
	raw.Control(func(fd uintptr) { err = syscall.Sendto(int(fd), []byte("I"), syscall.MSG_OOB, nil) })
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "T\r\n")
	if got, err := io.ReadAll(conn); string(got) != "220 a ESMTP Mon\r\n221 bye\r\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	conn.Close()
	if code, stdout, stderr := end(); code != 0 || stderr != "" {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}
