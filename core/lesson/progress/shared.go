package progress

import (
	"context"
	"encoding/json"
	"errors"
	"maps"

	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/register"
)

// This file is for a student who learns at several workbenches. What was reached is in a
// value that they share, and in the folder of each: more is never less, so whatever two of
// them have is put together, in any order.

// together is the text of such a value.
type together struct {
	Seed  string `json:"seed"` // that of the first workbench; the others take it
	At    At     `json:"at"`
	Lines []Line `json:"lines"`
}

// OpenShared opens a folder of which other workbenches have one too. What one of them adds
// the others have as soon as they are told. Where the value is out of reach, what is added
// is in the folder, and goes into the value with what is added later.
func OpenShared(folder string, in register.Value) (*Log, error) {
	l, err := Open(folder)
	if err != nil {
		return nil, err
	}
	l.in = in
	if text, revision, err := in.Load(context.Background()); err == nil {
		l.merge(text, revision)
	}
	return l, l.share()
}

// ReadShared returns what [Read] does, of a value. Nothing was reached in one that there is
// not. Its error is register.ErrUnreachable, ctx's, or that the value is no text of progress.
func ReadShared(ctx context.Context, in register.Value) (seed string, best []Line, err error) {
	text, revision, err := in.Load(ctx)
	if err != nil || revision == 0 {
		return "", nil, err
	}
	var with together
	if err := json.Unmarshal(text, &with); err != nil {
		return "", nil, err
	}
	return with.Seed, with.Lines, nil
}

// Refresh takes in what this workbench was last told of the value, and adds to it what only
// the folder has. Its error is that of a file.
func (l *Log) Refresh() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh()
	return l.share()
}

// refresh takes in what this workbench was last told of the value.
func (l *Log) refresh() {
	if l.in == nil {
		return
	}
	if text, revision := l.in.Get(); revision > l.revision {
		l.merge(text, revision)
	}
}

// merge takes in a text of the value. What no workbench would write is passed over.
func (l *Log) merge(text []byte, revision uint64) {
	l.revision = revision
	var with together
	if json.Unmarshal(text, &with) != nil || !lesson.ValidSeed(with.Seed) {
		return
	}
	if with.Seed != l.seed {
		l.seed = with.Seed
		l.writeSeed()
	}
	if with.At.Lesson != "" && with.At != l.at {
		l.at = with.At
		l.writeAt()
	}
	for _, line := range with.Lines {
		known, ok := l.best[place{line.Lesson, line.Step}]
		switch {
		case line.Lesson == "" || line.Step < 1:
		case ok && !line.betters(known):
			if !known.betters(line) {
				l.best[place{line.Lesson, line.Step}] = line // of two that are as good, all have the same
			}
		case l.take(line):
			if text, err := json.Marshal(line); err == nil {
				l.append(text)
			}
		}
	}
}

// share puts what is known into the value, with what others have put there, unless all of
// it is there. One that is out of reach is no error: the folder has it.
func (l *Log) share() error {
	if l.in == nil {
		return nil
	}
	for {
		text, err := l.text()
		if err != nil {
			return err
		}
		if known, revision := l.in.Get(); revision == l.revision && revision > 0 && string(known) == string(text) {
			return nil
		}
		revision, err := l.in.Set(context.Background(), text, l.revision)
		if err == nil {
			l.revision = revision
			return nil
		}
		if !errors.Is(err, register.ErrChanged) {
			return nil
		}
		at := l.at
		text, revision, err = l.in.Load(context.Background())
		if err != nil {
			return nil
		}
		l.merge(text, revision)
		if at.Lesson != "" {
			l.at = at // the student is here now
		}
	}
}

// text returns the text of the value, without answers where it would be too long with them.
func (l *Log) text() ([]byte, error) {
	all := together{Seed: l.seed, At: l.at, Lines: sorted(maps.Values(l.best))}
	text, err := json.Marshal(all)
	if len(text) <= register.MaxText {
		return text, err
	}
	for i := range all.Lines {
		all.Lines[i].Answers, all.Lines[i].Transcripts = nil, nil
	}
	return json.Marshal(all)
}
