package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Bounds of the stream; see spec.md.
const (
	MaxFrame      = 2 << 20   // bytes of a frame's body
	MaxBatch      = 64        // events of a batch
	MaxBatchBytes = 256 << 10 // data of a batch of more than one event

	flushAt    = 64 << 10               // an answer frame is sent once it holds this much,
	flushAfter = 100 * time.Millisecond // or when an event is done this long after the last frame
)

type frameType uint8

// The frame types; spec.md, "Frames".
const (
	frameOpen         frameType = 0x01
	frameBatch        frameType = 0x02
	frameCheckpoint   frameType = 0x03
	frameBye          frameType = 0x04
	frameAnswer       frameType = 0x81
	frameCheckpointed frameType = 0x82
	frameByePlugin    frameType = 0x84
)

const headerSize = 5

var (
	// ErrProtocol says that the other end sent what spec.md does not allow.
	ErrProtocol = errors.New("protocol violation on the plugin's stream")
	// ErrLost says that the stream ended without a bye: the process died.
	ErrLost = errors.New("the plugin's stream ended without a word")
	// ErrHung says that no frame came within the time-out.
	ErrHung = errors.New("the plugin did not answer in time")
	// ErrKilled says, as part of a loss's cause, that somebody outside killed
	// the process: no event is to blame.
	ErrKilled = errors.New("killed from outside")
	// ErrWaited says, as part of a loss's cause, that the process hung in
	// another session while this session's event waited for its turn: this event
	// is not to blame.
	ErrWaited = errors.New("hung in another session")
	// ErrShared says, as part of a loss's cause, that other suspects were in the
	// quarantine process too: this session is not known to be the one to blame.
	ErrShared = errors.New("shared with other suspects")
	// ErrBye says that the plugin itself ended the stream.
	ErrBye = errors.New("the plugin said good-bye")
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrProtocol}, args...)...)
}

// beginFrame returns buf with room for the header; the body is appended to it.
func beginFrame(buf []byte) []byte { return append(buf[:0], make([]byte, headerSize)...) }

func finishFrame(buf []byte, t frameType) []byte {
	buf[0] = byte(t)
	binary.BigEndian.PutUint32(buf[1:headerSize], uint32(len(buf)-headerSize))
	return buf
}

// reader reads frames. Most of them fit into what it reads with their header, so
// one system call brings a whole one. It holds no larger buffer between frames,
// since most sessions are idle most of the time.
type reader struct {
	r        io.Reader
	from, to int // of ahead: what was read and not yet taken
	ahead    [512]byte
}

// head reads a frame's type and the size of its body.
func (r *reader) head() (frameType, int, error) {
	if r.from == r.to {
		r.from, r.to = 0, 0
	}
	for r.to-r.from < headerSize {
		copy(r.ahead[:], r.ahead[r.from:r.to])
		r.from, r.to = 0, r.to-r.from
		n, err := r.r.Read(r.ahead[r.to:])
		r.to += n
		if err != nil && r.to < headerSize {
			if err == io.EOF && r.to > 0 {
				err = io.ErrUnexpectedEOF
			}
			return 0, 0, err
		}
	}
	header := r.ahead[r.from : r.from+headerSize]
	r.from += headerSize
	size := int(binary.BigEndian.Uint32(header[1:]))
	if size > MaxFrame {
		return 0, 0, malformed("frame of %d bytes announced; at most %d are allowed", size, MaxFrame)
	}
	return frameType(header[0]), size, nil
}

// rest returns what was read after the last frame.
func (r *reader) rest() []byte { return r.ahead[r.from:r.to] }

// body reads a frame's body into buf, growing it if needed.
func (r *reader) body(buf []byte, size int) ([]byte, error) {
	if cap(buf) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	n := copy(buf, r.ahead[r.from:r.to])
	r.from += n
	_, err := io.ReadFull(r.r, buf[n:])
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return buf, err
}

// buffers are taken for one exchange and put back, so that an idle session
// holds none.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

const keepAtMost = 512 << 10 // a buffer that grew beyond this is not kept

func lend() *[]byte { return buffers.Get().(*[]byte) }

func giveBack(b *[]byte) {
	if cap(*b) <= keepAtMost {
		*b = (*b)[:0]
		buffers.Put(b)
	}
}
