package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.bug.st/serial"

	"github.com/protocol-workbench/workbench/core/target"
)

// A serial line has no end of stream. Once nothing more is to be sent, this long a
// silence is one.
const lineSilence = time.Second

// closeLimit is how long the device is waited for when a line is closed: a driver may
// wait until the other end has taken what was written.
const closeLimit = 2 * time.Second

// line is an open serial line. A pipe stands between its user and the device, whose reads
// and writes have no deadlines: near is the user's end.
type line struct {
	near, far net.Conn
	port      serial.Port
	device    string
	ending    atomic.Bool   // nothing more is sent
	written   chan struct{} // closed once nothing is written any more
	failed    atomic.Pointer[target.Error]
	close     func() error
}

var _ target.Stream = (*line)(nil)

var parities = map[string]serial.Parity{
	"none": serial.NoParity, "odd": serial.OddParity, "even": serial.EvenParity, "mark": serial.MarkParity, "space": serial.SpaceParity,
}

var stopBits = map[string]serial.StopBits{"1": serial.OneStopBit, "1.5": serial.OnePointFiveStopBits, "2": serial.TwoStopBits}

// openLine opens a device. One that takes too long is closed when it has opened.
func openLine(ctx context.Context, l target.Line) (target.Stream, error) {
	type opened struct {
		port serial.Port
		err  error
	}
	result := make(chan opened, 1)
	go func() {
		port, err := serial.Open(deviceName(l.Device), &serial.Mode{BaudRate: l.Baud, DataBits: l.Data, Parity: parities[l.Parity], StopBits: stopBits[l.Stop]})
		result <- opened{port, err}
	}()
	select {
	case r := <-result:
		if r.err != nil {
			return nil, explainOpen(r.err, l)
		}
		return newLine(r.port, l.Device), nil
	case <-ctx.Done():
		go func() {
			if r := <-result; r.err == nil {
				r.port.Close()
			}
		}()
		return nil, fail(ctx.Err(), target.CodeNoAnswer, "%s did not open in time", shown(l.Device))
	}
}

// explainOpen says in the user's words why a device did not open.
func explainOpen(err error, l target.Line) error {
	device := shown(l.Device)
	var code serial.PortErrorCode = -1
	var port *serial.PortError
	if errors.As(err, &port) {
		code = port.Code()
	}
	var errno syscall.Errno
	switch {
	case code == serial.PortNotFound, errors.Is(err, fs.ErrNotExist):
		return fail(err, target.CodeNoSuchPath, "there is no serial device %s on the workbench's machine", device)
	case code == serial.PermissionDenied, errors.Is(err, fs.ErrPermission):
		return fail(err, target.CodeNotPermitted, "the account of the workbench may not use %s: on Linux, the device's group may (often dialout)", device)
	case code == serial.PortBusy:
		return fail(err, target.CodeBusy, "%s is in use by another program", device)
	case code == serial.InvalidSpeed:
		return fail(err, target.CodeDial, "%s cannot do baud=%d", device, l.Baud)
	case code == serial.InvalidDataBits:
		return fail(err, target.CodeDial, "%s cannot do data=%d", device, l.Data)
	case code == serial.InvalidParity:
		return fail(err, target.CodeDial, "%s cannot do parity=%s", device, l.Parity)
	case code == serial.InvalidStopBits:
		return fail(err, target.CodeDial, "%s cannot do stop=%s", device, l.Stop)
	case code == serial.InvalidSerialPort:
		return fail(err, target.CodeDial, "%s is not a serial device, or cannot do what was asked of it", device)
	case errors.As(err, &errno):
		return fail(err, target.CodeDial, "%s did not open: %s", device, errno.Error())
	}
	return fail(err, target.CodeDial, "%s did not open", device)
}

func newLine(port serial.Port, device string) *line {
	l := &line{port: port, device: device, written: make(chan struct{})}
	l.near, l.far = net.Pipe()
	l.close = sync.OnceValue(l.end)
	go l.readAll()
	go l.writeAll()
	return l
}

// readAll passes on what the device receives, until it is closed or gone.
func (l *line) readAll() {
	defer l.far.Close()
	buf := make([]byte, 4<<10)
	for {
		n, err := l.readPort(buf)
		if n > 0 {
			if _, err := l.far.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			l.fail(err)
			return
		}
	}
}

// readPort reads from the device. The library waits by select(2), which takes no
// descriptor over 1023, and panics with one.
func (l *line) readPort(buf []byte) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("read %s: %v", l.device, p)
		}
	}()
	return l.port.Read(buf)
}

// writeAll writes to the device, in pieces so that a device that takes nothing can be
// closed between two of them.
func (l *line) writeAll() {
	defer close(l.written)
	buf := make([]byte, 256)
	for {
		n, err := l.far.Read(buf)
		if err != nil {
			return
		}
		for sent := 0; sent < n; {
			done, err := l.port.Write(buf[sent:n])
			if err != nil {
				l.fail(err)
				l.far.Close()
				return
			}
			sent += done
		}
	}
}

// fail keeps why the device is of no more use; the first reason stands.
func (l *line) fail(err error) {
	l.failed.CompareAndSwap(nil, fail(err, target.CodeBrokeOff, "%s is gone, or can be read no more", shown(l.device)))
}

// Read returns what the device receives. Once nothing more is sent, a silence is the end
// of the stream.
func (l *line) Read(b []byte) (int, error) {
	n, err := l.near.Read(b)
	switch {
	case err == nil:
		if l.ending.Load() {
			l.near.SetReadDeadline(time.Now().Add(lineSilence))
		}
	case errors.Is(err, os.ErrDeadlineExceeded) && l.ending.Load():
		err = io.EOF
	default:
		err = l.why(err)
	}
	return n, err
}

// Write returns once the device's driver has all of b but 256 bytes.
func (l *line) Write(b []byte) (int, error) {
	n, err := l.near.Write(b)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		err = l.why(err)
	}
	return n, err
}

func (l *line) why(err error) error {
	if failed := l.failed.Load(); failed != nil {
		return failed
	}
	return err
}

// CloseWrite has the line end once it is silent.
func (l *line) CloseWrite() error {
	l.ending.Store(true)
	return l.near.SetReadDeadline(time.Now().Add(lineSilence))
}

// Close closes the device. What was written leaves, if that takes at most closeLimit.
func (l *line) Close() error { return l.close() }

func (l *line) end() error {
	l.near.Close()
	select {
	case <-l.written:
	case <-time.After(closeLimit):
		l.port.ResetOutputBuffer() // which lets a write that waits go on
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		l.port.Close()
	}()
	select {
	case <-closed:
	case <-time.After(closeLimit):
		l.port.ResetOutputBuffer()
	}
	return nil
}

// LocalAddr implements net.Conn.
func (l *line) LocalAddr() net.Addr { return address("workbench") }

// RemoteAddr names the device.
func (l *line) RemoteAddr() net.Addr { return address(l.device) }

// SetDeadline implements net.Conn.
func (l *line) SetDeadline(t time.Time) error { return l.near.SetDeadline(t) }

// SetReadDeadline implements net.Conn.
func (l *line) SetReadDeadline(t time.Time) error { return l.near.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn.
func (l *line) SetWriteDeadline(t time.Time) error { return l.near.SetWriteDeadline(t) }
