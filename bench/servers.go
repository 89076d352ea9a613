package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
)

// lineSize is the length of the line source's lines, CR LF included.
const lineSize = 80

// servers are the targets that every system is measured against. They run in
// the driver's process. Except the echo server, each waits for a first line
// that says how much is to be sent, so that no byte moves before the clock
// runs.
type servers struct {
	echo  string // sends back what it gets
	lines string // "N": sends N lines of lineSize bytes
	bulk  string // "N": sends N bytes
	sink  string // "N": reads N bytes, then answers "done\n"

	cancel  context.CancelFunc // closes listeners and connections
	running sync.WaitGroup
}

func startServers() (*servers, error) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &servers{cancel: cancel}
	for _, t := range []struct {
		address *string
		serve   func(net.Conn)
	}{
		{&s.echo, echo},
		{&s.lines, sendLines},
		{&s.bulk, sendBulk},
		{&s.sink, readBulk},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			s.close()
			return nil, err
		}
		*t.address = l.Addr().String()
		context.AfterFunc(ctx, func() { l.Close() })
		s.running.Go(func() { s.accept(ctx, l, t.serve) })
	}
	return s, nil
}

// close ends the servers and their connections, and waits for them.
func (s *servers) close() {
	s.cancel()
	s.running.Wait()
}

func (s *servers) accept(ctx context.Context, l net.Listener, serve func(net.Conn)) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s.running.Go(func() {
			defer conn.Close()
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			defer stop()
			serve(conn)
		})
	}
}

func echo(conn net.Conn) {
	buf := make([]byte, 4<<10)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if _, err := conn.Write(buf[:n]); err != nil {
			return
		}
	}
}

func sendLines(conn net.Conn) {
	line := strings.Repeat("abcdefghijklmnopqrstuvwxyz", 3) + "\r\n"
	block := []byte(strings.Repeat(line, 3276)) // a little under 256 KiB
	send(conn, block, lineSize)
}

func sendBulk(conn net.Conn) {
	block := make([]byte, 256<<10)
	for i := range block {
		block[i] = byte(i * 7)
	}
	send(conn, block, 1)
}

// send sends as many units as the first line asks for, from a block repeated,
// and waits until the other side has closed.
func send(conn net.Conn, block []byte, unit int64) {
	units, _, err := readAmount(conn)
	if err != nil {
		return
	}
	for left := units * unit; left > 0; {
		n, err := conn.Write(block[:min(left, int64(len(block)))])
		if err != nil {
			return
		}
		left -= int64(n)
	}
	io.Copy(io.Discard, conn)
}

func readBulk(conn net.Conn) {
	left, early, err := readAmount(conn)
	if err != nil {
		return
	}
	left -= int64(early)
	buf := make([]byte, 256<<10)
	for left > 0 {
		n, err := conn.Read(buf)
		left -= int64(n)
		if err != nil {
			return
		}
	}
	if _, err := io.WriteString(conn, "done\n"); err != nil {
		return
	}
	io.Copy(io.Discard, conn)
}

// readAmount reads the first line, and returns the number in it and how many
// bytes beyond the line were read with it.
func readAmount(conn net.Conn) (n int64, early int, err error) {
	r := bufio.NewReaderSize(conn, 256<<10)
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	n, err = strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
	return n, r.Buffered(), err
}
