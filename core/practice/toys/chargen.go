package toys

import (
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// The pace of chargen, and its end.
const (
	stretchLines = 24          // lines that are sent at a time
	stretchEvery = time.Second // between two stretches
	stretches    = 600         // then it closes: after 10 minutes, and about 1 MiB
)

const nextStretch = "next"

// Chargen returns the practice server of RFC 864: it sends lines of 72 characters
// and CR LF, each line beginning one character later in the alphabet of the 95
// printable ones. What the client sends is thrown away.
//
// The RFC lets a server send as fast as the client reads. A machine does not see
// how fast that is: it answers events. So it sends 24 lines at once, and then 24 a
// second, for 10 minutes at most. A client that never reads leaves at most about
// 1 MiB to whatever holds back its bytes.
func Chargen() core.Discipline {
	return core.Discipline{
		Manifest: manifest("chargen", "Character generator (RFC 864)",
			"Sends lines of characters, 24 a second, until you close or 10 minutes are over.", "lines of 72 characters and CR LF"),
		Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
			m := new(chargen)
			m.stretch(out)
			return m, nil
		},
	}
}

type chargen struct {
	lines int // that were sent
}

func (m *chargen) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.TimerFired:
		m.stretch(out)
	case core.ClientEOF:
		out.Close("the client ended its stream")
	}
	return nil
}

func (m *chargen) stretch(out *core.Out) {
	const first, printable, width = ' ', 95, 72
	var text []byte
	for range stretchLines {
		for i := range width {
			text = append(text, byte(first+(m.lines+i)%printable))
		}
		text = append(text, crlf...)
		m.lines++
	}
	out.Binary(text)
	if m.lines == stretches*stretchLines {
		out.Close("10 minutes are over")
		return
	}
	out.Timer(nextStretch, stretchEvery)
}
