package wire

import (
	"net"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// asker asks for silences of that length.
type asker struct {
	script
	silence time.Duration
}

func (a *asker) Quiet() time.Duration { return a.silence }

func asking(silence time.Duration, opened *core.Opening) core.Discipline {
	return core.Discipline{Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
		if opened != nil {
			*opened = o
		}
		return &asker{silence: silence}, nil
	}}
}

func TestQuietIsAskedForAtTheOpening(t *testing.T) {
	for _, checkpoint := range [][]byte{nil, []byte("kept")} {
		for silence, failed := range map[time.Duration]bool{
			0: false, core.MinQuiet: false, core.MaxQuiet: false,
			core.MinQuiet - 1: true, core.MaxQuiet + 1: true, -1: true,
		} {
			c := Pipe(asking(silence, nil), quiet)
			var got Answer
			if err := c.Open(core.Opening{}, checkpoint, func(a Answer) { got = a }); err != nil {
				t.Fatal(err)
			}
			if hasFailed := len(got.Actions) == 1 && got.Actions[0].Kind == core.Failed; hasFailed != failed {
				t.Errorf("a silence of %v was answered with %v", silence, got.Actions)
			}
			if !failed && c.Quiet() != silence {
				t.Errorf("a silence of %v came as %v", silence, c.Quiet())
			}
			c.Bye()
		}
	}
}

func TestSettings(t *testing.T) {
	for _, stays := range []bool{false, true} {
		var opened core.Opening
		c := Pipe(asking(0, &opened), quiet)
		if err := c.Open(core.Opening{ServerEOFStays: stays}, nil, func(Answer) {}); err != nil {
			t.Fatal(err)
		}
		if opened.ServerEOFStays != stays {
			t.Errorf("server-eof stay: %v came as %v", stays, opened.ServerEOFStays)
		}
		c.Bye()
	}
	// What a later host sends is skipped.
	body := appendOpen(nil, core.Opening{Target: "a:1"}, nil)
	body = append(body[:len(body)-1], 2)
	body = appendString(appendString(body, "seed"), "\x00\x01")
	body = appendString(appendString(body, settingServerEOF), settingStay)
	p := parser{body: body}
	o, _, settings := p.open()
	if p.err != nil || !settings || !o.ServerEOFStays || o.Target != "a:1" {
		t.Errorf("%+v, %v, %v", o, settings, p.err)
	}
}

// A host of the first version sends no settings, and is not asked for what it
// does not know.
func TestHostWithoutSettings(t *testing.T) {
	ours, theirs := net.Pipe()
	go Serve(theirs, asking(time.Second, nil), nil, quiet)
	defer ours.Close()
	body := appendOpen(nil, core.Opening{Target: "a:1"}, nil)
	go ours.Write(finishFrame(append(beginFrame(nil), body[:len(body)-1]...), frameOpen))
	in := reader{r: ours}
	kind, size, err := in.head()
	if err != nil || kind != frameAnswer {
		t.Fatalf("%#02x, %v", byte(kind), err)
	}
	answer, err := in.body(nil, size)
	if err != nil || string(answer) != string(appendDone(nil, 0)) {
		t.Errorf("the answer is %q, %v", answer, err)
	}
}
