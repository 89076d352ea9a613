//go:build unix

package main

import (
	"context"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// Urgent data is echoed in its place, however early it comes: the first byte of
// all may be urgent.
func TestUrgentDataIsEchoed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(ctx, []string{"0"}, write, io.Discard) }()
	c, err := net.Dial("tcp", address(t, read))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	sendUrgent(t, c, "!")
	io.WriteString(c, "before ")
	sendUrgent(t, c, "urgent!")
	io.WriteString(c, " after\r\nquit\r\n")
	if got, err := io.ReadAll(c); string(got) != "!before urgent! after\r\n" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func sendUrgent(t *testing.T, c net.Conn, data string) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = syscall.Sendto(int(fd), []byte(data), syscall.MSG_OOB, nil) })
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
}
