package feed

import "github.com/protocol-workbench/workbench/core"

// upgrade is how far the connection to the server is on its way to TLS in mid-stream.
type upgrade uint8

const (
	inClear upgrade = iota
	pending         // ordered, and its outcome has not come
	secured
)

// What ends a session whose machine ordered an upgrade that cannot be.
const (
	upgradeUnknown = "the machine ordered start-tls, and its manifest does not name the event server tls, which is the outcome"
	upgradePending = "the machine ordered start-tls while one was under way"
	upgradeTwice   = "the machine ordered start-tls a second time"
	upgradeRest    = "the machine has left more unread of an event than the server's bytes in it"
)

// OneByOne reports that the machine may order an upgrade with each of its answers, so
// that each event has to be answered before the next one of any kind is fed: that one
// may be early.
func (f *Feeder) OneByOne() bool { return f.upgrade != secured && f.Feeds(core.ServerTLS) }

// GoOn has an upgrade be as far as it is in another session, for a machine that is
// restored from that one's state.
func (f *Feeder) GoOn(from *Feeder) { f.upgrade = from.upgrade }

// Upgrading reports that the outcome of an upgrade of the server's connection is waited
// for.
func (f *Feeder) Upgrading() bool { return f.upgrade == pending }

// IsEarly reports whether events of a kind are dropped now, because an upgrade is under
// way: what the server sent in clear must not count as protected, wherever it was cut.
func (f *Feeder) IsEarly(k core.EventKind) bool {
	return f.upgrade == pending && (k == core.ServerBytes || k == core.ServerQuiet)
}

// upgrades takes the machine's order of an upgrade in its answer to ev.
func (f *Feeder) upgrades(ev core.Event, a core.Action) End {
	unread := 0
	if ev.Kind == core.ServerBytes {
		unread = len(ev.Data)
	}
	switch {
	case !f.Feeds(core.ServerTLS):
		return End{MachineFailed, upgradeUnknown}
	case f.upgrade == pending:
		return End{MachineFailed, upgradePending}
	case f.upgrade == secured:
		return End{MachineFailed, upgradeTwice}
	case a.Rest > unread:
		return End{MachineFailed, upgradeRest}
	}
	f.upgrade = pending
	return End{}
}

// upgradeBy has an event do what it does to an upgrade, after the actions that answer
// it: the person's order is obeyed for a machine that does not know it.
func (f *Feeder) upgradeBy(k core.EventKind) {
	switch {
	case k == core.ClientStartTLS && !f.Feeds(k):
		f.upgrade = pending
	case k == core.ServerEOF && f.upgrade == pending:
		f.upgrade = inClear
	}
}
