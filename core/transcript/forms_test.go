package transcript

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

func event(kind core.EventKind, data string) Entry {
	return Entry{Dir: Event, N: 12, Event: core.Event{Kind: kind, Data: []byte(data)}}
}

func action(kind core.ActionKind, data string) Entry {
	return Entry{Dir: Action, N: 12, Action: core.Action{Kind: kind, Data: []byte(data)}}
}

func timed(e Entry, t time.Duration) Entry {
	e.Timed, e.Time = true, t
	return e
}

func timer(name string, after time.Duration) Entry {
	e := action(core.SetTimer, name)
	e.Action.After = after
	return e
}

func pass(side core.Side) Entry {
	return Entry{Dir: Action, N: 12, Action: core.Action{Kind: core.PassThrough, Side: side}}
}

func noted(level core.Level, words string) Entry {
	return Entry{Dir: Action, N: 12, Action: core.Action{Kind: core.Note, Level: level, Data: []byte(words)}}
}

var clientStartTLS = Entry{Dir: Action, N: 12, Action: core.Action{Kind: core.StartTLS, Side: core.Client, Rest: 4, Data: []byte("mx.example")}}

func startTLS(name string, rest int) Entry {
	return Entry{Dir: Action, N: 12, Action: core.Action{Kind: core.StartTLS, Side: core.Server, Rest: rest, Data: []byte(name)}}
}

