package wire

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// Event is a numbered event. Numbers rise within a session; 0 is the opening.
type Event struct {
	N uint64
	core.Event
}

// Records besides core's action kinds, which are 1 to 127.
const (
	recordDone  = 0
	recordQuiet = 128
	recordLevel = 129 // a note of another level than core.LevelInfo
)

// Settings of the open frame, with their values; spec.md, "Settings".
const (
	settingServerEOF, settingStay      = "server-eof", "stay"
	settingSecretBytes, settingIsKnown = "secret-bytes", "known"
	settingClient                      = "client"
	settingServer                      = "server"
	settingWatch, settingOn            = "watch", "on"
	settingSeed                        = "seed"
	settingStart                       = "start"
	settingLevels                      = "note-levels" // settingIsKnown
)

func appendBytes(dst []byte, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendEvent(dst []byte, e *Event) []byte {
	dst = binary.AppendUvarint(dst, e.N)
	dst = append(dst, byte(e.Kind))
	if e.Kind.IsLink() {
		dst = appendString(dst, e.Link)
	}
	return appendBytes(dst, e.Data)
}

func appendAction(dst []byte, a core.Action) []byte {
	if a.Kind == core.Note && a.Level != core.LevelInfo {
		return appendBytes(append(dst, recordLevel, byte(a.Level)), a.Data)
	}
	dst = append(dst, byte(a.Kind))
	switch a.Kind {
	case core.SetTimer:
		dst = binary.AppendUvarint(dst, uint64(a.After))
	case core.PassThrough:
		dst = append(dst, byte(a.Side))
	case core.StartTLS:
		dst = binary.AppendUvarint(append(dst, byte(a.Side)), uint64(a.Rest))
	case core.Connect, core.Accept, core.SendLink, core.FinishLink, core.CloseLink:
		dst = appendString(dst, a.Link)
	}
	return appendBytes(dst, a.Data)
}

func appendDone(dst []byte, n uint64) []byte {
	return binary.AppendUvarint(append(dst, recordDone), n)
}

func appendFailed(dst []byte, n uint64, words string) []byte {
	dst = binary.AppendUvarint(append(dst, byte(core.Failed)), n)
	return appendString(dst, core.Words(words))
}

func appendOpen(dst []byte, o core.Opening, checkpoint []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(o.Options)))
	for _, name := range slices.Sorted(maps.Keys(o.Options)) {
		dst = appendString(dst, name)
		dst = appendString(dst, o.Options[name])
	}
	dst = appendString(dst, o.Target)
	if checkpoint == nil {
		dst = append(dst, 0)
	} else {
		dst = appendBytes(append(dst, 1), checkpoint)
	}
	settings := [][2]string{{settingSecretBytes, settingIsKnown}, {settingLevels, settingIsKnown}}
	if o.ServerEOFStays {
		settings = append(settings, [2]string{settingServerEOF, settingStay})
	}
	if o.Client != core.Messages {
		settings = append(settings, [2]string{settingClient, o.Client.String()})
	}
	if o.Server != core.ServerStream {
		settings = append(settings, [2]string{settingServer, o.Server.String()})
	}
	if o.Watch {
		settings = append(settings, [2]string{settingWatch, settingOn})
	}
	if o.Seed != (core.Seed{}) {
		settings = append(settings, [2]string{settingSeed, o.Seed.String()})
	}
	if !o.Start.IsZero() {
		settings = append(settings, [2]string{settingStart, core.FormatStart(o.Start)})
	}
	dst = binary.AppendUvarint(dst, uint64(len(settings)))
	for _, s := range settings {
		dst = appendString(appendString(dst, s[0]), s[1])
	}
	return dst
}

func appendQuiet(dst []byte, quiet time.Duration) []byte {
	return binary.AppendUvarint(append(dst, recordQuiet), uint64(quiet))
}

// parser takes a body apart. After an error all its methods return zeroes; check
// err once at the end.
type parser struct {
	body []byte
	err  error
}

