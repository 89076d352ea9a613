package mqtt

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"
	"testing/iotest"
	"time"
)

// packetsOf reads packets until something is wrong.
func packetsOf(r io.Reader) (all []packet, err error) {
	one := byteReader{r}
	for {
		p, err := readPacket(one, func(b []byte) error { _, err := io.ReadFull(r, b); return err })
		if err != nil {
			return all, err
		}
		all = append(all, p)
	}
}

type byteReader struct{ io.Reader }

func (r byteReader) ReadByte() (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(r.Reader, b[:])
	return b[0], err
}

// Whatever comes, there are only the errors that are declared, the bounds hold, what is
// counted is there, and the same comes of it however it is cut.
func FuzzPackets(f *testing.F) {
	for _, version := range []string{"\x04", "\x05"} {
		connect := raw(0x10, "\x00\x04MQTT"+version+"\x02\x00\x3c\x00\x00\x00")
		if version == "\x04" {
			connect = raw(0x10, "\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")
		}
		f.Add([]byte(connect + raw(0x82, "\x00\x01\x00\x03a/#\x01") + raw(0x33, "\x00\x01a\x00\x07x") + "\xc0\x00\x40\x02\x00\x01"))
		f.Add([]byte(connect + raw(0x82, "\x00\x01\x00\x00\x01#\x02") + raw(0x35, "\x00\x01a\x00\x07\x05\x02\x00\x00\x00\x09x") + "\x62\x02\x00\x07\x50\x02\x00\x01\x70\x02\x00\x01\xe0\x00"))
	}
	f.Add([]byte(raw(0x10, "\x00\x04MQTT\x05\xee\x00\x3c\x00\x00\x03ada\x00\x00\x01w\x00\x02hi\x00\x05alice\x00\x0awonderland")))
	now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, err := packetsOf(bytes.NewReader(data))
		split, err2 := packetsOf(iotest.OneByteReader(bytes.NewReader(data)))
		var bad *wrong
		if !errors.As(err, &bad) && err != io.EOF && err != io.ErrUnexpectedEOF || err.Error() != err2.Error() || !reflect.DeepEqual(whole, split) {
			t.Fatalf("whole %v, %v; split %v, %v", whole, err, split, err2)
		}
		b := New()
		c := &client{broker: b}
		c.changed.L = &b.mu
		for _, p := range whole {
			last, err := c.take(p)
			if err != nil && !errors.As(err, &bad) {
				t.Fatal(err)
			}
			if len(c.out) > 2*maxOut {
				t.Fatalf("%d bytes of answers", len(c.out))
			}
			if c.session != nil {
				c.fill(now)
			}
			c.out = nil
			if p.kind == kindPublish && err == nil {
				again(t, p, c.version, now)
			}
			if last || err != nil {
				break
			}
		}
		counted := 0
		for _, s := range b.sessions {
			for _, d := range append(s.waiting, s.sent...) {
				counted += d.size()
			}
			if len(s.subscriptions) > MaxSubscriptions || len(s.sent) > MaxInflight || len(s.unreleased) > MaxUnreleased {
				t.Errorf("too much: %+v", s)
			}
		}
		if counted != b.queued {
			t.Errorf("%d bytes wait, and %d are counted", counted, b.queued)
		}
		c.leave(nil)
	})
}

// again checks that a message that is passed on is read as it was.
func again(t *testing.T, p packet, version byte, now time.Time) {
	was, bad := parsePublish(p, version, now)
	if bad != nil {
		t.Fatal(bad)
	}
	d := &delivery{message: &was.message, qos: was.qos, retain: was.retain, id: was.id}
	sent, err := packetsOf(bytes.NewReader(appendPublish(nil, version, d, was.again, now)))
	if len(sent) != 1 || err != io.EOF {
		t.Fatalf("%v, %v", sent, err)
	}
	is, bad := parsePublish(sent[0], version, now)
	if bad != nil || !reflect.DeepEqual(is, was) {
		t.Errorf("%+v was passed on as %+v, %v", was, is, bad)
	}
}
