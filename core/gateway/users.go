package gateway

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/session"
)

// This file keeps users apart. Each has their own gateway, with their recordings,
// sessions, certificates and turns: a request reaches no other, so that nobody sees what
// another has, not even how many, and nobody waits for another's turn. Only what is the
// workbench's is shared: the line modes, the dialler, the log.

// of returns the gateway of a principal: the account's own is g itself.
func (g *Gateway) of(p access.Principal) (*Gateway, error) {
	if p.Name == "" {
		return g, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if other := g.others[p.Name]; other != nil {
		return other, nil
	}
	switch {
	case g.Of == nil:
		return nil, errors.New("there are no users beside the account")
	case g.stopped:
		return nil, errStopping
	}
	has, err := g.Of(p.Name)
	if err != nil {
		return nil, err
	}
	config := g.Config
	config.Transcripts, config.Recordings, config.Progress, config.Credentials = has.Transcripts, has.Recordings, has.Progress, nil
	config.Log = g.Log.With("user", p.Name)
	other := New(config)
	other.background, other.account, other.joining, other.classroom = g.background, g, g.joining, g.classroom
	other.standing = g.Access.Standing(p.Name)
	other.beSeen(p.Name)
	if g.others == nil {
		g.others = map[string]*Gateway{}
		g.sessions.Go(g.watchUsers)
	}
	g.others[p.Name] = other
	return other, nil
}

// lookEvery is how often it is looked whether users are still who they were.
const lookEvery = 2 * time.Second

// watchUsers ends the sessions of users who were removed or have another token or role,
// until the gateway stops.
func (g *Gateway) watchUsers() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-g.stopping.Done():
			return
		}
		for name, of := range g.users() {
			before := of.standing
			of.standing = g.Access.Standing(name)
			if before != "" && of.standing != before {
				of.Log.Info("a user is not known any more, or has another token or role")
				if g.classroom != nil {
					g.classroom.revoke(name)
				}
				for _, live := range of.live.All() {
					live.Stop(session.End{Cause: session.Revoked, Words: errRevoked.Error()})
				}
				of.taps.stopAll(session.End{Cause: session.Revoked, Words: errRevoked.Error()})
				of.streams.end(errRevoked)
			}
		}
	}
}

// users returns the gateways of the users beside the account, by name.
func (g *Gateway) users() map[string]*Gateway {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.others)
}

// refuseMore has the gateways of all users refuse new sessions, and returns them.
func (g *Gateway) refuseMore() []*Gateway {
	g.mu.Lock()
	g.stopped = true
	all := append([]*Gateway{g}, slices.Collect(maps.Values(g.others))...)
	g.mu.Unlock()
	for _, other := range all[1:] {
		other.mu.Lock()
		other.stopped = true
		other.mu.Unlock()
	}
	return all
}

// withoutOthers leaves out of the modes what tells of the sessions of others: how many
// there are, how long they wait, what went wrong in them.
func withoutOthers(modes []Mode) []Mode {
	all := make([]Mode, len(modes))
	for i, m := range modes {
		all[i] = Mode{Manifest: m.Manifest, State: m.State, Code: m.Code}
	}
	return all
}
