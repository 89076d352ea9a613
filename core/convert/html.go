package convert

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of a page, in bytes of payload. Nobody could read a longer page anyway;
// it says how much is left out.
const (
	maxShown     = 64 << 10 // of one entry
	maxPageShown = 4 << 20  // of all
)

//go:embed page.css
var pageStyle string

// HTML writes one self-contained page: no script, no network, and a policy that
// allows neither. It shows every entry: events with their answers and the notes
// below, what goes to the server on one side and what comes from it on the other,
// distinguished by side, arrow, words and colour. Bytes are text or pictures of
// control bytes, never markup.
//
// It shows the first 64 KiB of an entry and 4 MiB in all, and says what it
// leaves out.
func HTML(w io.Writer, t *transcript.Transcript) error {
	p := page{w: bufio.NewWriter(w), room: maxPageShown, forged: map[*transcript.Entry][]Forged{}}
	for i, forged := range ForgeriesIn(t).In {
		p.forged[&t.Entries[i]] = forged
	}
	p.head(t)
	for from := 0; from < len(t.Entries); {
		to := from + 1
		for to < len(t.Entries) && t.Entries[to].Dir != transcript.Event {
			to++
		}
		p.group(t.Entries[from:to])
		from = to
	}
	if t.CutOff {
		p.words("", "The recording ends here; its end is missing.")
	}
	p.w.WriteString("</ol>\n</main>\n</body>\n</html>\n")
	return p.w.Flush()
}

type page struct {
	w    *bufio.Writer
	room int // bytes of payload that still fit

	forged map[*transcript.Entry][]Forged
	marks  []Forged // of the entry that is written
}

func (p *page) head(t *transcript.Transcript) {
	sum := sha256.Sum256([]byte(pageStyle))
	name := html.EscapeString(visible(title(t)))
	fmt.Fprintf(p.w, `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-%s'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>%s</title>
<style>%s</style>
</head>
<body>
<header>
<h1>%s</h1>
<dl>
`, base64.StdEncoding.EncodeToString(sum[:]), name, pageStyle, name)
	p.term("Line mode", t.Mode)
	if t.Target != "" {
		p.term("Server", t.Target)
	}
	for _, o := range t.Options {
		p.term("Option "+o.Name, o.Value)
	}
	for _, c := range t.TLS {
		p.term("TLS "+c.Name, c.Value)
	}
	fmt.Fprintf(p.w, `</dl>
<p>Each entry is what happened, with what it led to below. <b class="to">→</b> goes toward the server,
<b class="from">←</b> comes from it. A badge is a control byte: %s ends a line; <span class="x">\xff</span> is a byte that is no text.</p>
</header>
<main>
<ol>
`, badge("␍")+badge("␊"))
}

func (p *page) term(name, value string) {
	fmt.Fprintf(p.w, "<div><dt>%s</dt><dd>%s</dd></div>\n", html.EscapeString(name), html.EscapeString(visible(value)))
}

// group shows an event with its answers. There is no event above the first.
func (p *page) group(entries []transcript.Entry) {
	p.w.WriteString("<li>\n")
	for i := range entries {
		e := &entries[i]
		for _, c := range e.Comments {
			if c = strings.TrimLeft(c, "# "); c != "" {
				p.words("", c)
			}
		}
		p.entry(e)
	}
	p.w.WriteString("</li>\n")
}

// entry shows one entry, its time as at the end of the words. Secret marks are for
// recorders.
func (p *page) entry(e *transcript.Entry) {
	at := ""
	if e.Timed {
		at = fmt.Sprintf(` <span class="t">%.3f s</span>`, e.Time.Seconds())
	}
	p.marks = p.forged[e]
	switch {
	case e.Dir == transcript.Remark:
		p.words(at, e.Remark)
	case e.Dir == transcript.Event:
		p.event(at, &e.Event)
	case e.Dir == transcript.Action:
		p.action(at, &e.Action)
	}
}

// arrow is how an entry is shown that goes one way.
type arrow struct {
	class, sign string
	words       string // what happens; for an end, the entry's own words follow
	ends        bool   // no bytes go this way, only the end of them
}

