package session

// blame counts the deaths of a machine's process in a row while it was to
// answer one event. Answering that event clears it, and so does a death at
// another one. It is pure.
//
// A crash is the process's own doing, and the event is the first suspect. A
// kill from outside is nobody's fault, and an event that is in flight at one is
// so by chance. By chance it is not at all of them, though, and an event that
// ends its process by a signal is. So kills count too, only more of them are
// needed; most of these in quarantine, where they harm nobody else, and where
// an event is in flight for so short a time that chance hardly ever strikes
// twice.
//
// A kill while the machine answers its past again says nothing about the event
// that waits, and next to nothing about the past, which takes a while and so is
// struck by chance more often than anything else. Many at the same event of the
// past count all the same.
type blame struct {
	n       uint64 // the event; 0 is the opening
	crashes int
	kills
	past struct {
		n uint64 // the event of the past
		kills
	}
}

// kills count kills in a row.
type kills struct {
	all   int
	alone int // those in quarantine, with no other suspect there
}

func (k *kills) add(alone bool) {
	k.all++
	if alone {
		k.alone++
	}
}

// moment is when a process died.
type moment struct {
	n      uint64 // the event that was unanswered
	past   bool   // it had been answered before
	killed bool   // the process was killed from outside
	alone  bool   // in quarantine, with no other suspect there
}

// What it takes.
const (
	crashesToSuspect = 2
	killsToSuspect   = 8
	crashesToConvict = 3 // the last of them alone in quarantine
	killsToConvict   = 4 // alone in quarantine

	pastKillsToConvict = 16 // alone in quarantine
)

// died counts one death.
func (b *blame) died(at moment) {
	if at.past && at.killed {
		if b.past.n != at.n {
			b.past.n, b.past.kills = at.n, kills{}
		}
		b.past.add(at.alone)
		return
	}
	if b.n != at.n {
		*b = blame{n: at.n}
	}
	if at.killed {
		b.kills.add(at.alone)
	} else {
		b.crashes++
	}
}

// answered clears the blame of an event.
func (b *blame) answered(n uint64) {
	if n >= b.past.n {
		b.past.kills = kills{}
	}
	if n >= b.n {
		b.n, b.crashes, b.kills = 0, 0, kills{}
	}
}

// doubtful reports that the event is to be fed by itself: in a batch it may
// only have come before the one that ends the process.
func (b *blame) doubtful() bool { return b.crashes > 0 || b.kills.all >= killsToSuspect-1 }

// suspect reports that the event is to be tried in quarantine.
func (b *blame) suspect() bool {
	return b.crashes >= crashesToSuspect || max(b.kills.all, b.past.all) >= killsToSuspect
}

// guilty reports that the event is the cause beyond doubt. alone says that the
// last death was in quarantine, with no other suspect there.
func (b *blame) guilty(alone bool) bool {
	return alone && (b.crashes >= crashesToConvict || b.kills.alone >= killsToConvict || b.past.alone >= pastKillsToConvict)
}