func (p *parser) more() bool { return p.err == nil && len(p.body) > 0 }

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = malformed(format, args...)
	}
	p.body = nil
}

func (p *parser) byte() byte {
	if len(p.body) == 0 {
		p.fail("record cut off")
		return 0
	}
	b := p.body[0]
	p.body = p.body[1:]
	return b
}

func (p *parser) uvarint() uint64 {
	v, n := binary.Uvarint(p.body)
	if n <= 0 {
		p.fail("number cut off or too long")
		return 0
	}
	p.body = p.body[n:]
	return v
}

// bytes returns a slice into the body.
func (p *parser) bytes(max int) []byte {
	size := p.uvarint()
	switch {
	case p.err != nil:
		return nil
	case size > uint64(max):
		p.fail("%d bytes where at most %d are allowed", size, max)
		return nil
	case size > uint64(len(p.body)):
		p.fail("record cut off")
		return nil
	}
	b := p.body[:size:size]
	p.body = p.body[size:]
	return b
}

func (p *parser) event() Event {
	e := Event{N: p.uvarint()}
	e.Kind = core.EventKind(p.byte())
	if e.Kind.IsLink() {
		e.Link = p.link()
	}
	e.Data = p.bytes(core.MaxEventPayload)
	if p.err == nil && !e.Kind.Valid() {
		p.fail("unknown event kind %d", e.Kind)
	}
	return e
}

// batched returns event number count of a batch.
func (p *parser) batched(count int) Event {
	e := p.event()
	if p.err == nil && count > MaxBatch {
		p.fail("batch of more than %d events", MaxBatch)
	}
	return e
}

// record returns an action, or the number of the event that is done. A Failed
// action has both.
func (p *parser) record() (a core.Action, n uint64, done bool) {
	kind := p.byte()
	if p.err == nil && kind == recordDone {
		return a, p.uvarint(), true
	}
	if kind == recordLevel {
		kind, a.Level = byte(core.Note), core.Level(p.byte())
		if p.err == nil && (a.Level == core.LevelInfo || a.Level > core.LevelError) {
			p.fail("unknown level %d of a note", a.Level)
		}
	}
	a.Kind = core.ActionKind(kind)
	switch a.Kind {
	case core.SendServer, core.SendText, core.SendBinary, core.ShowPart, core.FinishServer, core.AskWorld:
		a.Data = p.bytes(core.MaxActionPayload)
	case core.Close, core.Note:
		a.Data = p.bytes(core.MaxWords)
	case core.SetTimer:
		after := p.uvarint()
		if after < uint64(core.MinTimer) || after > uint64(core.MaxTimer) {
			p.fail("timer of %d ns; 1 ms to 24 h are allowed", after)
		}
		a.After = time.Duration(after)
		a.Data = p.timerName()
	case core.StopTimer:
		a.Data = p.timerName()
	case core.PassThrough:
		a.Side = core.Side(p.byte())
		if a.Side != core.Client && a.Side != core.Server {
			p.fail("unknown side %d", a.Side)
		}
		a.Data = p.bytes(0)
	case core.StartTLS:
		if a.Side = core.Side(p.byte()); a.Side != core.Client && a.Side != core.Server {
			p.fail("%v", core.ErrUpgradeSide)
		}
		rest := p.uvarint()
		if rest > core.MaxEventPayload {
			p.fail("%v", core.ErrRest)
		}
		a.Rest = int(rest)
		if a.Data = p.bytes(core.MaxServerName); !core.ValidServerName(string(a.Data)) {
			p.fail("%v", core.ErrServerName)
		}
	case core.Secret:
		a.Data = p.bytes(core.MaxName)
		if _, err := core.ParseSpan(string(a.Data)); err != nil && p.err == nil {
			p.fail("%v", err)
		}
	case core.Decoded:
		a.Data = p.bytes(core.MaxActionPayload)
		if _, err := core.ParseMessage(a.Data); err != nil && p.err == nil {
			p.fail("%v", err)
		}
	case core.SecretBytes:
		if a.Data = p.bytes(core.MaxSecret); len(a.Data) == 0 {
			p.fail("secret of no bytes")
		}
	case core.Connect, core.Accept:
		a.Link = p.link()
		a.Data = p.bytes(core.MaxLinkAddress)
	case core.SendLink:
		a.Link = p.link()
		a.Data = p.bytes(core.MaxActionPayload)
	case core.FinishLink, core.CloseLink:
		a.Link = p.link()
		a.Data = p.bytes(0)
	case core.Failed:
		n = p.uvarint()
		a.Data = p.bytes(core.MaxWords)
		return a, n, true
	default:
		p.fail("unknown action kind %d", kind)
	}
	return a, 0, false
}

