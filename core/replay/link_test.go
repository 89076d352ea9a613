package replay_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// carrier is a machine that opens two links, and sends back each line that comes by one.
type carrier struct {
	held    map[string][]byte
	perRead bool // a defect: a read is a line
}

func (m *carrier) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		out.Connect("data", string(ev.Data))
		out.Accept("extra", "")
	case core.LinkBytes:
		held := append(m.held[ev.Link], ev.Data...)
		if m.perRead {
			held = append(held, '\n')
		}
		line, rest, ok := bytes.Cut(held, []byte("\n"))
		for ; ok; line, rest, ok = bytes.Cut(rest, []byte("\n")) {
			out.Note(ev.Link + ": " + string(line))
			out.SendLink(ev.Link, line, []byte("!"))
		}
		m.held[ev.Link] = bytes.Clone(line)
	case core.LinkEOF:
		out.CloseLink(ev.Link)
	}
	return nil
}

const carried = `workbench transcript v1
mode carrier

>> client text "192.0.2.7:4001"
<< connect data "192.0.2.7:4001"
<< accept extra ""
>> data connected "192.0.2.7:4001"
>> extra listening "192.0.2.9:4002"
>> extra connected "192.0.2.7:20"
>> data bytes "one\ntw"
<< note "data: one"
<< data bytes "one!"
>> data bytes "o\nthr"
<< note "data: two"
<< data bytes "two!"
>> extra bytes "ee\nfour\nfi"
<< note "extra: ee"
<< extra bytes "ee!"
<< note "extra: four"
<< extra bytes "four!"
>> data bytes "ee\n"
<< note "data: three"
<< data bytes "three!"
>> data eof
<< data close
>> data closed
>> extra failed "reset"
`

// What comes by a link is a stream of its own: cut anew, it is answered the same, and a
// machine that takes a read for a line is caught.
func TestRecutLinks(t *testing.T) {
	for _, perRead := range []bool{false, true} {
		var events []string
		for _, k := range core.LinkEvents() {
			events = append(events, k.String())
		}
		open, modes := inProcess(core.Discipline{
			Manifest: core.Manifest{Name: "carrier", Title: "Carrier", Input: core.InputLine, Events: events},
			Open: func(core.Opening, *core.Out) (core.Machine, error) {
				return &carrier{held: map[string][]byte{}, perRead: perRead}, nil
			},
		})
		text := carried
		if perRead {
			text = strings.Join(strings.SplitAfter(carried, "\n")[:9], "") +
				">> data bytes \"one\"\n<< note \"data: one\"\n<< data bytes \"one!\"\n"
		}
		r := everything(t, golden(t, "x", parse(t, "x", text), modes), open)
		switch {
		case perRead && (r == nil || r.Cuts.Name != "byte by byte" || !strings.Contains(r.Diff, `+ << note "data: o"`)):
			t.Errorf("a machine that takes a read for a line: %+v", r)
		case !perRead && r != nil:
			t.Errorf("%s: %v %v\n%s", r.Cuts, r.Where, r.Faults, r.Diff)
		}
	}
}
