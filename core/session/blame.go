package session

// blame counts the deaths of a machine's process in a row while it was to
// answer one event. Answering that event clears it, and so does a death at
// another one.
//
// A crash is the process's own doing, and the event is the first suspect. A
// kill from outside is nobody's fault, and an event that is in flight at one is
// so by chance. By chance it is not at all of them, though, and an event that
// ends its process by a signal is. So kills count too, only more of them are
// needed; most of these in quarantine, where they harm nobody else, and where
// an event is in flight for so short a time that chance hardly ever strikes
// twice.
type blame struct {
	n       uint64 // the event; 0 is the opening
	crashes int
	kills   int
	alone   int // of the kills, those in quarantine
}

// What it takes.
const (
	crashesToSuspect = 2
	deathsToSuspect  = 3 // of any kind
	crashesToConvict = 3 // the last of them in quarantine
	killsToConvict   = 4 // in quarantine
)

// died counts one death while event n was unanswered.
func (b *blame) died(n uint64, killed, alone bool) {
	if b.n != n {
		*b = blame{n: n}
	}
	switch {
	case !killed:
		b.crashes++
	case alone:
		b.alone++
		fallthrough
	default:
		b.kills++
	}
}

// answered clears the blame of an event.
func (b *blame) answered(n uint64) {
	if n >= b.n {
		*b = blame{}
	}
}

// doubtful reports that the event is to be fed by itself: in a batch it may
// only have come before the one that ends the process.
func (b *blame) doubtful() bool { return b.crashes > 0 || b.kills >= deathsToSuspect-1 }

// suspect reports that the event is to be tried alone, in quarantine.
func (b *blame) suspect() bool {
	return b.crashes >= crashesToSuspect || b.crashes+b.kills >= deathsToSuspect
}

// guilty reports that the event is the cause beyond doubt. alone says that the
// last death was in quarantine.
func (b *blame) guilty(alone bool) bool {
	return alone && (b.crashes >= crashesToConvict || b.alone >= killsToConvict)
}
