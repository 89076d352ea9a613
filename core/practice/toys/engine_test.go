package toys

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice"
)

// dial connects to a toy that is run as it will be, with the real clock and chance.
func dial(t *testing.T, d core.Discipline) (net.Conn, *bufio.Reader) {
	t.Helper()
	options, err := d.Manifest.ParseOptions(nil)
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- (&practice.Machine{Discipline: d, Options: options}).Converse(context.Background(), far)
	}()
	t.Cleanup(func() {
		near.Close()
		if err := <-done; err != nil {
			t.Errorf("%s ended with %v", d.Manifest.Name, err)
		}
	})
	near.SetDeadline(time.Now().Add(30 * time.Second)) // a failing test says where
	return near, bufio.NewReader(near)
}

// line reads a line without its CR LF.
func line(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	s, err := r.ReadString('\n')
	if err != nil || !strings.HasSuffix(s, crlf) {
		t.Fatalf("%q, %v", s, err)
	}
	return strings.TrimSuffix(s, crlf)
}

func expectEnd(t *testing.T, r io.Reader) {
	t.Helper()
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v; want the end of the stream", rest, err)
	}
}

func TestDaytimeTellsTheTime(t *testing.T) {
	_, r := dial(t, Daytime())
	said := line(t, r)
	told, err := time.Parse("Monday, January 2, 2006 15:04:05-MST", said)
	if away := time.Since(told); err != nil || away < -time.Hour || away > time.Hour {
		t.Errorf("%q: %v, %v away", said, err, away)
	}
	expectEnd(t, r)
}

func TestSomethingIsSaid(t *testing.T) {
	_, r := dial(t, Quote())
	if said := line(t, r); !slices.Contains(quotes[:], said) {
		t.Errorf("%q is no quote", said)
	}
	expectEnd(t, r)
	conn, r := dial(t, Fortune())
	for range 3 {
		fmt.Fprint(conn, "\r\n")
		if said := line(t, r); !slices.Contains(fortunes[:], said) {
			t.Errorf("%q is no fortune", said)
		}
	}
}

// Seven guesses are enough for whoever listens.
func TestGuessIsWon(t *testing.T) {
	conn, r := dial(t, Guess())
	line(t, r)
	low, high := 1, guessUpTo
	for tries := 1; tries <= 7; tries++ {
		guess := (low + high) / 2
		fmt.Fprintf(conn, "%d\r\n", guess)
		switch said := line(t, r); {
		case strings.Contains(said, "higher"):
			low = guess + 1
		case strings.Contains(said, "lower"):
			high = guess - 1
		default:
			if !strings.Contains(said, fmt.Sprintf("right, after %d ", tries)) {
				t.Error(said)
			}
			expectEnd(t, r)
			return
		}
	}
	t.Errorf("not guessed; it is from %d to %d", low, high)
}
