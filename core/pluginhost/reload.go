package pluginhost

import (
	"context"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Prepare starts another build of a mode beside the one that serves, if any, and
// returns when its process is ready. The caller tries it and then calls Use,
// which puts it in the other's place, or Drop. Errors are Open's and are not
// logged; a build that fails is dropped.
func (h *Host) Prepare(ctx context.Context, m Mode) (*Build, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	b := newBuild(h, m)
	b.trial = true
	h.running.Go(b.run)
	if err := b.await(ctx, func() bool { return b.process != nil }); err != nil {
		b.Drop()
		return nil, err
	}
	return b, nil
}

// Manifest returns what the build's process says of itself.
func (b *Build) Manifest() core.Manifest {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.manifest
}

// Drop ends a build that is not used.
func (b *Build) Drop() { b.stop() }

// Use puts a prepared build in the place of the one that serves its mode, or adds
// the mode. New sessions begin on it; the others learn of it from Lease.Newer. The
// replaced build goes on for those that stay, and ends with the last of them.
func (h *Host) Use(b *Build) {
	name := b.conf.Manifest.Name
	h.mu.Lock()
	before := h.modes[name]
	h.modes[name] = b
	if before == nil {
		h.order = append(h.order, name)
	} else {
		h.old[name] = append(h.old[name], before)
	}
	h.mu.Unlock()
	b.mu.Lock()
	b.trial = false
	b.mu.Unlock()
	if before == nil {
		return
	}
	before.mu.Lock()
	before.replaced = true
	before.dropSpare()
	before.mu.Unlock()
	close(before.newer)
	before.retire()
}

// Leave has all sessions that are still on replaced builds of the mode move to
// the one that serves it, even if that answers their past differently.
func (h *Host) Leave(mode string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range h.old[mode] {
		b.leaving.Do(func() { close(b.leave) })
	}
}

// retire ends a build that was replaced and has no sessions left.
func (b *Build) retire() {
	b.mu.Lock()
	over := b.replaced && b.leases == 0
	b.mu.Unlock()
	if !over {
		return
	}
	b.stop()
	h := b.host
	h.mu.Lock()
	defer h.mu.Unlock()
	name := b.conf.Manifest.Name
	h.old[name] = slices.DeleteFunc(h.old[name], func(o *Build) bool { return o == b })
}

// Lease is one session's hold on a build. It keeps the build alive until Release,
// which must be called once.
type Lease struct {
	build *Build
	group *group // of suspects, that the session was last found to belong to; the quarantine's
}

// Lease returns a lease of the build that serves a mode, or ErrNoMode.
func (h *Host) Lease(mode string) (*Lease, error) {
	for {
		b, err := h.build(mode)
		if err != nil {
			return nil, err
		}
		if l := b.lease(); l != nil {
			return l, nil
		}
	}
}

// lease returns nil when the build was replaced and may have ended.
func (b *Build) lease() *Lease {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.replaced {
		return nil
	}
	b.leases++
	return &Lease{build: b}
}

// Release gives the lease up.
func (l *Lease) Release() {
	l.build.mu.Lock()
	l.build.leases--
	l.build.mu.Unlock()
	l.build.retire()
}

// Open opens a connection to a process of this build. apart asks for one that
// only suspects use while the connection is open; it waits until there is. The
// more often such a process dies, the fewer suspects the next one has: a death that
// is not wire.ErrShared is of one that this session had for itself.
func (l *Lease) Open(ctx context.Context, apart bool) (*wire.Conn, error) {
	if apart {
		return l.build.quarantine.open(ctx, l)
	}
	l.build.use()
	return l.build.Open(ctx)
}

// Newer is closed when another build has replaced this one.
func (l *Lease) Newer() <-chan struct{} { return l.build.newer }

// Leave is closed when the session must move to the newest build, whatever that
// answers.
func (l *Lease) Leave() <-chan struct{} { return l.build.leave }

// Next returns a lease of the newest build of the mode.
func (l *Lease) Next() (*Lease, error) { return l.build.host.Lease(l.build.conf.Manifest.Name) }

// Options returns a session's options as this build's manifest has them, without
// those that it does not know and with the defaults of those that are missing.
func (l *Lease) Options(of core.Options) core.Options {
	m := l.build.Manifest()
	known := map[string]string{}
	for _, o := range m.Options {
		value, ok := of[o.Name]
		if _, err := m.ParseOptions(map[string]string{o.Name: value}); ok && err == nil {
			known[o.Name] = value
		}
	}
	all, err := m.ParseOptions(known)
	if err != nil {
		panic("pluginhost: a manifest refuses its own defaults: " + err.Error())
	}
	return all
}
