package golden

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Modes are the line modes that there are.
type Modes struct {
	Open replay.Opener
	// Manifest returns the manifest of a mode, or false if no mode has the name.
	// The error says why a mode that exists cannot be used.
	Manifest func(mode string) (m core.Manifest, ok bool, err error)
}

// Only returns Modes with a single mode. open connects to a new machine of it, as
// a [replay.Opener] does.
func Only(m core.Manifest, open func(context.Context) (*wire.Conn, error)) Modes {
	return Modes{
		Open:     func(ctx context.Context, _ string) (*wire.Conn, error) { return open(ctx) },
		Manifest: func(mode string) (core.Manifest, bool, error) { return m, mode == m.Name, nil },
	}
}

// Runner replays files, several at once if need be. Its fields must not change
// meanwhile.
type Runner struct {
	Modes
	Mode    string                // replays through this mode in place of the files'; "": theirs
	Cuts    iter.Seq[replay.Cuts] // replays again with the server's bytes cut so; nil: not
	Update  bool                  // rewrites the actions of files that differ
	Strict  bool                  // refuses a file without a newline at its end
	Running func(*os.File) bool   // reports whether a recorder appends to a file, which is not updated then; nil: none does

	replays atomic.Int64
}

// atOnce is how many files are replayed at a time: so many that the process and this
// one seldom wait for each other.
const atOnce = 16

// A large file takes many times its size of memory, so fewer of these are replayed
// at a time.
const (
	large       = 1 << 20 // bytes
	largeAtOnce = 4
)

// progressEach is how often somebody who looks sees how far it is.
const progressEach = 300 * time.Millisecond

// All replays the files, a few at a time, and has them printed in their order.
func (r *Runner) All(ctx context.Context, files []File, p *Printer) {
	reports := make([]chan *Report, len(files))
	for i := range reports {
		reports[i] = make(chan *Report, 1)
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	defer workers.Wait()
	places := make(chan struct{}, largeAtOnce)
	for range min(atOnce, len(files)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
				if info, err := os.Stat(files[i].Path); err == nil && info.Size() >= large {
					places <- struct{}{}
					reports[i] <- r.Replay(ctx, files[i])
					<-places
					continue
				}
				reports[i] <- r.Replay(ctx, files[i])
			}
		})
	}
	p.begin(len(files))
	tick := time.NewTicker(progressEach)
	defer tick.Stop()
	for i := 0; i < len(files) && ctx.Err() == nil; {
		select {
		case report := <-reports[i]:
			if ctx.Err() == nil {
				p.print(report)
			}
			i++
		case <-tick.C:
			p.progress(r.replays.Load())
		case <-ctx.Done():
		}
	}
	p.end(ctx.Err() != nil, r.Cuts != nil, r.replays.Load())
}

// connection is one of a file, being replayed.
type connection struct {
	*transcript.Transcript
	golden *replay.Golden // nil: it is skipped
	whole  *replay.Result
}

// Replay replays one file in all the ways that were asked for, each of its connections up to
// the first that differs.
func (r *Runner) Replay(ctx context.Context, file File) *Report {
	report := &Report{File: file.Path, Mode: r.Mode}
	all, err := r.load(file, report)
	if err != nil {
		return report.fail(err)
	}
	open := func(ctx context.Context, mode string) (*wire.Conn, error) {
		report.Replays++
		r.replays.Add(1)
		return r.Open(ctx, mode)
	}
	skipped := 0
	for i := range all {
		report.in(all, i)
		err := r.whole(ctx, open, file.Path, all, i, report)
		if err != nil {
			report.fail(err)
		}
		switch {
		case report.Outcome == Skipped:
			skipped++
		case err != nil, !all[i].whole.Same:
			report.Updated = false // nothing was written
			return report
		}
	}
	if skipped == len(all) {
		return report
	}
	report.passed(all)
	if report.Updated && !report.replace(file, all) || r.Cuts == nil {
		return report
	}
	for i, c := range all {
		if c.golden == nil {
			continue
		}
		recut, err := c.golden.Recuts(ctx, open, c.whole, r.Cuts)
		if err == nil && recut.Same {
			continue
		}
		if report.in(all, i); err != nil {
			return report.fail(err)
		}
		report.take(recut)
		return report
	}
	return report
}

