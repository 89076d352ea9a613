package pcap

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/transcript"
)

// A packet with bytes that no peer has sent says so, and so does one in whose place others
// went.
func TestForgedIsCommented(t *testing.T) {
	log, err := transcript.Parse("", []byte(`workbench transcript v1
mode raw

<< pass-through client
<< pass-through server
>> client binary "ab"
-- fault 5 to-server 1-1 forge forged 1-2 "!"
>> server "+"
-- fault 3 from-server 1-5 replace "PONG" forged 1-5 "PANG"
>> server "PANG\r\n"
`))
	if err != nil {
		t.Fatal(err)
	}
	var capture bytes.Buffer
	if err := Write(&capture, log); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`forged: no peer has sent bytes 0-4 of this packet: fault 3 from-server 1-5 replace "PONG" forged 1-5 "PANG"`,
		`forged: other bytes went to the server here than this packet has, which the line mode ordered: fault 5 to-server 1-1 forge forged 1-2 "!"`,
	} {
		if n := strings.Count(capture.String(), want); n != 1 {
			t.Errorf("%q is there %d times", want, n)
		}
	}
	if n := strings.Count(capture.String(), "forged: "); n != 2 {
		t.Errorf("%d comments", n)
	}
	if _, err := Import(t.Context(), bytes.NewReader(capture.Bytes()), Options{Mode: "raw", Create: func(Connection) (io.WriteCloser, error) { return nopCloser{}, nil }}); err != nil {
		t.Errorf("it cannot be read again: %v", err)
	}
}

type nopCloser struct{}

func (nopCloser) Write(p []byte) (int, error) { return len(p), nil }
func (nopCloser) Close() error                { return nil }
