package devloop

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Config is what a Loop is made of; all of it is needed.
type Config struct {
	Source string // the plugin's folder or file
	// ModeOf says how a plugin's process is started.
	ModeOf func(catalog.Plugin) (pluginhost.Mode, error)
	Log    slog.Handler // takes what the host tells of the plugin, but warnings and worse, which State has
}

// Loop builds and reloads one plugin.
type Loop struct {
	Config
	builds string // folder for what is built
	watch  *watcher
	board  board
	each   time.Duration // see doing

	mu   sync.Mutex // one try at a time
	sum  string     // of what serves; "" before the first
	host *pluginhost.Host
}

// New begins to watch the source, which must be one that can be named: what is
// there need not work yet. Close ends that.
func New(c Config) (*Loop, error) {
	source, err := filepath.Abs(c.Source)
	if err != nil {
		return nil, err
	}
	c.Source = source
	name, err := catalog.Name(source)
	if err != nil {
		return nil, err
	}
	l := &Loop{Config: c, board: board{changed: make(chan struct{})}, each: tellEach}
	l.board.state.Mode, l.board.state.Dir = name, source
	if l.builds, err = os.MkdirTemp("", "workbench-dev-"); err != nil {
		return nil, err
	}
	if l.watch, err = newWatcher(source, lookTime); err != nil {
		os.RemoveAll(l.builds)
		return nil, err
	}
	return l, nil
}

// Close ends the watch and removes what was built. What runs was kept.
func (l *Loop) Close() error {
	return errors.Join(l.watch.close(), os.RemoveAll(l.builds))
}

// First builds the plugin and puts it in place on the host, again after each
// save until that works. Whatever is wrong is in State meanwhile. The error is
// ctx's.
func (l *Loop) First(ctx context.Context, host *pluginhost.Host) error {
	l.host = host
	for !l.Try(ctx) {
		if !l.wait(ctx) {
			return context.Cause(ctx)
		}
	}
	return nil
}

// Run replays the goldens through the build that First put in place, and from
// then on tries each save. It returns when ctx ends.
func (l *Loop) Run(ctx context.Context) {
	l.again(ctx)
	for l.wait(ctx) {
		l.Try(ctx)
	}
}

// wait waits for the next save. What does not work may lack no more than the run
// bit.
func (l *Loop) wait(ctx context.Context) bool {
	s, _ := l.State()
	l.watch.modes = !s.Build.OK
	return l.watch.wait(ctx)
}

// Try builds the plugin now and puts it in place, as after a save. It reports
// whether that is what serves then.
func (l *Loop) Try(ctx context.Context) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	began := time.Now()
	build := Build{OK: true}
	p, err := l.build(ctx)
	switch {
	case err != nil:
	case p.Sum == l.sum: // a golden was saved, or a comment
		l.again(ctx)
		build.Same = true
	default:
		err = l.put(ctx, p)
	}
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		build = Build{Error: strings.TrimSpace(err.Error())}
	}
	build.At, build.Took = began, time.Since(began).Seconds()
	l.board.change(func(s *State) {
		build.N = s.Build.N
		if !build.Same {
			build.N++
		}
		if build.OK && !build.Same {
			s.Serves = build.N
			s.Sessions = Sessions{Stayed: []Stayed{}}
		}
		s.Build = build
	})
	return err == nil
}

// put starts a build, tries it on the goldens and puts it in place.
func (l *Loop) put(ctx context.Context, p catalog.Plugin) error {
	if p.Name != l.Mode() {
		return fmt.Errorf("the plugin is now called %s; it began as %s, so start workbench plugin dev again", p.Name, l.Mode())
	}
	next, err := l.start(ctx, p)
	if err != nil {
		return err
	}
	if l.sum != "" { // else somebody waits for the first one
		l.replay(ctx, next.Manifest(), next.Open)
	}
	if ctx.Err() != nil {
		next.Drop()
		return context.Cause(ctx)
	}
	l.sum = p.Sum
	l.host.Use(next)
	return nil
}

func (l *Loop) start(ctx context.Context, p catalog.Plugin) (*pluginhost.Build, error) {
	defer l.doing(Starting)()
	m, err := l.ModeOf(p)
	if err != nil {
		return nil, err
	}
	m.Log, m.Output = l.logs()
	return l.host.Prepare(ctx, m)
}

// again replays the goldens through the build that serves.
func (l *Loop) again(ctx context.Context) {
	mode := l.Mode()
	if m, err := l.host.Manifest(ctx, mode); err == nil {
		l.replay(ctx, m, func(ctx context.Context) (*wire.Conn, error) { return l.host.Open(ctx, mode) })
	}
}

// Move has the sessions that stayed move to the newest build.
func (l *Loop) Move() { l.host.Leave(l.Mode()) }

// Mode is the name of the plugin's line mode.
func (l *Loop) Mode() string {
	s, _ := l.State()
	return s.Mode
}

// build builds the source and keeps what came out.
func (l *Loop) build(ctx context.Context) (catalog.Plugin, error) {
	defer l.doing(Building)()
	return catalog.BuildCopy(ctx, l.Source, catalog.BuildOptions{Into: l.builds})
}

// replay replays the plugin's goldens.
func (l *Loop) replay(ctx context.Context, m core.Manifest, open func(context.Context) (*wire.Conn, error)) {
	defer l.doing(Replaying)()
	g := Goldens{Different: []Different{}}
	runner := golden.Runner{Modes: golden.Only(m, open)}
	for _, file := range golden.Own(l.Source, goldens(l.Source)) {
		g.Total++
		if r := runner.Replay(ctx, file); !r.OK {
			g.Different = append(g.Different, Different{relative(l.Source, file.Path), difference(r)})
		}
	}
	if ctx.Err() == nil {
		l.board.change(func(s *State) { s.Goldens = g })
	}
}

// difference says how a golden's answers differ, or what is wrong with it.
func difference(r *golden.Report) string {
	if r.Outcome == golden.Unusable {
		return r.Problem()
	}
	var b strings.Builder
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "line %d: %s\n", f.Line, f.Words)
	}
	return b.String() + r.Difference
}

// goldens lists the goldens below a source that is a folder; of a file those
// beside it and in testdata. A folder that cannot be read has none.
func goldens(source string) []golden.File {
	root := folderOf(source)
	files, _ := golden.Find(root, func(path string) bool {
		return root == source || path == filepath.Join(root, "testdata")
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
