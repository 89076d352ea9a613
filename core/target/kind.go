package target

import (
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// Kind is what a target is. Adding one takes a row in kinds, a case in Parse's
// and Dial's switches, and what the tests of kinds ask for.
type Kind uint8

// The kinds of targets.
const (
	TCP       Kind = iota // a host and a port
	Unix                  // a Unix socket of this machine, for streams
	UDP                   // a host and a port, for datagrams
	Listen                // a client that connects here: the person is the server
	Serial                // a serial line of this machine
	Exec                  // a program on this machine: its standard input and output
	WebSocket             // a host, a port and a path, by TCP
)

// kind is what holds of all targets of a Kind.
type kind struct {
	scheme  string // with which such a target is written, without TLS
	tls     string // with TLS; "": none can be spoken
	local   bool   // it is of this machine, and reached with the rights of the workbench's account
	silent  bool   // dialling tells it nothing but that somebody connects
	direct  bool   // no proxy leads to it
	listens bool   // it is waited for, and not dialled
	end     core.ServerEnd
}

var kinds = [...]kind{
	TCP:    {scheme: "tcp", tls: "tls", silent: true},
	Unix:   {scheme: "unix", tls: "tls+unix", local: true, silent: true, direct: true},
	UDP:    {scheme: "udp", silent: true, direct: true, end: core.ServerDatagrams},
	Listen: {scheme: "listen", direct: true, listens: true},
	Serial: {scheme: "serial", local: true, direct: true},
	Exec:   {scheme: "exec", local: true, direct: true},

	WebSocket: {scheme: "ws", tls: "wss", end: core.ServerMessages},
}

// String returns the scheme of the kind.
func (k Kind) String() string { return kinds[k].scheme }

// IsLocal reports that a target is of this machine and is reached with the rights
// of the account that dials: file permissions decide, and a policy's rules about
// addresses say nothing of it.
func (t Target) IsLocal() bool { return kinds[t.Kind].local }

// ServerEnd says whether the target's bytes are a stream.
func (t Target) ServerEnd() core.ServerEnd { return kinds[t.Kind].end }

// IsDirect reports that no proxy leads to such a target.
func (t Target) IsDirect() bool { return kinds[t.Kind].direct }

// Listens reports that the target is waited for, and not dialled: it connects to this
// machine. No policy of what may be dialled says anything of it.
func (t Target) Listens() bool { return kinds[t.Kind].listens }

// TakesTLS reports that TLS can be spoken to targets of this kind, from the beginning or
// by an upgrade.
func (t Target) TakesTLS() bool { return kinds[t.Kind].tls != "" }

// DialTells reports that the target learns more by the dial than that somebody
// connects, as by a TLS handshake.
func (t Target) DialTells() bool { return t.TLS || !kinds[t.Kind].silent }

// prefix is what stands before the target's place.
func (t Target) prefix() string {
	k := kinds[t.Kind]
	switch {
	case t.TLS:
		return k.tls + "://"
	case t.Kind == TCP:
		return ""
	case t.Kind == Exec:
		return k.scheme + ":"
	}
	return k.scheme + "://"
}

// TLSMark is what asks for TLS where such a target is written.
func (t Target) TLSMark() string {
	switch t.Kind {
	case TCP:
		return "tls://"
	case WebSocket:
		return "wss://"
	}
	return "tls+"
}

// cutLocal cuts the scheme of a kind that is no host and its colon off s, which may follow
// with two slashes or none. A host may be called as a scheme is: what follows it
// then is a port, which has neither a slash nor an @.
func cutLocal(s string) (t Target, rest string, ok bool) {
	scheme, rest, _ := strings.Cut(s, ":")
	for i, k := range kinds {
		if !k.local && !k.listens || !strings.ContainsAny(rest, "/@") {
			continue
		}
		switch {
		case strings.EqualFold(scheme, k.scheme):
			return Target{Kind: Kind(i)}, rest, true
		case k.tls != "" && strings.EqualFold(scheme, k.tls):
			return Target{Kind: Kind(i), TLS: true}, rest, true
		}
	}
	return Target{}, s, false
}