// every has each kind of entry in its one text form and its one JSON form. Both are
// frozen: a difference here is another format.
var every = []struct {
	entry      Entry
	text, json string
}{
	{event(core.ClientText, "GET / é"), `>> client text "GET / é"`,
		`{"n":12,"dir":">>","side":"client","kind":"text","text":"GET / é"}`},
	{event(core.ClientText, ""), `>> client text ""`,
		`{"n":12,"dir":">>","side":"client","kind":"text","text":""}`},
	{event(core.ClientBinary, "\x00\xff"), `>> client binary "\x00\xff"`,
		`{"n":12,"dir":">>","side":"client","kind":"binary","b64":"AP8="}`},
	{event(core.ClientEOF, ""), `>> client eof`,
		`{"n":12,"dir":">>","side":"client","kind":"eof"}`},
	{event(core.ClientClosed, ""), `>> client closed`,
		`{"n":12,"dir":">>","side":"client","kind":"closed"}`},
	{event(core.ServerBytes, "a\r\nb\tc"), ">> server \"a\\r\\n\"\n          \"b\\tc\"",
		`{"n":12,"dir":">>","side":"server","kind":"bytes","text":"a\r\nb\tc"}`},
	{event(core.ServerEOF, ""), `>> server eof`,
		`{"n":12,"dir":">>","side":"server","kind":"eof"}`},
	{event(core.ServerFailed, "connection reset"), `>> server failed "connection reset"`,
		`{"n":12,"dir":">>","side":"server","kind":"failed","text":"connection reset"}`},
	{event(core.TimerFired, "quit"), `>> timer quit`,
		`{"n":12,"dir":">>","kind":"timer","name":"quit"}`},
	{event(core.ClientPart, "user"), `>> client part "user"`,
		`{"n":12,"dir":">>","side":"client","kind":"part","text":"user"}`},
	{event(core.ClientRaw, "\xff\xf4"), `>> client raw "\xff\xf4"`,
		`{"n":12,"dir":">>","side":"client","kind":"raw","b64":"//Q="}`},
	{event(core.ServerQuiet, ""), `>> server quiet`,
		`{"n":12,"dir":">>","side":"server","kind":"quiet"}`},
	{event(core.ClientBytes, "GET\r\n"), `>> client bytes "GET\r\n"`,
		`{"n":12,"dir":">>","side":"client","kind":"bytes","text":"GET\r\n"}`},
	{event(core.ClientUnseen, "4096"), `>> client unseen 4096`,
		`{"n":12,"dir":">>","side":"client","kind":"unseen","length":4096}`},
	{event(core.ServerUnseen, "1"), `>> server unseen 1`,
		`{"n":12,"dir":">>","side":"server","kind":"unseen","length":1}`},
	{event(core.WorldSaid, "ok 3"), `>> world "ok 3"`,
		`{"n":12,"dir":">>","kind":"world","text":"ok 3"}`},
	{action(core.AskWorld, "get \"a\""), `<< world "get \"a\""`,
		`{"n":12,"dir":"<<","kind":"world","text":"get \"a\""}`},
	{event(core.ServerTLS, "tls 1.3"), `>> server tls "tls 1.3"`,
		`{"n":12,"dir":">>","side":"server","kind":"tls","text":"tls 1.3"}`},
	{event(core.ClientStartTLS, ""), `>> client start-tls`,
		`{"n":12,"dir":">>","side":"client","kind":"start-tls"}`},
	{event(core.ClientTLS, "tls 1.3"), `>> client tls "tls 1.3"`,
		`{"n":12,"dir":">>","side":"client","kind":"tls","text":"tls 1.3"}`},
	{event(core.ClientTLSFailed, "it left"), `>> client tls-failed "it left"`,
		`{"n":12,"dir":">>","side":"client","kind":"tls-failed","text":"it left"}`},
	{event(core.ClientCommand, `PUBLISH a "b c"`), `>> client command "PUBLISH a \"b c\""`,
		`{"n":12,"dir":">>","side":"client","kind":"command","text":"PUBLISH a \"b c\""}`},
	{noted(core.LevelWarning, "bare LF"), `<< note warning "bare LF"`,
		`{"n":12,"dir":"<<","kind":"note","level":"warning","text":"bare LF"}`},
	{noted(core.LevelError, "\xff"), `<< note error "\xff"`,
		`{"n":12,"dir":"<<","kind":"note","level":"error","b64":"/w=="}`},
	{clientStartTLS, `<< start-tls client "mx.example" rest 4`,
		`{"n":12,"dir":"<<","side":"client","kind":"start-tls","rest":4,"text":"mx.example"}`},
	{startTLS("mx.example", 0), `<< start-tls server "mx.example"`,
		`{"n":12,"dir":"<<","side":"server","kind":"start-tls","text":"mx.example"}`},
	{startTLS("", 4), `<< start-tls server "" rest 4`,
		`{"n":12,"dir":"<<","side":"server","kind":"start-tls","rest":4,"text":""}`},

	{onLink(event(core.LinkListening, "10.0.0.1:4000")), `>> data listening "10.0.0.1:4000"`,
		`{"n":12,"dir":">>","link":"data","kind":"listening","text":"10.0.0.1:4000"}`},
	{onLink(event(core.LinkConnected, "10.0.0.1:20")), `>> data connected "10.0.0.1:20"`,
		`{"n":12,"dir":">>","link":"data","kind":"connected","text":"10.0.0.1:20"}`},
	{onLink(event(core.LinkBytes, "\xff")), `>> data bytes "\xff"`,
		`{"n":12,"dir":">>","link":"data","kind":"bytes","b64":"/w=="}`},
	{onLink(event(core.LinkEOF, "")), `>> data eof`,
		`{"n":12,"dir":">>","link":"data","kind":"eof"}`},
	{onLink(event(core.LinkClosed, "")), `>> data closed`,
		`{"n":12,"dir":">>","link":"data","kind":"closed"}`},
	{onLink(event(core.LinkFailed, "refused")), `>> data failed "refused"`,
		`{"n":12,"dir":">>","link":"data","kind":"failed","text":"refused"}`},
	{onLink(action(core.Connect, "10.0.0.1:4001")), `<< connect data "10.0.0.1:4001"`,
		`{"n":12,"dir":"<<","link":"data","kind":"connect","text":"10.0.0.1:4001"}`},
	{onLink(action(core.Accept, "")), `<< accept data ""`,
		`{"n":12,"dir":"<<","link":"data","kind":"accept","text":""}`},
	{onLink(action(core.SendLink, "a\n")), `<< data bytes "a\n"`,
		`{"n":12,"dir":"<<","link":"data","kind":"bytes","text":"a\n"}`},
	{onLink(action(core.FinishLink, "")), `<< data eof`,
		`{"n":12,"dir":"<<","link":"data","kind":"eof"}`},
	{onLink(action(core.CloseLink, "")), `<< data close`,
		`{"n":12,"dir":"<<","link":"data","kind":"close"}`},

	{action(core.SendServer, "quit"), `<< server "quit"`,
		`{"n":12,"dir":"<<","side":"server","kind":"bytes","text":"quit"}`},
	{action(core.SendText, `say "\"`), `<< client text "say \"\\\""`,
		`{"n":12,"dir":"<<","side":"client","kind":"text","text":"say \"\\\""}`},
	{action(core.SendText, "not \xff"), `<< client text "not \xff"`,
		`{"n":12,"dir":"<<","side":"client","kind":"text","b64":"bm90IP8="}`},
	{action(core.SendBinary, "\x1b[0m"), `<< client binary "\x1b[0m"`,
		`{"n":12,"dir":"<<","side":"client","kind":"binary","text":"\u001b[0m"}`},
	{action(core.FinishServer, ""), `<< server eof`,
		`{"n":12,"dir":"<<","side":"server","kind":"eof"}`},
	{action(core.Close, "the server said goodbye"), `<< close "the server said goodbye"`,
		`{"n":12,"dir":"<<","kind":"close","text":"the server said goodbye"}`},
	{action(core.Note, "no echo"), `<< note "no echo"`,
		`{"n":12,"dir":"<<","kind":"note","text":"no echo"}`},
	{timer("quit", 2*time.Second), `<< timer quit 2s`,
		`{"n":12,"dir":"<<","kind":"timer","name":"quit","after":"2s"}`},
	{action(core.StopTimer, "quit"), `<< timer quit off`,
		`{"n":12,"dir":"<<","kind":"timer","name":"quit","after":"off"}`},
	{pass(core.Client), `<< pass-through client`,
		`{"n":12,"dir":"<<","side":"client","kind":"pass-through"}`},
	{pass(core.Server), `<< pass-through server`,
		`{"n":12,"dir":"<<","side":"server","kind":"pass-through"}`},
	{action(core.Failed, "panic: oops"), `<< failed "panic: oops"`,
		`{"n":12,"dir":"<<","kind":"failed","text":"panic: oops"}`},
	{action(core.Secret, "event 5 12"), `<< secret event 5 12`,
		`{"n":12,"dir":"<<","kind":"secret","span":"event 5 12"}`},
	{action(core.SecretBytes, "*******"), `<< secret value 7`,
		`{"n":12,"dir":"<<","kind":"secret-value","length":7}`},
	{action(core.Decoded, "from-server 0-5 \"+OK\""), `<< message from-server 0-5 "+OK"`,
		`{"n":12,"dir":"<<","kind":"message","message":{"flow":"from-server","from":0,"to":5,"summary":"+OK"}}`},
	{timed(action(core.Decoded, "from-server 40-52 answers to-server 7 \"a\\xffb\"\n  len 40-44 \"8\"\n    high 40-40 \"0\" ! \"é\"\n  text 44-52 \"\""), time.Second),
		"1.000 << message from-server 40-52 answers to-server 7 \"a\\xffb\"\n  len 40-44 \"8\"\n    high 40-40 \"0\" ! \"é\"\n  text 44-52 \"\"",
		`{"n":12,"t":1,"dir":"<<","kind":"message","message":{"flow":"from-server","from":40,"to":52,"answers":{"flow":"to-server","from":7},"summaryB64":"Yf9i","fields":[` +
			`{"name":"len","from":40,"to":44,"value":"8","fields":[{"name":"high","from":40,"to":40,"value":"0","wrong":"é"}]},{"name":"text","from":44,"to":52,"value":""}]}}`},
	{action(core.ShowPart, "login: "), `<< client part "login: "`,
		`{"n":12,"dir":"<<","side":"client","kind":"part","text":"login: "}`},

	{Entry{Dir: Remark, Remark: `closed 1001 "stopping"`}, `-- closed 1001 "stopping"`,
		`{"dir":"--","kind":"remark","text":"closed 1001 \"stopping\""}`},
	{Entry{Dir: Remark}, `--`, `{"dir":"--","kind":"remark","text":""}`},

	{timed(event(core.ServerEOF, ""), 510*time.Millisecond), `0.510 >> server eof`,
		`{"n":12,"t":0.51,"dir":">>","side":"server","kind":"eof"}`},
	{timed(event(core.ServerEOF, ""), 0), `0.000 >> server eof`,
		`{"n":12,"t":0,"dir":">>","side":"server","kind":"eof"}`},
	{timed(Entry{Dir: Remark, Remark: "ended"}, 62*time.Second+45*time.Microsecond), `62.000045 -- ended`,
		`{"t":62.000045,"dir":"--","kind":"remark","text":"ended"}`},
	{timed(event(core.ServerBytes, "a\nb"), 1200*time.Millisecond), "1.200 >> server \"a\\n\"\n                \"b\"",
		`{"n":12,"t":1.2,"dir":">>","side":"server","kind":"bytes","text":"a\nb"}`},
}

