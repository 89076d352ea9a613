package shared

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Headers of a block.
const (
	headerWriter = "Wb-Writer" // the process that wrote it
	headerBlock  = "Wb-Block"  // its number, from 1
	headerFrom   = "Wb-From"   // bytes of the text before it
	headerSum    = "Wb-Sum"    // SHA-256 of the text up to its end
	headerWhole  = "Wb-Whole"  // "1": it ends after a whole entry
	headerEnd    = "Wb-End"    // "1": the text ends with it
)

// newWriter names a process.
func newWriter() string { return rand.Text() }

// block is a piece of a text.
type block struct {
	writer     string
	number     uint64
	from       int64
	sum        string
	whole, end bool
	text       []byte
	sequence   uint64 // in the stream, once it is there
}

func (b *block) to() int64 { return b.from + int64(len(b.text)) }

func (b *block) message(subject string) *nats.Msg {
	m := &nats.Msg{Subject: subject, Data: b.text, Header: nats.Header{}}
	m.Header.Set(headerWriter, b.writer)
	m.Header.Set(headerBlock, strconv.FormatUint(b.number, 10))
	m.Header.Set(headerFrom, strconv.FormatInt(b.from, 10))
	m.Header.Set(headerSum, b.sum)
	if b.whole {
		m.Header.Set(headerWhole, "1")
	}
	if b.end {
		m.Header.Set(headerEnd, "1")
	}
	return m
}

var errNoBlock = errors.New("what stands in the shared log is no block of a transcript")

func readBlock(h nats.Header, text []byte, sequence uint64) (block, error) {
	number, err := strconv.ParseUint(h.Get(headerBlock), 10, 64)
	from, err2 := strconv.ParseInt(h.Get(headerFrom), 10, 64)
	sum := h.Get(headerSum)
	if _, err3 := hex.DecodeString(sum); errors.Join(err, err2, err3) != nil || from < 0 || len(text) > MaxBlock {
		return block{}, errNoBlock
	}
	return block{h.Get(headerWriter), number, from, sum, h.Get(headerWhole) == "1", h.Get(headerEnd) == "1", text, sequence}, nil
}

// last returns the last block of a transcript; its sequence is 0 if there is none.
func (l *Log) last(ctx context.Context, key string) (block, error) {
	ctx, cancel := l.ask(ctx)
	defer cancel()
	m, err := l.stream.GetLastMsgForSubject(ctx, l.subject(key))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return block{}, nil
	} else if err != nil {
		return block{}, err
	}
	return readBlock(m.Header, m.Data, m.Sequence)
}

// next returns the first block of a transcript from a sequence on; its sequence is 0 if
// there is none.
func (l *Log) next(ctx context.Context, key string, from uint64) (block, error) {
	ctx, cancel := l.ask(ctx)
	defer cancel()
	m, err := l.stream.GetMsg(ctx, from, jetstream.WithGetMsgSubject(l.subject(key)))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return block{}, nil
	} else if err != nil {
		return block{}, err
	}
	return readBlock(m.Header, m.Data, m.Sequence)
}

// publish publishes a block after the one with a sequence, 0 for none, and returns its
// own. It may be in the log although an error is returned.
func (l *Log) publish(ctx context.Context, key string, b *block, after uint64) (uint64, error) {
	ctx, cancel := l.ask(ctx)
	defer cancel()
	ack, err := l.js.PublishMsg(ctx, b.message(l.subject(key)), jetstream.WithExpectLastSequencePerSubject(after), jetstream.WithRetryAttempts(0))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// isWrongLast reports whether the broker refused a message for what its subject ends with
// already, or, where several servers keep it, is just about to end with.
func isWrongLast(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
