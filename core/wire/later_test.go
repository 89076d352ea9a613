package wire

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
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
	for _, want := range []core.Opening{{}, {Client: core.Stream}, {Client: core.Stream, Watch: true}, {Client: core.Datagrams, Server: core.ServerDatagrams}, {Server: core.ServerMessages}} {
		p := parser{body: appendOpen(nil, want, nil)}
		if o, _, _ := p.open(); p.err != nil || o.Client != want.Client || o.Server != want.Server || o.Watch != want.Watch {
			t.Errorf("%+v came as %+v, %v", want, o, p.err)
		}
	}
	for _, setting := range []string{settingClient, settingServer} {
		p := parser{body: appendString(appendString(append(openWithoutSettings(), 1), setting), "pigeons")}
		if p.open(); p.err == nil {
			t.Errorf("a %s end that there is not was taken for another", setting)
		}
	}
	seed, start := core.Seed{31: 1}, time.Date(2026, 7, 1, 12, 0, 0, 5, time.UTC)
	seeded := parser{body: appendOpen(nil, core.Opening{Seed: seed, Start: start}, nil)}
	if o, _, _ := seeded.open(); seeded.err != nil || o.Seed != seed || o.Start != start {
		t.Errorf("seed and start came as %v, %v, %v", o.Seed, o.Start, seeded.err)
	}
	for setting, value := range map[string]string{settingSeed: "12", settingStart: "2026-07-01T12:00:00+01:00"} {
		p := parser{body: appendString(appendString(append(openWithoutSettings(), 1), setting), value)}
		if p.open(); p.err == nil {
			t.Errorf("%s %q was taken", setting, value)
		}
	}
	// Settings of a later host are skipped.
	body := append(openWithoutSettings(), 2)
	body = appendString(appendString(body, "moon"), "\x00\x01")
	body = appendString(appendString(body, settingServerEOF), settingStay)
	p := parser{body: body}
	o, _, knows := p.open()
	if p.err != nil || !knows.settings || knows.secretBytes || !o.ServerEOFStays || o.Target != "a:1" {
		t.Errorf("%+v, %+v, %v", o, knows, p.err)
	}
}

// openWithoutSettings is the open frame's body of a host of the first version.
func openWithoutSettings() []byte {
	body := appendOpen(nil, core.Opening{Target: "a:1"}, nil)
	settings := []byte{2}
	for _, name := range []string{settingSecretBytes, settingLevels} {
		settings = appendString(appendString(settings, name), settingIsKnown)
	}
	return body[:len(body)-len(settings)]
}

// A host of the first version sends no settings, and gets no record that it does
// not know.
func TestHostWithoutSettings(t *testing.T) {
	ours, theirs := net.Pipe()
	go Serve(theirs, asking(time.Second, nil), nil, quiet)
	defer ours.Close()
	go ours.Write(finishFrame(append(beginFrame(nil), openWithoutSettings()...), frameOpen))
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

// marker is a machine that marks "hunter2" in every answer, and fails if the event
// says so.
var marker = core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) { return marking{}, nil }}

type marking struct{}

func (marking) Handle(ev core.Event, out *core.Out) error {
	out.Server(ev.Data, []byte("\r\n"))
	out.Secret(true, 0, 1)
	out.SecretBytes([]byte("hunter2"))
	out.SecretBytes(nil) // marks nothing
	if bytes.HasPrefix(ev.Data, []byte("FAIL")) {
		return errors.New("refused")
	}
	return nil
}

func TestValuesOfSecretsCross(t *testing.T) {
	c := Pipe(marker, quiet)
	defer c.Bye()
	if err := c.Open(core.Opening{}, nil, func(Answer) {}); err != nil {
		t.Fatal(err)
	}
	if got, want := told(ask(t, c, "PASS hunter2")[0]), "\x01\x0ePASS hunter2\r\n|\x0b\x0aaction 0 1|\x0d\x07hunter2|"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// In a failed answer only the marks of what is not void count.
	got := ask(t, c, "FAIL hunter2")[0].Actions
	if len(got) != 2 || got[0].Kind != core.SecretBytes || got[1].Kind != core.Failed {
		t.Errorf("got %v", got)
	}
}

// A host that does not know values gets the places where they occur instead.
func TestValuesOfSecretsForAnOlderHost(t *testing.T) {
	ours, theirs := net.Pipe()
	go Serve(theirs, marker, nil, quiet)
	defer ours.Close()
	c := NewConn(ours, 0)
	opened := func(dst []byte) []byte { return append(dst, openWithoutSettings()...) }
	if err := c.write(frameOpen, opened); err != nil {
		t.Fatal(err)
	}
	if err := c.Answers([]Event{{N: 0}}, func(Answer) {}); err != nil {
		t.Fatal(err)
	}
	got := told(ask(t, c, "PASS hunter2 hunter2")[0])
	want := "\x01\x16PASS hunter2 hunter2\r\n|\x0b\x0baction 5 12|\x0b\x0caction 13 20|" +
		"\x0b\x0aaction 0 1|\x0b\x0aevent 5 12|\x0b\x0bevent 13 20|"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	many := strings.Repeat("hunter2 ", 100) + "end"
	spans := ask(t, c, many)[0].Actions
	last := spans[len(spans)-1]
	if last.Kind != core.Secret || string(last.Data) != "event 504 799" {
		t.Errorf("of many places the last mark is %q", last.Data)
	}
}

