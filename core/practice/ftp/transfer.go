package ftp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/protocol-workbench/workbench/core/practice"
)

const pieceSize = 64 << 10 // bytes that cross a data connection at a time

// transfer is one that is under way, in a goroutine of its own.
type transfer struct {
	abort context.CancelFunc
	done  chan struct{}

	// What follows is there when it is done.
	aborted bool
	failed  error // of the control connection
}

// begin has a file or a listing go over the data connection that open opens. carry carries
// it, and returns what is said in the end, or an error in words; both come after their
// codes.
func (s *session) begin(open opener, announced string, carry func(net.Conn) (string, error)) {
	ctx, cancel := context.WithCancel(s.ctx)
	t := &transfer{abort: cancel, done: make(chan struct{})}
	s.transfer = t
	go func() {
		defer close(t.done)
		defer cancel()
		words, err := s.carry(ctx, open, announced, carry)
		var r *refusal
		switch {
		case err == nil:
			words = "226 " + words
		case ctx.Err() != nil:
			t.aborted = true
			words = "426 The transfer was aborted"
		case errors.As(err, &r):
			words = r.words
		default:
			words = "426 The data connection broke off: " + err.Error()
		}
		t.failed = s.say(words)
		s.conn.SetReadDeadline(time.Now().Add(practice.IdleLimit)) // the next command has its time from now on
	}()
}

// refusal is an answer that ends a transfer.
type refusal struct{ words string }

func (r *refusal) Error() string { return r.words }

func (s *session) carry(ctx context.Context, open opener, announced string, carry func(net.Conn) (string, error)) (string, error) {
	opened, err := open(ctx)
	if err != nil {
		return "", &refusal{"425 No data connection: " + err.Error()}
	}
	data := practice.NewConn(opened)
	defer data.Close()
	defer context.AfterFunc(ctx, func() { data.Close() })()
	if s.guarded {
		announced += ", by TLS"
	}
	if err := s.say("150 " + announced); err != nil {
		return "", err
	}
	conn := net.Conn(data)
	if s.guarded {
		secure := tls.Server(data, s.server.TLS)
		data.SetDeadline(time.Now().Add(practice.StallLimit))
		if err := secure.HandshakeContext(ctx); err != nil {
			return "", &refusal{"425 No data connection: TLS handshake: " + err.Error()}
		}
		data.SetDeadline(time.Time{})
		conn = secure
	}
	words, err := carry(conn)
	if closed := conn.Close(); err == nil && closed != nil && ctx.Err() == nil {
		err = closed
	}
	return words, err
}

// send sends data over a data connection.
func send(conn net.Conn, data []byte) error {
	_, err := conn.Write(data)
	return err
}

// onWire returns a file as it goes over the data connection.
func (s *session) onWire(data []byte) []byte {
	if s.image {
		return data
	}
	alone := bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(alone, []byte("\n"), []byte("\r\n"))
}

// how says what the type does to a file.
func (s *session) how() string {
	if s.image {
		return "byte for byte"
	}
	return "as text: TYPE I would leave its bytes as they are"
}

func (s *session) retrieve(argument string) {
	from := s.rest
	s.rest = 0
	n, ok := s.file(argument)
	if !ok {
		return
	}
	data := s.onWire(n.data)
	if from > int64(len(data)) {
		s.refuse(n.path, errBeyond)
		return
	}
	open := s.ready()
	if open == nil {
		return
	}
	data = data[from:]
	s.begin(open, fmt.Sprintf("%s comes (%d bytes), %s", n.name(), len(data), s.how()), func(conn net.Conn) (string, error) {
		return fmt.Sprintf("%d bytes were sent; the end of the data connection was the end of the file", len(data)), send(conn, data)
	})
}

// store takes a file. What there is of it stays up to the byte from, all of it if from is
// below 0.
func (s *session) store(argument string, from int64) {
	s.rest = 0
	at, owner, image := absolute(s.dir, argument), s.name, s.image
	if err := s.server.Files.mayPut(at); err != nil {
		s.refuse(at, err)
		return
	}
	open := s.ready()
	if open == nil {
		return
	}
	s.begin(open, "Send "+at+", "+s.how(), func(conn net.Conn) (string, error) {
		d := &draft{files: s.server.Files}
		defer d.drop()
		size, err := receive(conn, d)
		if err == nil {
			if !image {
				d.asText()
			}
			err = d.put(at, owner, from)
		}
		var e *fileError
		if errors.As(err, &e) {
			return "", &refusal{refusedWords(at, err) + "; nothing was kept"}
		}
		return fmt.Sprintf("%d bytes came, and %s is there", size, at), err
	})
}

// receive reads a file to its end. One who types it has time to think.
func receive(conn net.Conn, d *draft) (size int, err error) {
	buf := make([]byte, pieceSize)
	for {
		conn.SetReadDeadline(time.Now().Add(practice.IdleLimit))
		n, err := conn.Read(buf)
		size += n
		if err := d.add(buf[:n]); err != nil {
			return size, err
		}
		switch {
		case err == io.EOF:
			return size, nil
		case errors.Is(err, io.ErrUnexpectedEOF): // of TLS
			return size, errors.New("it ended without close_notify, so that somebody may have cut the file off; nothing was kept")
		case err != nil:
			return size, err
		}
	}
}

// asText has lines end in LF, as files do here.
func (d *draft) asText() {
	text := bytes.ReplaceAll(d.data, []byte("\r\n"), []byte("\n"))
	d.files.mu.Lock()
	defer d.files.mu.Unlock()
	d.files.bytes -= len(d.data) - len(text)
	d.data = text
}