// link takes a link's name.
func (p *parser) link() string {
	name := string(p.bytes(core.MaxName))
	if p.err == nil && !core.ValidLink(name) {
		p.fail("%q is not a link's name", name)
	}
	return name
}

func (p *parser) timerName() []byte {
	name := p.bytes(core.MaxName)
	if p.err == nil && !core.ValidName(string(name)) {
		p.fail("%q is not a timer's name", name)
	}
	return name
}

// quiet takes the record with which a machine asks for ServerQuiet, if it is
// the next one.
func (p *parser) quiet() (asked time.Duration) {
	if len(p.body) == 0 || p.body[0] != recordQuiet {
		return 0
	}
	p.body = p.body[1:]
	quiet := p.uvarint()
	if quiet < uint64(core.MinQuiet) || quiet > uint64(core.MaxQuiet) {
		p.fail("silence of %d ns; 20 ms to 10 s are allowed", quiet)
	}
	return time.Duration(quiet)
}

// host is what a host says that it knows.
type host struct {
	settings    bool // it sent settings, even none, and so knows the record quiet
	secretBytes bool // it knows core.SecretBytes
	levels      bool // it knows recordLevel
}

// open takes an opening.
func (p *parser) open() (o core.Opening, checkpoint []byte, h host) {
	count := p.uvarint()
	if count > core.MaxOptions {
		p.fail("%d options; at most %d are allowed", count, core.MaxOptions)
	}
	o.Options = make(core.Options)
	for range count {
		name := string(p.bytes(core.MaxName))
		o.Options[name] = string(p.bytes(core.MaxOptionValue))
		if p.err != nil {
			return o, nil, h
		}
	}
	o.Target = string(p.bytes(MaxTarget))
	if p.byte() == 1 {
		checkpoint = p.bytes(core.MaxCheckpoint)
	}
	if !p.more() {
		return o, checkpoint, h
	}
	h.settings = true
	for range min(p.uvarint(), maxSettings) {
		switch name, value := string(p.bytes(core.MaxName)), string(p.bytes(core.MaxOptionValue)); name {
		case settingServerEOF:
			o.ServerEOFStays = value == settingStay
		case settingSecretBytes:
			h.secretBytes = value == settingIsKnown
		case settingLevels:
			h.levels = value == settingIsKnown
		case settingClient:
			var known bool
			if o.Client, known = core.ParseClientEnd(value); p.err == nil && !known {
				p.fail("unknown client end %q", value)
			}
		case settingServer:
			var known bool
			if o.Server, known = core.ParseServerEnd(value); p.err == nil && !known {
				p.fail("unknown server end %q", value)
			}
		case settingWatch:
			o.Watch = value == settingOn
		case settingSeed:
			var isSeed bool
			if o.Seed, isSeed = core.ParseSeed(value); p.err == nil && !isSeed {
				p.fail("seed %q is not 64 hexadecimal digits", core.CutWords(value, core.MaxName))
			}
		case settingStart:
			var isStart bool
			if o.Start, isStart = core.ParseStart(value); p.err == nil && !isStart {
				p.fail("start %q is not a time in UTC", core.CutWords(value, core.MaxName))
			}
		}
	}
	return o, checkpoint, h
}

const maxSettings = 64

// MaxTarget bounds the target's name in bytes.
const MaxTarget = 1024
