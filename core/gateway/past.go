package gateway

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/protocol-workbench/workbench/core/keep"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// pastLimit bounds the time in which a recording is read, or waited for.
const pastLimit = 5 * time.Second

// fill tells a client entries that are not in memory any more, from the session's
// recording, and of those that it does not have how many there were.
func (g *Gateway) fill(c *client, k *keep.Session, missing keep.Range) error {
	next := missing.First
	if done, err := g.whole.take(g.stopping); err == nil {
		next, err = g.fillFrom(c, k, missing)
		done()
		if err != nil {
			return err
		}
	}
	if next == missing.Next {
		return nil
	}
	return c.say(struct {
		Kind    string `json:"kind"`
		From    uint64 `json:"from"`
		Entries uint64 `json:"entries"`
	}{"gap", next, missing.Next - next})
}

// fillFrom sends what the recording has of the missing entries, and returns the
// number of the first that it has not. An error is the client's.
//
// The recording numbers no entries. They are counted, and nothing is sent unless
// the one that is still in memory has the same place by that count: where the
// recording has left something out, or stopped, the count would be wrong.
func (g *Gateway) fillFrom(c *client, k *keep.Session, missing keep.Range) (next uint64, err error) {
	next = missing.First
	id, _ := k.Hello["transcript"].(string)
	if id == "" || g.Transcripts == nil {
		return next, nil
	}
	agrees := false
	g.recorded(id, func(i uint64, e *transcript.Entry) bool {
		agrees = i == missing.Next && isSame(e, missing.Entry)
		return i < missing.Next
	})
	if !agrees {
		return next, nil
	}
	var frame []byte
	g.recorded(id, func(i uint64, e *transcript.Entry) bool {
		if i >= missing.First && i < missing.Next {
			frame = strconv.AppendUint(append(frame, `{"i":`...), i, 10)
			brace := len(frame)
			frame = append(transcript.AppendJSON(frame, e), ',')
			frame[brace] = ','
			if len(frame) > entriesFrame || i+1 == missing.Next {
				err, next, frame = c.sayEntries(frame), i+1, frame[:0]
			}
		}
		return err == nil && i+1 < missing.Next
	})
	return next, err
}

// recorded calls each with the entries of a recording until it returns false. They
// are counted from 1, after the remark that every recording begins with. It waits, for pastLimit at most, for what is not yet written.
func (g *Gateway) recorded(id string, each func(i uint64, e *transcript.Entry) bool) {
	ctx, cancel := context.WithTimeout(g.stopping, pastLimit)
	defer cancel()
	var d store.Decoder
	i := uint64(0)
	for block, err := range g.Transcripts.Follow(ctx, id) {
		if err != nil {
			return
		}
		entries, err := d.Entries(id, block)
		if err != nil {
			return
		}
		for at := range entries {
			if i > 0 && !each(i, &entries[at]) {
				return
			}
			i++
		}
	}
}

// isSame reports that an entry of a recording and one in JSON are of the same event,
// and the same kind of thing.
func isSame(e *transcript.Entry, object []byte) bool {
	type place struct {
		N    uint64 `json:"n"`
		Dir  string `json:"dir"`
		Kind string `json:"kind"`
	}
	var a, b place
	return json.Unmarshal(transcript.AppendJSON(nil, e), &a) == nil && json.Unmarshal(object, &b) == nil && a == b
}