func onLink(e Entry) Entry {
	e.Event.Link, e.Action.Link = "data", "data"
	return e
}

func TestEveryKindHasOneForm(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range every {
		if got := string(AppendEntry(nil, &c.entry)); got != c.text+"\n" {
			t.Errorf("text\n got %s\nwant %s", got, c.text)
		}
		if got := string(AppendJSON(nil, &c.entry)); got != c.json {
			t.Errorf("JSON\n got %s\nwant %s", got, c.json)
		}
		// A timer that fires must have been set, and a link ordered.
		file := magic + "\nmode raw\nquiet 1s\n\n<< timer quit 1m\n<< connect data \"h:1\"\n" + c.text + "\n"
		tr, err := Parse("file", []byte(file))
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got := tr.Entries[2]
		if !Equal(&got, &c.entry) || got.Timed != c.entry.Timed || got.Time != c.entry.Time || got.Line != 7 {
			t.Errorf("%s parsed to %+v", c.text, got)
		}
		if c.entry.Dir != Remark {
			seen[formOf(&c.entry).key()] = true
		}
	}
	for _, forms := range [][]form{eventForms[1:], actionForms[1:]} {
		for _, f := range forms {
			if f.kind != "" && !seen[f.key()] {
				t.Errorf("no case for %q", f.key())
			}
		}
	}
}

