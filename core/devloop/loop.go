package devloop

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Config is what a Loop is made of; all of it is needed.
type Config struct {
	Source string // the plugin's folder or file
	// ModeOf says how a plugin's process is started.
	ModeOf func(catalog.Plugin) (pluginhost.Mode, error)
}

// Loop builds and reloads one plugin.
type Loop struct {
	Config
	builds string // folder for what is built
	watch  *watcher
	board  board

	mu   sync.Mutex // one try at a time
	sum  string     // of what serves
	host *pluginhost.Host
}

// New begins to watch the source. Close ends that.
func New(c Config) (*Loop, error) {
	source, err := filepath.Abs(c.Source)
	if err != nil {
		return nil, err
	}
	c.Source = source
	l := &Loop{Config: c, board: board{changed: make(chan struct{})}}
	l.board.state.Dir = source
	if l.builds, err = os.MkdirTemp("", "workbench-dev-"); err != nil {
		return nil, err
	}
	if l.watch, err = newWatcher(source); err != nil {
		os.RemoveAll(l.builds)
		return nil, err
	}
	return l, nil
}

// Close ends the watch and removes what was built. What runs was kept.
func (l *Loop) Close() error {
	return errors.Join(l.watch.close(), os.RemoveAll(l.builds))
}

// First builds the plugin, again after each save until it does, and returns
// it. The error is ctx's, or says that the source is nothing that can be built
// whatever is saved.
func (l *Loop) First(ctx context.Context) (catalog.Plugin, error) {
	for {
		began := time.Now()
		p, err := l.build(ctx)
		var compiler *catalog.BuildError
		switch {
		case err == nil:
			l.sum = p.Sum
			l.board.change(func(s *State) {
				s.Mode = p.Name
				s.Build = Build{N: s.Build.N + 1, At: began, OK: true, Took: time.Since(began).Seconds()}
			})
			return p, nil
		case ctx.Err() != nil:
			return p, context.Cause(ctx)
		case !errors.As(err, &compiler):
			return p, err
		}
		l.failed(began, err)
		if !l.watch.wait(ctx) {
			return p, context.Cause(ctx)
		}
	}
}

// Run replays the goldens through the build that the host serves, and from then
// on tries each save. It returns when ctx ends.
func (l *Loop) Run(ctx context.Context, host *pluginhost.Host) {
	l.host = host
	mode := l.mode()
	if m, err := host.Manifest(ctx, mode); err != nil {
		l.failed(time.Now(), err)
	} else {
		l.replay(ctx, m, func(ctx context.Context, _ string) (*wire.Conn, error) { return host.Open(ctx, mode) })
	}
	for l.watch.wait(ctx) {
		l.Try(ctx)
	}
}

// Try builds the plugin now and puts it in place, as after a save.
func (l *Loop) Try(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	began := time.Now()
	p, err := l.build(ctx)
	if err != nil {
		l.failed(began, err)
		return
	}
	if p.Sum == l.sum { // a golden was saved, or a comment
		if m, err := l.host.Manifest(ctx, p.Name); err == nil {
			l.replay(ctx, m, func(ctx context.Context, _ string) (*wire.Conn, error) { return l.host.Open(ctx, p.Name) })
		}
		l.board.change(func(s *State) {
			s.Build = Build{N: s.Build.N, At: began, OK: true, Same: true, Took: time.Since(began).Seconds()}
		})
		return
	}
	next, err := l.prepare(ctx, p)
	if err != nil {
		l.failed(began, err)
		return
	}
	l.replay(ctx, next.Manifest(), func(ctx context.Context, _ string) (*wire.Conn, error) { return next.Open(ctx) })
	l.sum = p.Sum
	l.board.change(func(s *State) {
		s.Build = Build{N: s.Build.N + 1, At: began, OK: true, Took: time.Since(began).Seconds()}
		s.Sessions = Sessions{Stayed: []Stayed{}}
	})
	l.host.Use(next)
}

// Move has the sessions that stayed move to the newest build.
func (l *Loop) Move() { l.host.Leave(l.mode()) }

func (l *Loop) mode() string {
	s, _ := l.State()
	return s.Mode
}

func (l *Loop) failed(began time.Time, err error) {
	l.board.change(func(s *State) {
		s.Build = Build{N: s.Build.N + 1, At: began, Error: strings.TrimSpace(err.Error()), Took: time.Since(began).Seconds()}
	})
}

// build builds the source and keeps what came out.
func (l *Loop) build(ctx context.Context) (catalog.Plugin, error) {
	p, err := catalog.Build(ctx, l.Source, catalog.BuildOptions{Into: l.builds})
	if err != nil {
		return catalog.Plugin{}, err
	}
	return catalog.Keep(*p, l.builds)
}

func (l *Loop) prepare(ctx context.Context, p catalog.Plugin) (*pluginhost.Build, error) {
	if mode := l.mode(); p.Name != mode {
		return nil, fmt.Errorf("the plugin is now called %s; it began as %s, so start workbench plugin dev again", p.Name, mode)
	}
	m, err := l.ModeOf(p)
	if err != nil {
		return nil, err
	}
	return l.host.Prepare(ctx, m)
}

// replay replays the plugin's goldens.
func (l *Loop) replay(ctx context.Context, m core.Manifest, open replay.Opener) {
	g := Goldens{Different: []Different{}}
	modes := func(name string) (core.Manifest, bool) { return m, name == m.Name }
	for _, file := range goldens(l.Source) {
		g.Total++
		if diff := replayOne(ctx, file, modes, open); diff != "" {
			g.Different = append(g.Different, Different{relative(l.Source, file), diff})
		}
	}
	if ctx.Err() == nil {
		l.board.change(func(s *State) { s.Goldens = g })
	}
}

// maxGolden is how many bytes a golden may have.
const maxGolden = 64 << 20

// replayOne returns how the file's answers differ, or what is wrong with it.
func replayOne(ctx context.Context, file string, modes replay.Modes, open replay.Opener) string {
	data, err := plainfile.ReadFile(file, maxGolden)
	if err != nil {
		return err.Error()
	}
	t, err := transcript.Parse(file, data)
	if err != nil {
		return err.Error()
	}
	g, err := replay.New(file, t, modes)
	if err != nil {
		return err.Error()
	}
	r, err := g.Whole(ctx, open)
	switch {
	case err != nil:
		return err.Error()
	case r.Same:
		return ""
	}
	var b strings.Builder
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "line %d: %s\n", f.Line, f.Words)
	}
	return b.String() + r.Diff
}

// goldens lists the golden transcripts below the source's folder, in order.
func goldens(source string) []string {
	var files []string
	walk(folderOf(source), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".golden") {
			files = append(files, path)
		}
		return nil
	})
	return files
}

// folderOf returns the folder that a source is, or is in.
func folderOf(source string) string {
	if info, err := os.Stat(source); err == nil && !info.IsDir() {
		return filepath.Dir(source)
	}
	return source
}

func relative(source, file string) string {
	if name, err := filepath.Rel(folderOf(source), file); err == nil {
		return name
	}
	return file
}
