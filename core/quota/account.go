package quota

import (
	"container/list"
	"time"

	"golang.org/x/time/rate"
)

// account is what one owner or address uses, or all do.
type account struct {
	open  [kinds]int
	opens *rate.Limiter // nil: none was counted yet
	dials *rate.Limiter // likewise
	bytes *rate.Limiter // of an owner; nil: any number
	idle  *list.Element // nil: it has something open
}

func (a *account) busy() bool { return a.open != [kinds]int{} }

// refuses returns why one more would be too much, or nil.
func (c counted) refuses(k Kind, now time.Time) error {
	limit := c.Bounds.of(k)
	if limit == 0 {
		return nil
	}
	if k < kinds {
		if c.open[k] < limit {
			return nil
		}
		return &Exceeded{Kind: k, Scope: c.scope, Limit: limit}
	}
	l := *c.limiter(k)
	if l == nil {
		return nil
	}
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return nil
	}
	return &Exceeded{k, c.scope, limit, time.Duration(missing / float64(l.Limit()) * float64(time.Second))}
}

// count counts one more.
func (c counted) count(k Kind, now time.Time) {
	limit := c.Bounds.of(k)
	switch {
	case k < kinds:
		c.open[k]++
	case limit > 0:
		l := c.limiter(k)
		if *l == nil {
			*l = rate.NewLimiter(rate.Limit(limit)/60, limit)
		}
		(*l).AllowN(now, 1)
	}
}

func (a *account) limiter(k Kind) **rate.Limiter {
	if k == opening {
		return &a.opens
	}
	return &a.dials
}

// MaxIdle is how many owners, and how many addresses, are remembered that have
// nothing open.
const MaxIdle = 4096

// accounts are those of all owners, or of all addresses.
type accounts[K comparable] struct {
	byKey map[K]*account
	idle  list.List // of keys; in front the one that became so last
}

// take returns an account. It is not forgotten before leave.
func (all *accounts[K]) take(key K) *account {
	a := all.byKey[key]
	if a == nil {
		a = new(account)
		if all.byKey == nil {
			all.byKey = map[K]*account{}
		}
		all.byKey[key] = a
	}
	if a.idle != nil {
		all.idle.Remove(a.idle)
		a.idle = nil
	}
	return a
}

// leave lets an account be forgotten, unless it has something open.
func (all *accounts[K]) leave(key K) {
	a := all.byKey[key]
	if a.busy() {
		return
	}
	a.idle = all.idle.PushFront(key)
	if all.idle.Len() > MaxIdle {
		delete(all.byKey, all.idle.Remove(all.idle.Back()).(K))
	}
}