func (f *form) key() string { return fmt.Sprint(f.event, " ", f.action) }

// Nothing may be said of a link that nobody has ordered, or that has ended: else a word that
// is misspelled would be one. A link has no name that begins another entry.
func TestLinks(t *testing.T) {
	for name, c := range map[string]struct {
		lines, want string
	}{
		"not ordered":    {">> data bytes \"a\"\n", "LINK bytes"},
		"another":        {"<< connect data \"h:1\"\n>> date bytes \"a\"\n", "LINK bytes"},
		"ended":          {"<< connect data \"h:1\"\n>> data closed\n<< data close\n", "LINK close"},
		"failed":         {"<< accept data \"\"\n>> data failed \"no\"\n>> data eof\n", "LINK eof"},
		"a word":         {"<< connect server \"h:1\"\n", "the name of a link"},
		"no name":        {"<< connect Data \"h:1\"\n", "the name of a link"},
		"no target":      {"<< connect data\n", "a quoted string"},
		"after its name": {"<< connect data \"h:1\"\n>> data eof now\n", "LINK eof"},
	} {
		_, err := Parse("f", []byte(magic+"\nmode raw\n\n"+c.lines))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, forms := range [][]form{eventForms[1:], actionForms[1:]} {
		for _, f := range forms {
			if word, _ := cutWord(f.words); !f.link && word != "" && core.ValidLink(word) {
				t.Errorf("%s can name a link", word)
			}
		}
	}
	again := "<< connect data \"h:1\"\n>> data closed\n<< accept data \"\"\n>> data listening \"h:2\"\n<< data close\n"
	if _, err := Parse("f", []byte(magic+"\nmode raw\n\n"+again)); err != nil {
		t.Error(err)
	}
}

// A kind added to core must get a form, and parse back to itself.
func TestFormsAreWhole(t *testing.T) {
	for k := core.EventKind(1); int(k) < len(eventForms); k++ {
		if !k.Valid() {
			continue
		}
		if f := eventForms[k]; f.event != k || f.action != 0 || f.words == "" {
			t.Errorf("event kind %d has form %+v", k, f)
		}
	}
	for k := core.ActionKind(1); k.Valid(); k++ {
		if f := actionForms[k]; f.action != k || f.event != 0 || f.words == "" {
			t.Errorf("action kind %d has form %+v", k, f)
		}
	}
	if !core.EventKind(len(eventForms)-1).Valid() || !core.ActionKind(len(actionForms)-1).Valid() {
		t.Error("a table is longer than its kinds")
	}
	if got := listForms(eventForms[:]); !strings.HasSuffix(got, `server unseen COUNT, client tls "…", client tls-failed "…", client command "…", LINK listening "…", LINK connected "…", LINK failed "…", LINK bytes "…", LINK eof or LINK closed`) {
		t.Error(got)
	}
}

func TestDurations(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"1ms":                 time.Millisecond,
		"100ms":               100 * time.Millisecond,
		"1.5ms":               1500 * time.Microsecond,
		"999.999999ms":        time.Second - 1,
		"2s":                  2 * time.Second,
		"1.5s":                1500 * time.Millisecond,
		"2m":                  2 * time.Minute,
		"1m30s":               90 * time.Second,
		"1m0.001s":            time.Minute + time.Millisecond,
		"24h":                 24 * time.Hour,
		"1h0.000000001s":      time.Hour + 1,
		"23h59m59.999999999s": 24*time.Hour - 1,
		"0s":                  0,
	} {
		if got := string(appendDuration(nil, d)); got != want {
			t.Errorf("%v is printed %s, not %s", d, got, want)
		}
		if back, err := time.ParseDuration(want); err != nil || back != d {
			t.Errorf("%s reads back as %v, %v", want, back, err)
		}
	}
}

