package pcap

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert"
	"github.com/protocol-workbench/workbench/core/transcript"
)

const (
	// maxSecrets bounds the lines that are taken from a key log. A connection has some ten
	// of them.
	maxSecrets = 64 << 10
	maxLine    = 4 << 10 // of a key log
)

// Errors of [SecretsOf].
var (
	// ErrNoHandshake: no TLS handshake crossed. Of a session whose TLS the workbench itself
	// spoke, a recording has what TLS carried.
	ErrNoHandshake = errors.New("no TLS handshake is in the transcript: it has what was said inside TLS, or in clear, and there is nothing to decrypt")
	// ErrNoSecrets: there is a handshake, and the key log is of others.
	ErrNoSecrets = errors.New("the key log has no secrets of the TLS connection in the transcript")
)

// SecretsOf returns the lines of a key log (SSLKEYLOGFILE) that decrypt the TLS records which
// crossed the connection, as through a tap that only watches, and no others. The log is read
// as a stream.
func SecretsOf(t *transcript.Transcript, keyLog io.Reader) (lines []byte, err error) {
	var said []byte
	for _, c := range convert.Crossings(t) {
		if c.From == core.Client {
			said = append(said, c.Data...)
		}
	}
	random := clientRandom(said)
	if random == nil {
		return nil, ErrNoHandshake
	}
	in := bufio.NewReaderSize(keyLog, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if err == bufio.ErrBufferFull { // no secret is as long: the line is skipped
			for err == bufio.ErrBufferFull {
				_, err = in.ReadSlice('\n')
			}
			line = nil
		}
		if words := bytes.Fields(line); len(words) == 3 && len(lines) < maxSecrets && bytes.EqualFold(words[1], random) {
			lines = append(append(lines, bytes.Join(words, []byte(" "))...), '\n')
		}
		switch {
		case err == io.EOF && lines == nil:
			return nil, ErrNoSecrets
		case err == io.EOF:
			return lines, nil
		case err != nil:
			return nil, err
		}
	}
}

// clientRandom finds a TLS ClientHello in a client's stream, wherever it begins, and returns
// what names the connection in a key log: its random bytes in hexadecimal (RFC 8446, 4.1.2).
func clientRandom(said []byte) []byte {
	const before, length = 11, 32 // record, handshake and version; random
	for at := 0; ; at++ {
		next := bytes.Index(said[at:], []byte{0x16, 3})
		if at += next; next < 0 || at+before+length > len(said) {
			return nil
		}
		if said[at+5] == 1 && said[at+9] == 3 {
			return hex.AppendEncode(nil, said[at+before:at+before+length])
		}
	}
}
