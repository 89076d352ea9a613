package limit

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// stopped is a connection whose process is stopped for a while as it begins to read
// for the nth time.
type stopped struct {
	net.Conn
	nth  int
	stop time.Duration
}

func (s *stopped) Read(b []byte) (int, error) {
	if s.nth--; s.nth == 0 {
		time.Sleep(s.stop)
	}
	return s.Conn.Read(b)
}

// What came during a stop is read, in whichever part the stop was, and a peer that
// says nothing still has the rest of its time.
func TestReaderAfterAStop(t *testing.T) {
	const d = 8 * time.Second
	for nth := 1; nth <= Parts; nth++ {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			defer far.Close()
			go func() {
				time.Sleep(30 * time.Second)
				io.WriteString(far, "x")
			}()
			r := NewReader(&stopped{near, nth, time.Minute})
			r.SetReadDeadline(time.Now().Add(d))
			if n, err := r.Read(make([]byte, 2)); n != 1 || err != nil {
				t.Errorf("stopped in part %d: read %d bytes, %v", nth, n, err)
			}
			began := time.Now()
			n, err := r.Read(make([]byte, 2))
			if took := time.Since(began); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || took > d {
				t.Errorf("then read %d bytes, %v, after %v", n, err, took)
			}
		})
	}
}

func TestReaderDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		r := NewReader(near)
		fails := func(after time.Duration) {
			t.Helper()
			began := time.Now()
			_, err := r.Read(make([]byte, 1))
			if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took != after {
				t.Errorf("%v after %v, want it after %v", err, took, after)
			}
		}
		r.SetReadDeadline(time.Now().Add(8 * time.Second))
		fails(8 * time.Second)
		fails(0)
		r.SetReadDeadline(time.Unix(1, 0))
		fails(0)

		// What comes now and then does not give the peer more time.
		r.SetReadDeadline(time.Now().Add(8 * time.Second))
		go func() {
			for range 3 {
				time.Sleep(2500 * time.Millisecond)
				far.Write([]byte("x"))
			}
		}()
		for range 3 {
			r.Read(make([]byte, 1))
		}
		fails(500 * time.Millisecond)

		// Another deadline holds for a read that waits already.
		r.SetReadDeadline(time.Now().Add(8 * time.Second))
		time.AfterFunc(5*time.Second, func() { r.SetReadDeadline(time.Now().Add(8 * time.Second)) })
		fails(13 * time.Second)
		r.SetReadDeadline(time.Time{})
		time.AfterFunc(time.Hour, func() { r.SetReadDeadline(time.Unix(1, 0)) })
		fails(time.Hour)
		near.Close()
		if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
	})
}
