package devloop

import (
	"context"
	"log/slog"
	"math"
)

// devLog is a log's handler that also gives the loop what is of a level or
// above.
type devLog struct {
	slog.Handler
	from slog.Level
	loop *Loop
}

// logs returns the logs of a plugin: for what the host tells of it, and for what
// it writes.
func (l *Loop) logs() (host, output *slog.Logger) {
	return slog.New(&devLog{l.Log, slog.LevelWarn, l}), slog.New(&devLog{l.Log, everything, l})
}

// everything is below all levels.
const everything = slog.Level(math.MinInt)

// Enabled takes what the loop wants, and what the log does.
func (h *devLog) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.from || h.Handler.Enabled(ctx, level)
}

// Handle gives the record to the loop if it wants it, else to the log.
func (h *devLog) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < h.from {
		return h.Handler.Handle(ctx, r)
	}
	h.loop.Heard(lineOf(r))
	return nil
}

// WithAttrs passes on.
func (h *devLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &devLog{h.Handler.WithAttrs(attrs), h.from, h.loop}
}

// WithGroup passes on.
func (h *devLog) WithGroup(name string) slog.Handler {
	return &devLog{h.Handler.WithGroup(name), h.from, h.loop}
}

// lineOf writes a record of the log as one line for people.
func lineOf(r slog.Record) string {
	line := r.Message
	if r.Level >= slog.LevelWarn {
		line = r.Level.String() + " " + line
	}
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	return line
}
