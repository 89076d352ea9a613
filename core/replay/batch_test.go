package replay_test

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/wire"
)

// counting counts the frames that leave: each is one Write.
type counting struct {
	net.Conn
	frames *int
}

func (c counting) Write(b []byte) (int, error) {
	*c.frames++
	return c.Conn.Write(b)
}

// A short transcript costs three frames: open, one batch, bye. A timer begins
// a batch, as do the 65th event and the one that would make it over 256 KiB.
func TestBatches(t *testing.T) {
	const head = "workbench transcript v1\nmode test\n\n"
	_, modes := inProcess(mode(lines{}))
	for _, tt := range []struct {
		name, text string
		batches    int
	}{
		{"64 events", head + strings.Repeat(">> server \"a\"\n", 64), 1},
		{"65 events", head + strings.Repeat(">> server \"a\"\n", 65), 2},
		{"256 KiB", head + strings.Repeat(">> server \""+strings.Repeat("a", 64<<10)+"\"\n", 4), 1},
		{"more", head + strings.Repeat(">> server \""+strings.Repeat("a", 64<<10)+"\"\n", 5), 2},
		{"one large", head + ">> server \"a\"\n>> server \"" + strings.Repeat("a", 1<<20) + "\"\n>> server \"a\"\n", 3},
		{"a timer", head + ">> client text \"wait\"\n<< server \"wait\\n\"\n<< timer idle 2s\n>> timer idle\n<< note \"idle\"\n>> server \"a\"\n", 2},
	} {
		g := golden(t, tt.name, parse(t, tt.name, tt.text), modes)
		frames := 0
		r := whole(t, g, countFrames(&frames))
		if !r.Same || frames != 2+tt.batches {
			t.Errorf("%s: %d batches, want %d; %v\n%s", tt.name, frames-2, tt.batches, r.Faults, r.Diff)
		}
	}
}

func countFrames(frames *int) replay.Opener {
	return func(context.Context, string) (*wire.Conn, error) {
		ours, theirs := net.Pipe()
		go wire.Serve(theirs, mode(lines{}), nil, slog.New(slog.DiscardHandler))
		return wire.NewConn(counting{ours, frames}, 0), nil
	}
}
