package session

import (
	"errors"
	"net"
	"os"
	"time"
)

// Patient wraps a connection so that a write fails, with
// os.ErrDeadlineExceeded, only after StallLimit in which the peer took not one
// byte; a slow peer that takes some is waited for. It belongs below TLS and
// WebSocket, which do not survive a write that timed out half-way.
func Patient(conn net.Conn) *PatientConn { return &PatientConn{Conn: conn} }

// PatientConn is a connection as Patient makes it.
type PatientConn struct{ net.Conn }

// Write writes all of p.
func (c *PatientConn) Write(p []byte) (int, error) {
	n, err := c.WriteAll(net.Buffers{p})
	return int(n), err
}

// WriteAll writes all buffers, in one system call where the peer takes them at
// once.
func (c *PatientConn) WriteAll(buffers net.Buffers) (total int64, err error) {
	for {
		c.Conn.SetWriteDeadline(time.Now().Add(StallLimit))
		n, err := buffers.WriteTo(c.Conn)
		total += n
		if err == nil || n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return total, err
		}
	}
}

// SetWriteDeadline does nothing: the patience is this connection's own.
func (c *PatientConn) SetWriteDeadline(time.Time) error { return nil }

// CloseWrite sends FIN.
func (c *PatientConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
