package shared

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/protocol-workbench/workbench/core/spool"
	"github.com/protocol-workbench/workbench/core/store"
)

// putObject writes a text as an object of the bucket, as NATS lays objects out (ADR-20):
// chunks on a subject of the object's own, then a message that describes it. nats.go's own
// Put makes a publisher for each object, and leaves its goroutine behind where the object
// is soon done; this one needs two round trips where that needs three. It returns what names
// the chunks.
func (l *Log) putObject(ctx context.Context, name string, text io.Reader) (chunks string, err error) {
	info := jetstream.ObjectInfo{
		ObjectMeta: jetstream.ObjectMeta{Name: name, Opts: &jetstream.ObjectMetaOptions{ChunkSize: MaxBlock}},
		Bucket:     bucketName(l.c.Tenant), NUID: rand.Text(), ModTime: time.Now().UTC(),
	}
	buffer := blocks.Get().(*[]byte)
	defer blocks.Put(buffer)
	sum := sha256.New()
	for {
		n, err := io.ReadFull(text, *buffer)
		if n > 0 {
			sum.Write((*buffer)[:n])
			info.Size += uint64(n)
			info.Chunks++
			if err := l.put(ctx, &nats.Msg{Subject: l.chunksOf(info.NUID), Data: (*buffer)[:n]}); err != nil {
				return "", err
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		} else if err != nil {
			return "", err
		}
	}
	info.Digest = "SHA-256=" + base64.URLEncoding.EncodeToString(sum.Sum(nil))
	value, err := json.Marshal(info)
	if err != nil {
		return "", err
	}
	m := nats.NewMsg("$O." + info.Bucket + ".M." + base64.URLEncoding.EncodeToString([]byte(name)))
	m.Data = value
	m.Header.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject)
	return info.NUID, l.put(ctx, m)
}

// chunksOf returns the subject of an object's chunks.
func (l *Log) chunksOf(name string) string { return "$O." + bucketName(l.c.Tenant) + ".C." + name }

// put publishes a message, and returns once the broker has it.
func (l *Log) put(ctx context.Context, m *nats.Msg) error {
	ctx, cancel := l.ask(ctx)
	defer cancel()
	_, err := l.js.PublishMsg(ctx, m)
	return err
}

// object returns the text of a transcript that has ended. It is fetched whole, so that a
// slow reader holds up nothing. Its chunks are asked for one by one, most have only one:
// nats.go's Get makes a consumer for each object, which costs a search of many of them most
// of its time.
func (l *Log) object(ctx context.Context, r row) (io.ReadCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, objectLimit)
	defer cancel()
	into, sum := &spool.Spool{}, sha256.New()
	from, size := uint64(1), int64(0)
	for size < r.Size {
		m, err := l.chunks.GetMsg(ctx, from, jetstream.WithGetMsgSubject(l.chunksOf(r.Chunks)))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			err = store.ErrNotFound // it was deleted
		}
		if err == nil {
			sum.Write(m.Data)
			from, size = m.Sequence+1, size+int64(len(m.Data))
			_, err = into.Write(m.Data)
		}
		if err != nil {
			into.Close()
			return nil, err
		}
	}
	if hexSum(sum) != r.Sum {
		into.Close()
		return nil, errDamaged
	}
	return into.Reader()
}

var errDamaged = errors.New("the shared log has another text than its index says")
