package local

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/protocol-workbench/workbench/core/target"
)

// pty returns the other end of a serial line, and the line's path.
func pty(t *testing.T) (*os.File, string) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal("no pseudo-terminals here: ", err)
	}
	far := os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { far.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	return far, "/dev/pts/" + strconv.Itoa(n)
}

func openSerial(t *testing.T, address string) target.Stream {
	t.Helper()
	s, err := Opener{}.Open(t.Context(), parse(t, address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Every byte crosses as it is, both ways, and the line is as was asked.
func TestLine(t *testing.T) {
	far, path := pty(t)
	s := openSerial(t, "serial://"+path+"?baud=115200&stop=2&parity=even")
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	got := make([]byte, len(all))
	go s.Write(all)
	if _, err := io.ReadFull(far, got); err != nil || string(got) != string(all) {
		t.Errorf("the other end got %q, %v", got, err)
	}
	go far.Write(all)
	if _, err := io.ReadFull(s, got); err != nil || string(got) != string(all) {
		t.Errorf("got %q, %v", got, err)
	}
	term, err := unix.IoctlGetTermios(int(far.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if term.Cflag&unix.CBAUD != unix.B115200 || term.Cflag&unix.CSTOPB == 0 {
		t.Errorf("flags %o: not 115200 baud with two stop bits", term.Cflag)
	}
}

// After the end of what is sent the line is heard until it is silent.
func TestLineEndsInSilence(t *testing.T) {
	far, path := pty(t)
	s := openSerial(t, "serial://"+path)
	s.CloseWrite()
	far.Write([]byte("late"))
	began := time.Now()
	got, err := io.ReadAll(s)
	if string(got) != "late" || err != nil || time.Since(began) < lineSilence/2 {
		t.Errorf("%q, %v after %v", got, err, time.Since(began))
	}
}

// A device that goes away while it is open breaks the session's connection.
func TestLineIsGone(t *testing.T) {
	far, path := pty(t)
	s := openSerial(t, "serial://"+path)
	far.Close()
	_, err := s.Read(make([]byte, 1))
	if codeOf(err) != target.CodeBrokeOff || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("%v", err)
	}
}

// A line that takes nothing is written to until the deadline, and can be closed.
func TestLineTakesNothing(t *testing.T) {
	_, path := pty(t)
	s := openSerial(t, "serial://"+path)
	s.SetWriteDeadline(time.Now().Add(2 * time.Second))
	n, err := s.Write(make([]byte, 1<<20))
	if n == 1<<20 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("wrote %d, %v", n, err)
	}
	began := time.Now()
	s.Close()
	if took := time.Since(began); took > 3*closeLimit {
		t.Errorf("closed after %v", took)
	}
}

func TestLinesThatDoNotOpen(t *testing.T) {
	for address, want := range map[string]struct {
		code  target.Code
		words string
	}{
		"serial:///dev/no-such-line": {target.CodeNoSuchPath, "there is no serial device /dev/no-such-line"},
		"serial:///dev/null":         {target.CodeDial, "is not a serial device"},
	} {
		_, err := Opener{}.Open(t.Context(), parse(t, address))
		if codeOf(err) != want.code || !strings.Contains(err.Error(), want.words) {
			t.Errorf("%s: %v; want %s, %q", address, err, want.code, want.words)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, path := pty(t)
	if s, err := (Opener{}).Open(ctx, parse(t, "serial://"+path)); err == nil {
		s.Close()
	} else if codeOf(err) != target.CodeNoAnswer {
		t.Error(err)
	}
	if os.Geteuid() != 0 { // root is never refused
		_, path := pty(t) // the line that was given up above may still be closed, and lets others in then
		openSerial(t, "serial://"+path)
		if _, err := (Opener{}).Open(t.Context(), parse(t, "serial://"+path)); codeOf(err) != target.CodeBusy {
			t.Errorf("opened twice: %v", err)
		}
	}
}
