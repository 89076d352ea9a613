package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
)

// lineSize is the length of a usual line, CR LF included.
const lineSize = 80

// servers are the targets that every system is measured against. They run in
// the driver's process. Except the echo server, each waits for a first line
// that says how much is to be sent, so that no byte moves before the clock
// runs.
type servers struct {
	echo   string // sends back what it gets, with a small buffer
	mirror string // sends back what it gets, with a large buffer
	lines  string // "N SIZE": sends N lines of SIZE bytes, CR LF included
	words  string // "N SEED": sends N lines of lineSize bytes that have words, and "session-SEED" in the first
	bulk   string // "N": sends N bytes
	sink   string // "N": reads N bytes, then answers "done\n"

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
		{&s.echo, echo(4 << 10)},
		{&s.mirror, echo(256 << 10)},
		{&s.lines, sendLines},
		{&s.words, sendWords},
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

// echo returns a server that sends back what it reads into a buffer.
func echo(buffer int) func(net.Conn) {
	return func(conn net.Conn) {
		buf := make([]byte, buffer)
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
}

func sendLines(conn net.Conn) {
	amounts, _, err := readAmounts(conn, 2)
	if err != nil || amounts[1] < 3 {
		return
	}
	lines, size := amounts[0], int(amounts[1])
	const alphabet = "abcdefghijklmnopqrstuvwxyz"
	line := strings.Repeat(alphabet, size/len(alphabet)+1)[:size-2] + "\r\n"
	send(conn, []byte(strings.Repeat(line, max(1, 256<<10/size))), lines*int64(size))
}

func sendBulk(conn net.Conn) {
	amounts, _, err := readAmounts(conn, 1)
	if err != nil {
		return
	}
	block := make([]byte, 256<<10)
	for i := range block {
		block[i] = byte(i * 7)
	}
	send(conn, block, amounts[0])
}

// sendWords sends lines that differ for each seed.
func sendWords(conn net.Conn) {
	amounts, _, err := readAmounts(conn, 2)
	if err != nil {
		return
	}
	lines, seed := int(amounts[0]), amounts[1]
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	text := make([]byte, 0, lines*lineSize)
	for i := range lines {
		end := (i + 1) * lineSize
		if i == 0 {
			text = fmt.Appendf(text, "session-%d ", seed)
		}
		for len(text) < end-2 {
			text = fmt.Appendf(text, "%s%d ", vocabulary[random.IntN(len(vocabulary))], random.IntN(1000))
		}
		text = append(text[:end-2], "\r\n"...)
	}
	send(conn, text, int64(len(text)))
}

// vocabulary are words as they are in what servers say.
var vocabulary = strings.Fields(`HTTP/1.1 200 OK Content-Type: text/html Date: Server: nginx Connection:
	keep-alive Cache-Control: max-age= <div class="entry"> </div> <a href="/page/ the of and to in is mail
	250-SIZE PIPELINING 8BITMIME +OK -ERR PRIVMSG #channel :hello user@example.com 404 Not Found ETag:`)

// send sends so many bytes of a block that is repeated, and waits until the
// other side has closed.
func send(conn net.Conn, block []byte, size int64) {
	for left := size; left > 0; {
		n, err := conn.Write(block[:min(left, int64(len(block)))])
		if err != nil {
			return
		}
		left -= int64(n)
	}
	io.Copy(io.Discard, conn)
}

func readBulk(conn net.Conn) {
	amounts, early, err := readAmounts(conn, 1)
	if err != nil {
		return
	}
	left := amounts[0] - int64(early)
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

// readAmounts reads the first line, and returns the numbers in it and how many
// bytes beyond the line were read with it.
func readAmounts(conn net.Conn, count int) (amounts []int64, early int, err error) {
	r := bufio.NewReaderSize(conn, 256<<10)
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, 0, err
	}
	for field := range strings.FieldsSeq(line) {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return nil, 0, err
		}
		amounts = append(amounts, n)
	}
	if len(amounts) != count {
		return nil, 0, fmt.Errorf("%q: %d numbers wanted", line, count)
	}
	return amounts, r.Buffered(), nil
}

// forBytes lists the targets of systems that pass bytes.
func (s *servers) forBytes() []string { return []string{s.echo, s.mirror, s.bulk, s.sink} }
