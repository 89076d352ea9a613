package practice

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// packets is a connection that reads what it is given, an address or an error.
type packets struct {
	net.PacketConn
	reads  chan any
	wrote  chan string
	closed chan struct{}
}

func (p *packets) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case r := <-p.reads:
		if err, ok := r.(error); ok {
			return 0, nil, err
		}
		return copy(b, r.(string)), &net.UDPAddr{Port: 1}, nil
	case <-p.closed:
		return 0, nil, net.ErrClosed
	}
}

func (p *packets) WriteTo(b []byte, _ net.Addr) (int, error) {
	p.wrote <- string(b)
	return len(b), nil
}

func (p *packets) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func TestServeDatagrams(t *testing.T) {
	for name, end := range map[string]error{"stopped": nil, "broken": errors.New("the socket broke")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &packets{reads: make(chan any), wrote: make(chan string), closed: make(chan struct{})}
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				done := make(chan error)
				go func() {
					done <- ServeDatagrams(ctx, p, nil, func(b []byte) []byte {
						if string(b) == "quiet" {
							return nil
						}
						return append([]byte("got "), b...)
					})
				}()
				p.reads <- "quiet"
				began := time.Now()
				p.reads <- passing{errors.New("no room")}
				p.reads <- "one"
				if got := <-p.wrote; got != "got one" || time.Since(began) != firstPause {
					t.Errorf("%q after %v", got, time.Since(began))
				}
				if end == nil {
					stop()
				} else {
					p.reads <- end
				}
				if err := <-done; err != end {
					t.Errorf("ended with %v", err)
				}
				<-p.closed
			})
		})
	}
}