func TestEqual(t *testing.T) {
	for i := range every {
		for j := range every {
			a, b := every[i].entry, every[j].entry
			b.N, b.Line, b.Comments = 99, 99, []string{"# other"}
			a.Timed, b.Timed = false, false
			same := string(AppendEntry(nil, &a)) == strings.TrimPrefix(string(AppendEntry(nil, &b)), "# other\n")
			if Equal(&a, &b) != same {
				t.Errorf("Equal is %v for %s and %s", !same, every[i].text, every[j].text)
			}
		}
	}
	a, b := timer("t", time.Second), timer("t", 2*time.Second)
	if Equal(&a, &b) {
		t.Error("timers of different times are equal")
	}
}

func TestHotPathAllocatesNothing(t *testing.T) {
	text := event(core.ServerBytes, strings.Repeat("a line of eighty bytes, more or less\r\n", 50))
	bytes := event(core.ServerBytes, strings.Repeat("\x00\xff\x80é", 3000))
	dst := make([]byte, 0, 1<<17)
	for _, e := range []Entry{timed(text, time.Second), bytes, timer("idle", 90*time.Second), pass(core.Server), {Dir: Remark, Remark: "dialled 127.0.0.1:80 in 3 ms"}} {
		if n := testing.AllocsPerRun(50, func() { AppendEntry(dst, &e) }); n != 0 {
			t.Errorf("AppendEntry of %s: %v allocations", formOf(&e).words, n)
		}
		if n := testing.AllocsPerRun(50, func() { AppendJSON(dst, &e) }); n != 0 {
			t.Errorf("AppendJSON of %s: %v allocations", formOf(&e).words, n)
		}
	}
}
