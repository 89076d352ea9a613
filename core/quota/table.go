package quota

import (
	"cmp"
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Table counts. A nil Table counts nothing, and refuses nothing.
type Table struct {
	limits Limits

	mu        sync.Mutex
	all       account
	owners    accounts[string]
	addresses accounts[netip.Prefix]
}

// New returns a table that counts up to those limits.
func New(l Limits) *Table { return &Table{limits: l} }

// Use is one thing that was counted, until Close. A nil Use is one that nobody
// counts.
type Use struct {
	table   *Table
	kind    Kind
	owner   string
	address netip.Prefix
	bytes   *rate.Limiter // of the owner; nil: any number
	closed  sync.Once
}

// Open counts a new session. Its error is an *[Exceeded].
func (t *Table) Open(owner string, from netip.Addr) (*Use, error) {
	return t.count(owner, from, Session, opening)
}

// Hold counts something that is open, but for a new session. Its error is an
// *[Exceeded].
func (t *Table) Hold(k Kind, owner string, from netip.Addr) (*Use, error) {
	return t.count(owner, from, k)
}

// Dial counts a dial. Its error is an *[Exceeded].
func (t *Table) Dial(owner string, from netip.Addr) error {
	_, err := t.count(owner, from, Dial)
	return err
}

// count counts one of each kind, or none. A Use is returned if one of them is open
// for a while: the first.
func (t *Table) count(owner string, from netip.Addr, ks ...Kind) (*Use, error) {
	if t == nil {
		return nil, nil
	}
	now := time.Now()
	u := &Use{table: t, kind: ks[0], owner: owner, address: network(from)}
	t.mu.Lock()
	defer t.mu.Unlock()
	touched := t.of(u)
	defer t.leave(u)
	for _, c := range touched {
		for _, k := range ks {
			if err := c.refuses(k, now); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range touched {
		for _, k := range ks {
			c.count(k, now)
		}
		u.bytes = cmp.Or(u.bytes, c.bytes)
	}
	if ks[0] >= kinds {
		return nil, nil
	}
	return u, nil
}

// Close says that it is over. It may be called again.
func (u *Use) Close() {
	if u == nil {
		return
	}
	u.closed.Do(func() {
		t := u.table
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, c := range t.of(u) {
			c.account.open[u.kind]--
		}
		t.leave(u)
	})
}

// Metered reports whether the owner's bytes are bounded.
func (u *Use) Metered() bool { return u != nil && u.bytes != nil }

// Wait waits until the owner may use so many bytes more. Its error is the context's.
func (u *Use) Wait(ctx context.Context, bytes int) error {
	for burst := u.bytes.Burst(); bytes > 0; bytes -= burst {
		if err := u.bytes.WaitN(ctx, min(bytes, burst)); err != nil {
			return err
		}
	}
	return nil
}

// counted is an account, and the bounds of it.
type counted struct {
	*account
	*Bounds
	scope Scope
}

// of returns the accounts that a use counts in. mu is held.
func (t *Table) of(u *Use) []counted {
	all := make([]counted, 0, 3)
	if t.limits.All != (Bounds{}) {
		all = append(all, counted{&t.all, &t.limits.All, All})
	}
	if t.countsOwner(u) {
		a := t.owners.take(u.owner)
		bounds, bytes := t.limits.of(u.owner)
		if a.bytes == nil && bytes > 0 {
			a.bytes = rate.NewLimiter(rate.Limit(bytes), bytes)
		}
		all = append(all, counted{a, bounds, Owner})
	}
	if t.countsAddresses(u) {
		all = append(all, counted{t.addresses.take(u.address), &t.limits.Address, Address})
	}
	return all
}

// leave says that what of has returned is not used any more. mu is held.
func (t *Table) leave(u *Use) {
	if t.countsOwner(u) {
		t.owners.leave(u.owner)
	}
	if t.countsAddresses(u) {
		t.addresses.leave(u.address)
	}
}

func (t *Table) countsOwner(u *Use) bool {
	bounds, bytes := t.limits.of(u.owner)
	return *bounds != (Bounds{}) || bytes > 0
}

// countsAddresses: who comes by a Unix socket has no address.
func (t *Table) countsAddresses(u *Use) bool {
	return t.limits.Address != (Bounds{}) && u.address.IsValid()
}

// network returns what counts as one address.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}
