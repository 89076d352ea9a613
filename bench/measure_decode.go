package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// decoder is the line mode that the measure decode has watch: it says each record of a
// stream as a message, with a field for each item.
const decoder = "go-records"

// measureDecode sends records through a tap, to a server that reads them, with the line mode
// raw and with a decoder that watches. It returns the megabytes (10⁶) a second of both, the
// ratio of these, and of what crossed the shares that were decoded in time and that the
// decoder was too far behind to see.
func measureDecode(ctx context.Context, t *trial) ([]float64, error) {
	const pkg = "github.com/protocol-workbench/workbench/examples/go/records"
	plugin := filepath.Join(t.dir, "workbench-plugin-"+decoder)
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", plugin, pkg).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	raw, err := t.copyRecords(ctx, "raw")
	if err != nil {
		return nil, err
	}
	decoded, err := t.copyRecords(ctx, decoder)
	if err != nil {
		return nil, err
	}
	seen, unseen, err := t.decoded()
	if err != nil {
		return nil, err
	}
	size := float64(t.records())
	return []float64{raw, decoded, decoded / raw, 100 * float64(seen) / size, 100 * float64(unseen) / size}, nil
}

// recordsBlock is how many records are written at once.
const recordsBlock = 1 << 10

// records returns how many bytes of records are sent: whole blocks.
func (t *trial) records() int64 {
	block := int64(recordsBlock * len(aRecord()))
	return max(1, t.amount(t.sizes.bulk)/block) * block
}

// aRecord returns a record of three items, one of them a group of two.
func aRecord() []byte {
	item := func(kind byte, value []byte) []byte { return append([]byte{kind, byte(len(value))}, value...) }
	group := append(item(1, []byte("a key of some length")), item(2, []byte{1, 2, 3, 4})...)
	body := append(item(1, []byte("GET")), item(16, group)...)
	body = append(body, item(1, bytes.Repeat([]byte{'x'}, 40))...)
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(body))), body...)
}

// copyRecords has records cross a tap, and returns how fast, from when the first is sent
// until the server has read the last.
func (t *trial) copyRecords(ctx context.Context, mode string) (rate float64, err error) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer server.Close()
	tap, err := startListening(ctx, func(host, port string) *exec.Cmd {
		return exec.Command(t.binary, "tap", "--listen", host+":"+port, "--to", server.Addr().String(), "--mode", mode,
			"--plugin-dir", t.dir, "--transcripts", t.recordings(mode), "--max-recording", "512")
	})
	if err != nil {
		return 0, err
	}
	defer tap.stop()
	read := make(chan int64)
	go func() {
		for { // the first is of who waited for the tap
			conn, err := server.Accept()
			if err != nil {
				return
			}
			go func() {
				n, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{conn}, make([]byte, largeBuffer))
				conn.Close()
				if n > 0 {
					read <- n
				}
			}()
		}
	}()
	client, err := net.Dial("tcp", tap.url)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	block, size := bytes.Repeat(aRecord(), recordsBlock), t.records()
	start := time.Now()
	for sent := int64(0); sent < size; sent += int64(len(block)) {
		if _, err := client.Write(block); err != nil {
			return 0, err
		}
	}
	if err := client.(*net.TCPConn).CloseWrite(); err != nil {
		return 0, err
	}
	select {
	case n := <-read:
		if n != size {
			return 0, fmt.Errorf("%d bytes crossed where %d were sent", n, size)
		}
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	rate = float64(size) / time.Since(start).Seconds() / 1e6
	// What waits for the line mode then is still answered.
	for mode == decoder && bytes.Count(t.recorded(mode), []byte("-- ended: ")) < 2 {
		if err := wait(ctx, t.sizes.sample); err != nil {
			return 0, err
		}
	}
	return rate, nil
}

func (t *trial) recordings(mode string) string { return filepath.Join(t.dir, "transcripts-"+mode) }

// recorded returns all recordings of a mode.
func (t *trial) recorded(mode string) (all []byte) {
	files, _ := filepath.Glob(filepath.Join(t.recordings(mode), "*"))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		all = append(all, text...)
	}
	return all
}

// Of a recording's lines, the spans of messages and the bytes that were not seen.
var (
	messageSpan = regexp.MustCompile(`<< message from-client (\d+)-(\d+) `)
	unseenBytes = regexp.MustCompile(`>> client unseen (\d+)`)
)

// decoded returns how many bytes of the client's were in messages, and how many the decoder
// did not see.
func (t *trial) decoded() (seen, unseen int64, err error) {
	text := t.recorded(decoder)
	number := func(digits []byte) int64 {
		n, _ := strconv.ParseInt(string(digits), 10, 64)
		return n
	}
	for _, m := range messageSpan.FindAllSubmatch(text, -1) {
		seen += number(m[2]) - number(m[1])
	}
	for _, m := range unseenBytes.FindAllSubmatch(text, -1) {
		unseen += number(m[1])
	}
	if seen == 0 {
		return 0, 0, errors.New("nothing was decoded")
	}
	return seen, unseen, nil
}
