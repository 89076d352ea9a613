// Package practicetest has clients' connections that try a practice server's patience. It is
// for tests in a bubble of testing/synctest, where time passes at once.
package practicetest

import (
	"net"
	"time"
)

// Stopped returns a connection whose process is stopped for an hour when it begins to read
// from it for the nth time.
func Stopped(conn net.Conn, nth int) net.Conn { return &stopped{conn, nth} }

type stopped struct {
	net.Conn
	nth int
}

func (s *stopped) Read(b []byte) (int, error) {
	if s.nth--; s.nth == 0 {
		time.Sleep(time.Hour)
	}
	return s.Conn.Read(b)
}

// Slow returns a connection that is read a byte at a time, with a pause before each.
func Slow(conn net.Conn) net.Conn { return slow{conn} }

type slow struct{ net.Conn }

func (s slow) Read(b []byte) (int, error) {
	time.Sleep(20 * time.Second)
	return s.Conn.Read(b[:min(len(b), 1)])
}
