package practice

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"
)

// Bounds of the server. All its connections together hold at most
// MaxConnections × MaxRead bytes, 256 MiB; an idle one holds 1 KiB.
const (
	MaxConnections = 4096                  // served at a time; more wait until one ends
	MaxRead        = 64 << 10              // bytes read from a connection before they are echoed
	HoldTime       = 50 * time.Millisecond // longest wait for the rest of the word quit
	LingerTime     = time.Second           // longest wait for the client's end of stream after quit
)

const (
	firstRead  = 1 << 10 // bytes of a connection's first buffer; it grows when a read fills it
	firstPause = 5 * time.Millisecond
	maxPause   = time.Second
)

// Echo is the practice echo server. The zero value is ready to use.
type Echo struct {
	Log *slog.Logger // nil: nothing is logged
}

// Serve serves the connections that l accepts until ctx is done, and then
// returns nil. In any case it closes l and all connections, and waits for their
// goroutines. It logs temporary accept errors (no file handles left, a
// connection gone before it was accepted) and tries again after a pause of 5 ms,
// doubling to 1 s; it returns any other error.
//
// Back-pressure slows down a client that sends without reading: beyond MaxRead
// its bytes wait in the network.
func (e *Echo) Serve(ctx context.Context, l net.Listener) error {
	log := e.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	var conns sync.WaitGroup
	defer conns.Wait()
	defer l.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.Close() })()

	slots := make(chan struct{}, MaxConnections)
	for pause := time.Duration(0); ; {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		conn, err := l.Accept()
		if err == nil {
			pause = 0
			conns.Go(func() {
				serve(ctx, conn, log)
				<-slots
			})
			continue
		}
		<-slots
		if ctx.Err() != nil {
			return nil
		}
		if !passes(err) {
			return err
		}
		if pause == 0 {
			log.Warn("the practice server cannot accept connections for now", "error", err)
		}
		pause = min(max(2*pause, firstPause), maxPause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// passes reports whether an accept error is temporary. For Accept, unlike
// elsewhere, Temporary is well defined.
func passes(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// serve owns conn until its close, which ctx can bring about early.
func serve(ctx context.Context, conn net.Conn, log *slog.Logger) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	log.Debug("practice connection opened", "client", conn.RemoteAddr())
	err := converse(conn)
	if ctx.Err() != nil {
		err = nil // the server itself closed it
	}
	log.Debug("practice connection ended", "client", conn.RemoteAddr(), "error", err)
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
			linger(conn)
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

// linger ends the stream to the client and reads on until the client's stream
// ends too, or LingerTime has passed. Closing with unread bytes would send a
// reset, and the client could lose what it was sent last.
func linger(conn net.Conn) {
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	if conn.SetReadDeadline(time.Now().Add(LingerTime)) == nil {
		io.Copy(io.Discard, conn)
	}
}
