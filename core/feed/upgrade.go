package feed

import "github.com/protocol-workbench/workbench/core"

// upgrade is how far a connection is on its way to TLS in mid-stream.
type upgrade uint8

const (
	inClear upgrade = iota
	pending         // ordered, and its outcome has not come
	secured
)

// What ends a session whose machine ordered an upgrade that cannot be.
const (
	upgradeUnknown       = "the machine ordered start-tls, and its manifest does not name the event server tls, which is the outcome"
	clientUpgradeUnknown = "the machine ordered start-tls for the client, and its manifest does not name the event client tls, which is the outcome"
	upgradePending       = "the machine ordered start-tls while one was under way"
	upgradeTwice         = "the machine ordered start-tls a second time"
	upgradeRest          = "the machine has left more unread of an event than the bytes of that side in it"
)

// tells has the event by which a machine is told that a connection is TLS.
var tells = [core.Server + 1]core.EventKind{core.Client: core.ClientTLS, core.Server: core.ServerTLS}

// OneByOne reports that the machine may order an upgrade with each of its answers, or close
// a link, so that each event has to be answered before the next one of any kind is fed: that
// one may be early.
func (f *Feeder) OneByOne() bool {
	return f.mayUpgrade(core.Client) || f.mayUpgrade(core.Server) || f.HasLinks()
}

func (f *Feeder) mayUpgrade(side core.Side) bool {
	return f.upgrades[side] != secured && f.Feeds(tells[side])
}

// GoOn has the upgrades and the links be as far as they are in another session, for a machine that is
// restored from that one's state.
func (f *Feeder) GoOn(from *Feeder) {
	f.upgrades = from.upgrades
	f.goOnLinks(from)
}

// Upgrading reports that the outcome of an upgrade of a side's connection is waited for.
func (f *Feeder) Upgrading(side core.Side) bool { return f.upgrades[side] == pending }

// IsEarly reports whether events of a kind are dropped now, because an upgrade is under
// way: what a side sent in clear must not count as protected, wherever it was cut.
func (f *Feeder) IsEarly(k core.EventKind) bool {
	switch k {
	case core.ServerBytes, core.ServerQuiet:
		return f.Upgrading(core.Server)
	case core.ClientBytes:
		return f.Upgrading(core.Client)
	}
	return false
}

// startTLS takes the machine's order of an upgrade in its answer to ev.
func (f *Feeder) startTLS(ev core.Event, a core.Action) End {
	unread := 0
	if ev.Kind.IsStream() && ev.Kind.Side() == a.Side {
		unread = len(ev.Data)
	}
	switch {
	case !f.Feeds(tells[a.Side]) && a.Side == core.Client:
		return End{MachineFailed, clientUpgradeUnknown}
	case !f.Feeds(tells[a.Side]):
		return End{MachineFailed, upgradeUnknown}
	case f.upgrades[a.Side] == pending:
		return End{MachineFailed, upgradePending}
	case f.upgrades[a.Side] == secured:
		return End{MachineFailed, upgradeTwice}
	case a.Rest > unread:
		return End{MachineFailed, upgradeRest}
	}
	f.upgrades[a.Side] = pending
	return End{}
}

// upgradeBy has an event do what it does to an upgrade, after the actions that answer
// it: the person's order is obeyed for a machine that does not know it.
func (f *Feeder) upgradeBy(k core.EventKind) {
	switch {
	case k == core.ClientStartTLS && !f.Feeds(k):
		f.upgrades[core.Server] = pending
	case k == core.ServerEOF && f.upgrades[core.Server] == pending:
		f.upgrades[core.Server] = inClear
	}
}
