package echoquit

import (
	"bytes"
	"encoding/binary"
)

// queue holds the outstanding messages in order, in one buffer: for each a varint
// of its length, doubled, plus 1 if it is binary, then its bytes. A message of one
// byte takes two, so a client that sends a million of them is bounded like one
// that sends a few long ones.
type queue struct {
	buf     []byte
	head    int // where the first message begins in buf
	bytes   int // of all messages
	matched int // bytes of the first message that have come back; fewer than it has after popWhole
}

func (q *queue) empty() bool { return q.head == len(q.buf) }

// unmatched returns how many bytes have not come back yet.
func (q *queue) unmatched() int { return q.bytes - q.matched }

// push adds a message, which must not be empty.
func (q *queue) push(message []byte, isBinary bool) {
	if q.head > len(q.buf)/2 {
		q.buf = q.buf[:copy(q.buf, q.buf[q.head:])]
		q.head = 0
	}
	q.buf = binary.AppendUvarint(q.buf, header(len(message), isBinary))
	q.buf = append(q.buf, message...)
	q.bytes += len(message)
}

// first returns the first message and where the next one begins.
func (q *queue) first() (message []byte, isBinary bool, next int) {
	h, n := binary.Uvarint(q.buf[q.head:])
	from := q.head + n
	next = from + int(h>>1)
	return q.buf[from:next], h&1 == 1, next
}

// match compares data with the rest of the first message, and returns how many
// bytes at the start are equal.
func (q *queue) match(data []byte) int {
	message, _, _ := q.first()
	n := samePrefix(message[q.matched:], data)
	q.matched += n
	return n
}

// popWhole removes the first message once all of it has come back. The message is
// valid until the next call of push.
func (q *queue) popWhole() (message []byte, isBinary, ok bool) {
	message, isBinary, next := q.first()
	if q.matched < len(message) {
		return nil, false, false
	}
	q.bytes -= len(message)
	q.head, q.matched = next, 0
	if q.empty() {
		q.clear()
	}
	return message, isBinary, true
}

// matchedPart returns the part of the first message that has come back.
func (q *queue) matchedPart() (part []byte, isBinary bool) {
	if q.matched == 0 {
		return nil, false
	}
	message, isBinary, _ := q.first()
	return message[:q.matched], isBinary
}

func (q *queue) clear() { *q = queue{buf: emptied(q.buf)} }

func header(size int, isBinary bool) uint64 {
	h := uint64(size) << 1
	if isBinary {
		h |= 1
	}
	return h
}

func samePrefix(a, b []byte) int {
	n := min(len(a), len(b))
	if bytes.Equal(a[:n], b[:n]) {
		return n
	}
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// emptied returns b without its bytes, and without its memory if that is large:
// thousands of sessions may be idle.
func emptied(b []byte) []byte {
	if cap(b) > keep {
		return nil
	}
	return b[:0]
}