var eventArrows = map[core.EventKind]arrow{
	core.ClientText:   {class: "to said", sign: "→", words: "the client says"},
	core.ClientPart:   {class: "to said", sign: "→", words: "the client says, without a line end"},
	core.ClientBinary: {class: "to said", sign: "→", words: "the client sends bytes"},
	core.ClientRaw:    {class: "to", sign: "→", words: "the client sends bytes as they are"},
	core.ClientBytes:  {class: "to said", sign: "→", words: "from the client"},
	core.ClientEOF:    {class: "to end", sign: "→", words: "the client sends no more", ends: true},
	core.ClientClosed: {class: "to end", sign: "→", words: "the client is gone", ends: true},
	core.ServerBytes:  {class: "from", sign: "←", words: "from the server"},
	core.ServerEOF:    {class: "from end", sign: "←", words: "the server sends no more", ends: true},
	core.ServerFailed: {class: "from end", sign: "←", words: "the connection to the server broke: ", ends: true},
}

var actionArrows = map[core.ActionKind]arrow{
	core.SendServer:   {class: "to", sign: "→", words: "to the server"},
	core.SendText:     {class: "from shown", sign: "←", words: "shown to the client"},
	core.ShowPart:     {class: "from shown", sign: "←", words: "shown to the client, not whole yet"},
	core.SendBinary:   {class: "from shown", sign: "←", words: "shown to the client, as bytes"},
	core.FinishServer: {class: "to end", sign: "→", words: "no more goes to the server", ends: true},
}

func (p *page) event(at string, e *core.Event) {
	if a, ok := eventArrows[e.Kind]; ok {
		p.arrow(a, at, e.Data)
		return
	}
	switch e.Kind {
	case core.ServerQuiet:
		p.words(at, "The server is silent.")
	case core.ClientUnseen, core.ServerUnseen:
		p.words(at, "The line mode has missed "+string(e.Data)+" bytes of the "+e.Kind.Side().String()+"'s.")
	case core.TimerFired:
		p.words(at, "The timer "+string(e.Data)+" fires.")
	case core.ServerTLS:
		p.words(at, "From here on the connection to the server is TLS: "+string(e.Data))
	case core.ClientTLS:
		p.words(at, "From here on the connection to the client is TLS: "+string(e.Data))
	case core.ClientTLSFailed:
		p.words(at, "The connection to the client did not become TLS: "+string(e.Data))
	case core.ClientCommand:
		p.words(at, "The client uses a command: "+string(e.Data))
	case core.ClientStartTLS:
		p.words(at, "The client asks for TLS.")
	case core.LinkListening:
		p.words(at, "The further connection "+e.Link+" is waited for at "+string(e.Data)+".")
	case core.LinkConnected:
		p.words(at, "The further connection "+e.Link+" is there: "+string(e.Data))
	case core.LinkFailed:
		p.words(at, "The further connection "+e.Link+" failed: "+string(e.Data))
	case core.LinkBytes:
		p.arrow(arrow{class: "from", sign: "←", words: "from the further connection " + e.Link}, at, e.Data)
	case core.LinkEOF:
		p.words(at, "The other end of the further connection "+e.Link+" sends no more.")
	case core.LinkClosed:
		p.words(at, "The further connection "+e.Link+" has ended.")
	case core.WorldSaid:
		p.words(at, "The world answers: "+string(e.Data))
	default:
		panic("convert: an event of a kind that core does not have")
	}
}