func TestSecretsOfNoBytesAreRefused(t *testing.T) {
	for _, record := range []string{"\x0d\x00", "\x0d\x81\x80\x04"} { // of none, of 64 KiB and one
		p := parser{body: []byte(record + strings.Repeat("x", core.MaxSecret+1))}
		if p.record(); p.err == nil {
			t.Errorf("record % x was accepted", record)
		}
	}
}

// What a machine says when it panics is not logged once it has marked a secret.
func TestPanicsDoNotLogSecrets(t *testing.T) {
	for says, logged := range map[string]bool{"": true, "mark": false} {
		var log bytes.Buffer
		d := core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) { return panicking{}, nil }}
		c := Pipe(d, slog.New(slog.NewTextHandler(&log, nil)))
		if err := c.Open(core.Opening{}, nil, func(Answer) {}); err != nil {
			t.Fatal(err)
		}
		got := ask(t, c, says)[0].Actions
		c.Bye()
		if last := got[len(got)-1]; string(last.Data) != "panic: hunter2" {
			t.Errorf("the machine's failure is reported as %q", last.Data)
		}
		if strings.Contains(log.String(), "hunter2") != logged || !strings.Contains(log.String(), "the machine panicked") {
			t.Errorf("%q: logged\n%s", says, log.String())
		}
	}
}

type panicking struct{}

func (panicking) Handle(ev core.Event, out *core.Out) error {
	if string(ev.Data) == "mark" {
		out.SecretBytes([]byte("hunter2"))
	}
	panic("hunter2")
}

// Levels of notes cross to a host that knows them; another one gets the words.
func TestLevelsOfNotes(t *testing.T) {
	notes := core.Discipline{Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
		out.Note("a")
		out.Warn("b")
		out.Error("c")
		return &script{}, nil
	}}
	c := Pipe(notes, quiet)
	defer c.Bye()
	var got []core.Level
	err := c.Open(core.Opening{}, nil, func(a Answer) {
		for _, note := range a.Actions {
			got = append(got, note.Level)
		}
	})
	if want := []core.Level{core.LevelInfo, core.LevelWarning, core.LevelError}; err != nil || !slices.Equal(got, want) {
		t.Errorf("levels %v, %v", got, err)
	}
	ours, theirs := net.Pipe()
	go Serve(theirs, notes, nil, quiet)
	defer ours.Close()
	if _, err := ours.Write(finishFrame(append(beginFrame(nil), openWithoutSettings()...), frameOpen)); err != nil {
		t.Fatal(err)
	}
	in := reader{r: ours}
	_, size, err := in.head()
	if err != nil {
		t.Fatal(err)
	}
	body, err := in.body(nil, size)
	if want := "\x06\x01a\x06\x01b\x06\x01c\x00\x00"; err != nil || string(body) != want {
		t.Errorf("a host of the first version is told %q, %v; want %q", body, err, want)
	}
	for _, level := range []byte{0, 3} {
		p := parser{body: []byte{recordLevel, level, 1, 'x'}}
		if p.record(); p.err == nil {
			t.Errorf("level %d was taken", level)
		}
	}
}

// The secret of a command is marked beside what the machine answers, even if that is an
// error.
func TestSecretsOfCommandsAreMarked(t *testing.T) {
	d := core.Discipline{
		Manifest: core.Manifest{Commands: []core.Command{{Name: "AUTH", Fields: []core.CommandField{{Name: "password", Type: core.ValueSecret}}}}},
		Open:     func(core.Opening, *core.Out) (core.Machine, error) { return refusing{}, nil },
	}
	c := Pipe(d, quiet)
	defer c.Bye()
	if err := c.Open(core.Opening{}, nil, func(Answer) {}); err != nil {
		t.Fatal(err)
	}
	var got []core.Action
	err := c.Batch([]Event{{N: 1, Event: core.Event{Kind: core.ClientCommand, Data: []byte("AUTH sesame")}}},
		func(a Answer) { got = append(got, core.CloneActions(a.Actions)...) })
	if err != nil || len(got) != 3 || string(got[0].Data) != "event 5 11" || string(got[1].Data) != "sesame" || got[2].Kind != core.Failed {
		t.Errorf("answered with %v, %v", got, err)
	}
}

type refusing struct{}

func (refusing) Handle(core.Event, *core.Out) error { return errors.New("no") }
