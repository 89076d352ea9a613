package gateway

import (
	linked "container/list" // the tests have a list
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// maxWaiting is how many connections may be open on which no request has come whole,
// or none after the last one.
const maxWaiting = 2048

// waiting closes the connection that has waited for a request the longest when there
// are too many of them, whoever has made them: nobody has said yet who they are. One
// that asks for something at once is not among those for long.
type waiting struct {
	mu   sync.Mutex
	all  map[net.Conn]*linked.Element
	came linked.List // of net.Conn, the oldest first
}

// changed is for http.Server.ConnState.
func (w *waiting) changed(conn net.Conn, state http.ConnState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e := w.all[conn]; e != nil {
		w.came.Remove(e)
		delete(w.all, conn)
	}
	if state != http.StateNew && state != http.StateIdle {
		return
	}
	if w.all == nil {
		w.all = map[net.Conn]*linked.Element{}
	}
	w.all[conn] = w.came.PushBack(conn)
	if w.came.Len() > maxWaiting {
		oldest := w.came.Remove(w.came.Front()).(net.Conn)
		delete(w.all, oldest)
		go oldest.Close() // which may wait, below TLS
	}
}

// lackSaidEvery is how often the log is told that files have run out, at most.
const lackSaidEvery = time.Minute

// lack tells the log when connections cannot be accepted for want of open files.
// http.Server tries again after a pause.
type lack struct {
	log  *slog.Logger
	mu   sync.Mutex
	said time.Time
}

func (l *lack) tell(err error) {
	if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.said.IsZero() && time.Since(l.said) < lackSaidEvery {
		return
	}
	l.said = time.Now()
	l.log.Warn("connections wait, since too many files are open here; start the workbench with a higher limit (ulimit -n), or with a lower --max-sessions", "reason", err.Error())
}