func (p *page) action(at string, a *core.Action) {
	if shown, ok := actionArrows[a.Kind]; ok {
		p.arrow(shown, at, a.Data)
		return
	}
	switch a.Kind {
	case core.Close:
		p.words(at, "The line mode ends the session: "+string(a.Data))
	case core.Note:
		p.note(at, a)
	case core.SetTimer:
		p.words(at, fmt.Sprintf("The timer %s is set: it fires in %v.", a.Data, a.After.Round(time.Microsecond)))
	case core.StopTimer:
		p.words(at, "The timer "+string(a.Data)+" is turned off.")
	case core.PassThrough:
		p.words(at, "From here on the "+a.Side.String()+"'s bytes pass through as they are.")
	case core.Failed:
		p.words(at, "The line mode cannot go on: "+string(a.Data))
	case core.StartTLS:
		p.words(at, "The connection to the "+a.Side.String()+" is upgraded to TLS"+forName(a.Data)+".")
	case core.Connect:
		p.words(at, "A further connection, "+a.Link+", is opened to "+string(a.Data)+".")
	case core.Accept:
		p.words(at, "A further connection, "+a.Link+", of the server's is waited for.")
	case core.SendLink:
		p.arrow(arrow{class: "to", sign: "→", words: "to the further connection " + a.Link}, at, a.Data)
	case core.FinishLink:
		p.words(at, "No more goes to the further connection "+a.Link+".")
	case core.CloseLink:
		p.words(at, "The further connection "+a.Link+" is closed.")
	case core.Decoded:
		p.message(at, a.Data)
	case core.AskWorld:
		p.words(at, "The world is asked: "+string(a.Data))
	case core.Secret, core.SecretBytes: // what they mark is covered where it stands
	default:
		panic("convert: an action of a kind that core does not have")
	}
}

// forName names the server that an upgrade is for; it is the target's host if that says
// none.
func forName(name []byte) string {
	if len(name) == 0 {
		return ""
	}
	return " for " + string(name)
}

func (p *page) arrow(a arrow, at string, data []byte) {
	words := a.words + string(data)
	if !a.ends {
		words = fmt.Sprintf("%s, %s", a.words, core.Plural(len(data), "byte"))
	}
	if len(p.marks) > 0 {
		words += ", of which the marked ones are forged: no peer has sent them"
	}
	fmt.Fprintf(p.w, `<div class="e %s"><p class="h"><span class="a" aria-hidden="true">%s</span> %s%s</p>`, a.class, a.sign, html.EscapeString(visible(words)), at)
	if !a.ends {
		p.bytes(data)
	}
	p.w.WriteString("</div>\n")
}

func (p *page) bytes(data []byte) {
	shown := data[:min(len(data), maxShown, p.room)]
	p.room -= len(shown)
	p.w.WriteString("<pre>")
	at := 0
	for _, f := range p.marks {
		from, to := max(int(f.From), at), min(int(f.To), len(shown))
		if from >= to {
			continue
		}
		p.pictures(shown[at:from])
		p.w.WriteString("<mark>")
		p.pictures(shown[from:to])
		p.w.WriteString("</mark>")
		at = to
	}
	p.pictures(shown[at:])
	p.w.WriteString("</pre>")
	if left := len(data) - len(shown); left > 0 {
		fmt.Fprintf(p.w, `<p class="left">… and %s that this page leaves out</p>`, core.Plural(left, "more byte"))
	}
}

func (p *page) pictures(shown []byte) {
	pictures(shown, func(m mark, piece string) {
		switch m {
		case asText:
			p.w.WriteString(html.EscapeString(piece))
		case asSign:
			p.w.WriteString(badge(piece))
		case asBytes:
			p.w.WriteString(`<span class="x">` + html.EscapeString(piece) + `</span>`)
		case lineEnd:
			p.w.WriteString("\n")
		}
	})
}

// badge is a control picture whose name page.css draws over it: few fonts have the
// pictures, and text that is copied keeps them.
func badge(picture string) string {
	return `<span class="c" data-name="` + controlName([]rune(picture)[0]) + `">` + picture + `</span>`
}

func (p *page) words(at, words string) {
	p.w.WriteString(`<p class="n">` + html.EscapeString(visible(words)) + at + "</p>\n")
}

// note writes a note, and before the words of one that is not for information its level.
func (p *page) note(at string, a *core.Action) {
	if a.Level == core.LevelInfo {
		p.words(at, string(a.Data))
		return
	}
	level := a.Level.String()
	fmt.Fprintf(p.w, `<p class="n %s"><strong>%s:</strong> %s%s</p>`+"\n", level, strings.ToUpper(level[:1])+level[1:], html.EscapeString(visible(string(a.Data))), at)
}

// visible makes words safe to show: a picture replaces what would not print.
func visible(words string) string {
	var b bytes.Buffer
	pictures([]byte(words), func(_ mark, piece string) { b.WriteString(piece) })
	return b.String()
}
