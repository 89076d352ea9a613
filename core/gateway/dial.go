package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/target"
)

// dial dials a target for somebody, unless that would be too much. audit, if there is
// one, records it before anybody is told.
func (g *Gateway) dial(ctx context.Context, who asker, t target.Target, s target.Security, audit *auditing) (Server, error) {
	return g.dialWith(ctx, g.Dial, who, t, s, audit)
}

// dialWith is dial, with what takes the place of Config.Dial.
func (g *Gateway) dialWith(ctx context.Context, connect dialFunc, who asker, t target.Target, s target.Security, audit *auditing) (Server, error) {
	return g.dialBy(ctx, who, audit, func() (Server, error) {
		return g.connectAs(ctx, connect, who, t, s)
	})
}

// connectAs dials a target, unless only the account itself may, and no agent of it.
func (g *Gateway) connectAs(ctx context.Context, connect dialFunc, who asker, t target.Target, s target.Security) (Server, error) {
	if (t.IsLocal() || g.Unresolved != nil && g.Unresolved(t)) && (!who.IsAccount() || who.agent != "") {
		words := notTheAccount
		if who.agent != "" {
			words = notAnAgent
		}
		return nil, &target.Error{Words: words, Code: target.CodeDenied, Cause: target.ErrDenied}
	}
	return connect(ctx, t, s)
}

// dialFunc is what Config.Dial is.
type dialFunc = func(context.Context, target.Target, target.Security) (Server, error)

// notTheAccount is what others are told of a target that may be of the workbench's machine
// where no policy can tell: it would be reached with the rights of the account, or be the
// workbench itself.
const notTheAccount = "this target may be of the workbench's machine: only the account that runs the workbench may dial it"

// notAnAgent is what an agent is told of such a target.
const notAnAgent = "this target may be of the workbench's machine: no agent may dial it, whoever it works for"

// dialBy is dial, by way of a function.
func (g *Gateway) dialBy(ctx context.Context, who asker, audit *auditing, connect func() (Server, error)) (Server, error) {
	if err := g.refuseInClass(who); err != nil {
		return nil, err
	}
	if err := g.Bounds.Quota.Dial(who.owner(), who.address()); err != nil {
		return nil, err
	}
	began := time.Now()
	server, err := connect()
	if audit != nil {
		audit.dialled(server, err)
	}
	if errors.Is(err, target.ErrDenied) && !who.Role.May(access.Manage) {
		g.Log.Info("denied a target", "who", who.String(), "reason", err.Error())
		err = hideDenial(ctx, began)
	}
	return server, err
}

// reach reaches the server that a client asked for, or waits for one that connects, and
// tells where. A practice server is reached within this process, so that it knows whom
// it serves.
func (g *Gateway) reach(ctx context.Context, wanted request, waiting func(address string), audit *auditing) (Server, error) {
	if wanted.target.Listens() {
		return g.await(ctx, wanted, waiting, audit)
	}
	if p := g.practiceAt(wanted.target); p != nil {
		return g.dialBy(ctx, wanted.asker, audit, func() (Server, error) {
			return g.Practise(ctx, p.Name, g.Progress.Seed(), wanted.with)
		})
	}
	if wanted.watches && g.DialWatched != nil {
		return g.dialWith(ctx, g.DialWatched, wanted.asker, wanted.target, wanted.security, audit)
	}
	return g.dial(ctx, wanted.asker, wanted.target, wanted.security, audit)
}

// await waits for a client that connects to a session, unless its owner may not listen.
func (g *Gateway) await(ctx context.Context, wanted request, waiting func(address string), audit *auditing) (Server, error) {
	return g.dialBy(ctx, wanted.asker, audit, func() (Server, error) {
		if g.Await == nil || !wanted.asker.Role.May(access.Listen) {
			return nil, &target.Error{Words: mayNotListen, Code: target.CodeDenied, Cause: target.ErrDenied}
		}
		return g.Await(ctx, wanted.asker.owner(), wanted.target, waiting)
	})
}

// mayNotListen is what others are told of a target that listens.
const mayNotListen = "this user may not wait for clients here: teachers may, and whoever runs the workbench"

// practiceAt returns the practice server that a target names, if there is one that can be
// reached within this process.
func (g *Gateway) practiceAt(t target.Target) *Practice {
	if g.Practise == nil || t.Kind != target.TCP || t.TLS || t.Via != (target.Proxy{}) {
		return nil
	}
	for i := range g.Practices {
		if g.Practices[i].Target == t.String() {
			return &g.Practices[i]
		}
	}
	return nil
}

// deniedAfter is when a denial is told, or a multiple of it, counted from when the
// target was named.
const deniedAfter = time.Second

// deniedWords are what most are told of a denial.
const deniedWords = "this target may not be dialled from here"

// hideDenial returns what they are told of a denial who do not run the workbench: the
// same for every rule and address, and at a time that does not tell how long names were
// looked up or others of their addresses were tried. So the policy tells them nothing of
// the network.
func hideDenial(ctx context.Context, began time.Time) error {
	took := time.Since(began)
	late := time.NewTimer(deniedAfter - took%deniedAfter)
	defer late.Stop()
	select {
	case <-late.C:
	case <-ctx.Done():
	}
	return &target.Error{Words: deniedWords, Code: target.CodeDenied, Cause: target.ErrDenied}
}

// through returns the target, to be reached through the proxy that somebody asked for; "":
// as it is usual here.
func through(t target.Target, via string) (target.Target, error) {
	if via == "" {
		return t, nil
	}
	if t.IsDirect() {
		return t, refuseAs(codeAddress, "via is for hosts by TCP: %s is reached through no proxy", core.CutWords(t.String(), maxShown))
	}
	p, err := target.ParseProxy(via)
	if err != nil {
		return t, refuseAs(codeAddress, "via: %s", err.Error())
	}
	t.Via = p
	return t, nil
}
