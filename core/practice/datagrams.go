package practice

import (
	"context"
	"log/slog"
	"net"
	"time"
)

// maxDatagram is how many bytes of a datagram are read: as many as one can have.
const maxDatagram = 64 << 10

// ServeDatagrams has answer answer the datagrams that come to conn, one after another,
// until ctx is done, and then returns nil. In any case it closes conn. An answer of nil is
// not sent; what answer is given is valid until it returns. log is told when nothing can
// be read for now, after which ServeDatagrams tries again as [Serve] does; it returns an
// error that is not temporary. Without a log nothing is told.
func ServeDatagrams(ctx context.Context, conn net.PacketConn, log *slog.Logger, answer func(datagram []byte) []byte) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	buf := make([]byte, maxDatagram)
	for pause := time.Duration(0); ; {
		n, from, err := conn.ReadFrom(buf)
		switch {
		case err == nil:
			pause = 0
			if said := answer(buf[:n]); said != nil {
				conn.WriteTo(said, from) // one that is lost is asked for again
			}
			continue
		case ctx.Err() != nil:
			return nil
		case !passes(err):
			return err
		case pause == 0:
			log.Warn("no datagrams can be read for now", "error", err)
		}
		pause = min(max(2*pause, firstPause), maxPause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}
