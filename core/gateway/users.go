package gateway

import (
	"errors"
	"maps"
	"slices"

	"github.com/protocol-workbench/workbench/core/access"
)

// This file keeps users apart. Each has a gateway of his own, with his recordings,
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
	config.Transcripts, config.Recordings, config.Credentials = has.Transcripts, has.Recordings, nil
	config.Log = g.Log.With("user", p.Name)
	other := New(config)
	if g.others == nil {
		g.others = map[string]*Gateway{}
	}
	g.others[p.Name] = other
	return other, nil
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
