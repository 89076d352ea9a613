package pluginhost

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of what a process writes to its standard outputs.
const (
	maxLine    = 16 << 10  // bytes of a line; the rest of it is dropped
	keepLines  = 20        // lines that are kept for errors
	keepLine   = 500       // bytes of each
	logRate    = 64 << 10  // bytes a second that go to the log
	logBurst   = 256 << 10 // bytes that may go at once
	lineWeight = 256       // bytes that a line counts in addition to its own
)

// output takes what one process writes and turns its lines into log records.
// It never blocks a writer: lines over the bounds are dropped and counted.
type output struct {
	log *slog.Logger

	mu      sync.Mutex
	kept    []string      // the last lines, oldest first
	panics  string        // the line that a crash of the process began with
	forks   bool          // a shell said that it could not start a program
	budget  *rate.Limiter // of bytes that go to the log
	dropped int           // lines, since the budget was used up
}

func newOutput(log *slog.Logger) *output {
	return &output{log: log, budget: rate.NewLimiter(logRate, logBurst)}
}

// copy takes all of r.
func (o *output) copy(r io.Reader) {
	s := o.stream()
	io.Copy(s, r)
	s.end()
	o.report()
}

// stream returns a writer for one of the process's outputs.
func (o *output) stream() *outputStream { return &outputStream{to: o} }

// outputStream cuts an output into lines.
type outputStream struct {
	to   *output
	mu   sync.Mutex
	line []byte // the unfinished one; at most maxLine bytes
	cut  bool   // it was longer
}

// Write takes bytes. It never fails.
func (s *outputStream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(b)
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		piece := b
		if end >= 0 {
			piece = b[:end]
		}
		if room := maxLine - len(s.line); len(piece) > room {
			piece, s.cut = piece[:room], true
		}
		s.line = append(s.line, piece...)
		if end < 0 {
			break
		}
		s.end()
		b = b[end+1:]
	}
	return n, nil
}

// end ends the line.
func (s *outputStream) end() {
	if line := bytes.TrimRight(s.line, "\r"); len(line) > 0 {
		s.to.take(line, s.cut)
	}
	s.line, s.cut = s.line[:0], false
}

func (o *output) take(line []byte, cut bool) {
	o.mu.Lock()
	begins := string(line[:min(len(line), keepLine)])
	o.kept = append(o.kept[max(0, len(o.kept)+1-keepLines):], begins)
	if o.panics == "" && (strings.HasPrefix(begins, "panic: ") || strings.HasPrefix(begins, "fatal error: ")) {
		o.panics = clean(core.CutWords(begins, 80))
	}
	panicking := o.panics != ""
	o.forks = o.forks || bytes.Contains(line, []byte("Cannot fork")) || bytes.Contains(line, []byte("fork: Operation not permitted"))
	pass, missed := o.admit(len(line) + lineWeight)
	o.mu.Unlock()

	if missed > 0 {
		o.log.Warn("lines of the plugin's output were left out, it writes too many", "lines", missed)
	}
	if pass {
		o.record(line, cut, panicking)
	}
}

// admit decides whether a line goes to the log. After one that does not, none does
// until half of the budget is back; missed then is how many did not.
func (o *output) admit(size int) (pass bool, missed int) {
	if o.dropped > 0 && o.budget.Tokens() < logBurst/2 || !o.budget.AllowN(time.Now(), size) {
		o.dropped++
		return false, 0
	}
	missed, o.dropped = o.dropped, 0
	return true, missed
}

// report logs how many lines were left out at the end.
func (o *output) report() {
	o.mu.Lock()
	missed := o.dropped
	o.dropped = 0
	o.mu.Unlock()
	if missed > 0 {
		o.log.Warn("lines of the plugin's output were left out, it wrote too many", "lines", missed)
	}
}

// last returns the last lines, oldest first, made safe to show.
func (o *output) last() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := slices.Clone(o.kept)
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return lines
}

// why returns what the output says about the process's end, or "".
func (o *output) why() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.panics == "" && o.forks {
		return "could not fork: in the sandbox a plugin may start no other program"
	}
	return o.panics
}

// record writes one line to the log. A line of JSON with the keys @message and
// @level keeps its level and attributes; other lines may begin with [INFO] or
// another level; the rest is of level Info.
func (o *output) record(line []byte, cut, panicking bool) {
	level, message := slog.LevelInfo, string(line)
	var attrs []any
	var fields map[string]any
	if line[0] == '{' && !cut && json.Unmarshal(line, &fields) == nil {
		if m, ok := fields["@message"].(string); ok {
			message = m
			name, _ := fields["@level"].(string)
			level = levels["["+strings.ToUpper(name)]
			for _, key := range slices.Sorted(maps.Keys(fields)) {
				if !strings.HasPrefix(key, "@") {
					attrs = append(attrs, slog.Any(clean(key), fields[key]))
				}
			}
		}
	} else if panicking {
		level = slog.LevelError
	}
	if name, rest, ok := strings.Cut(message, "] "); ok {
		if l, ok := levels[name]; ok {
			level, message = l, rest
		}
	}
	message = clean(message)
	if cut {
		message += " … (the line was longer)"
	}
	if len(attrs) > 0 { // in a group, so that none looks like ours
		attrs = []any{slog.Group("said", attrs...)}
	}
	o.log.Log(context.Background(), level, message, attrs...)
}

// levels has the names that lines of plain text begin with.
var levels = map[string]slog.Level{
	"[TRACE": slog.LevelDebug - 4, "[DEBUG": slog.LevelDebug, "[INFO": slog.LevelInfo,
	"[WARN": slog.LevelWarn, "[ERR": slog.LevelError, "[ERROR": slog.LevelError,
}

// clean returns s without what could write over a terminal.
func clean(s string) string { return core.PrintableText(s) }