// load reads and checks a file.
func (r *Runner) load(file File, report *Report) ([]*connection, error) {
	if r.Update && r.Running != nil {
		if err := file.RefuseRunning(r.Running); err != nil {
			return nil, err
		}
	}
	data, err := file.Read()
	if err != nil {
		return nil, err
	}
	read, err := transcript.ParseAll(file.Path, data)
	if err != nil {
		return nil, err
	}
	var all []*connection
	for _, t := range read {
		if r.Mode != "" {
			t.Mode = r.Mode
		}
		all = append(all, &connection{Transcript: t})
	}
	report.Mode = read[0].Mode
	if cutOff := read[len(read)-1].CutOff; cutOff && r.Strict {
		return nil, &transcript.SyntaxError{File: file.Path, Line: bytes.Count(data, []byte("\n")) + 1, Msg: "expected a newline at the end of the file"}
	} else if cutOff {
		report.Warning = "no newline at the end of the file, so it may have been cut off: the actions of its last event are compared only as far as they go"
	}
	return all, nil
}

// whole replays a connection whole, and with Update once more with the actions that came. The
// report has what it found.
func (r *Runner) whole(ctx context.Context, open replay.Opener, path string, all []*connection, i int, report *Report) (err error) {
	c := all[i]
	if c.golden, err = r.ready(path, c.Transcript); err != nil {
		return err
	}
	if c.whole, err = c.golden.Whole(ctx, open); err != nil {
		return err
	}
	if report.take(c.whole); !c.whole.Same && r.Update {
		return r.rewrite(ctx, open, path, all, i, report)
	}
	return nil
}

// ready makes t ready for its mode.
func (r *Runner) ready(path string, t *transcript.Transcript) (*replay.Golden, error) {
	m, ok, err := r.Manifest(t.Mode)
	if err != nil {
		return nil, fmt.Errorf("%s: its line mode %s cannot be used: %w", core.Printable(path), t.Mode, err)
	}
	return replay.New(path, t, func(string) (core.Manifest, bool) { return m, ok })
}

// rewrite brings a connection up to date, provided that one more replay of the new text is
// the same. Otherwise the report says why it is as it was.
func (r *Runner) rewrite(ctx context.Context, open replay.Opener, path string, all []*connection, i int, report *Report) error {
	updated, err := all[i].golden.Update(all[i].whole)
	if err != nil {
		report.Error = err.Error()
		return nil
	}
	now := transcriptsOf(all)
	now[i] = updated
	read, err := transcript.ParseAll(path, transcript.AppendAll(nil, now))
	var g *replay.Golden
	if err == nil {
		g, err = r.ready(path, read[i])
	}
	if err != nil {
		report.Error = fmt.Sprintf("%v: with the new actions it would be no transcript: %v", replay.ErrUpdate, err)
		return nil
	}
	again, err := g.Whole(ctx, open)
	if err != nil {
		return err
	}
	if !again.Same {
		report.take(again)
		report.Error = replay.ErrUpdate.Error() + ": replayed once more it was answered differently; a line mode must always answer the same"
		return nil
	}
	for n := range all { // their lines have moved
		read[n].CutOff = all[n].CutOff
		all[n].Transcript = read[n]
	}
	all[i].golden, all[i].whole = g, again
	report.Updated, report.changed = true, report.changed+report.Difference
	return nil
}

func transcriptsOf(all []*connection) (read []*transcript.Transcript) {
	for _, c := range all {
		read = append(read, c.Transcript)
	}
	return read
}

// replace writes what was updated into the file, and reports whether it could.
func (r *Report) replace(file File, all []*connection) bool {
	now := transcriptsOf(all)
	if err := file.Replace(transcript.AppendAll(nil, now)); err != nil {
		r.Updated = false
		r.fail(err)
		return false
	}
	r.Outcome, r.OK, r.Now = Updated, true, now
	return true
}
