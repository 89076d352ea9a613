package practice

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"time"
)

// Bounds of the echo server. All its connections together hold at most
// MaxConnections × MaxRead bytes, 256 MiB; an idle one holds 1 KiB.
const (
	MaxRead    = 64 << 10              // bytes read from a connection before they are echoed
	HoldTime   = 50 * time.Millisecond // longest wait for the rest of the word quit
	LingerTime = time.Second           // longest wait for the client's end of stream after quit
)

const firstRead = 1 << 10 // bytes of a connection's first buffer; it grows when a read fills it

// Echo is the practice echo server. The zero value is ready to use.
type Echo struct {
	Log *slog.Logger // nil: nothing is logged
}

// Serve serves the connections that l accepts, as [Serve] does.
func (e *Echo) Serve(ctx context.Context, l net.Listener) error {
	return Serve(ctx, l, e.Log, e.Converse)
}

// Converse serves one connection until its end, and closes it. So does the end of ctx.
func (e *Echo) Converse(ctx context.Context, conn net.Conn) error {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	return converse(conn)
}

// converse echoes until the client's end of stream, quit or an error. The
// buffer has room for the held bytes before each read, so that the echo is one
// write without a copy.
func converse(conn net.Conn) error {
	var s scanner
	var hold time.Time // when held bytes are released; zero while none are held
	buf := make([]byte, maxHeld+firstRead)
	for {
		if err := conn.SetReadDeadline(hold); err != nil {
			return err
		}
		n, failed := conn.Read(buf[maxHeld:])
		before, keep, quit := s.feed(buf[maxHeld : maxHeld+n])
		echo := buf[maxHeld-before : maxHeld+keep]
		copy(echo, word[:before])
		if err := write(conn, echo); err != nil {
			return err
		}
		if quit {
			Linger(conn)
			return nil
		}
		if failed != nil { // the wait for more of the word is over in any case
			if err := write(conn, []byte(word[:s.release()])); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(failed, io.EOF):
			return nil
		case failed != nil && !errors.Is(failed, os.ErrDeadlineExceeded):
			return failed
		}
		switch {
		case s.held == 0:
			hold = time.Time{}
		case hold.IsZero() || len(echo) > 0: // held since this read, not an earlier one
			hold = time.Now().Add(HoldTime)
		}
		if n == len(buf)-maxHeld && n < MaxRead {
			buf = make([]byte, maxHeld+2*n)
		}
	}
}

func write(conn net.Conn, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	_, err := conn.Write(b)
	return err
}

// Linger ends the stream to the client and reads on until the client's stream
// ends too, or LingerTime has passed. Closing with unread bytes would send a
// reset, and the client could lose what it was sent last.
func Linger(conn net.Conn) {
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	if conn.SetReadDeadline(time.Now().Add(LingerTime)) == nil {
		io.Copy(io.Discard, conn)
	}
}
