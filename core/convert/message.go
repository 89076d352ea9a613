package convert

import (
	"fmt"
	"html"

	"github.com/protocol-workbench/workbench/core"
)

// message shows what the line mode has recognised: a summary, which unfolds into the
// fields where there are any.
func (p *page) message(at string, text []byte) {
	m, err := core.ParseMessage(text)
	if err != nil {
		p.words(at, "A message that does not parse.")
		return
	}
	p.room -= min(len(text), p.room)
	words := fmt.Sprintf("%s %d–%d: %s", m.Flow, m.From, m.To, m.Summary)
	if len(m.Fields) == 0 || p.room == 0 {
		p.words(at, words)
		return
	}
	fmt.Fprintf(p.w, "<details class=\"m\"><summary>%s%s</summary>", html.EscapeString(visible(words)), at)
	p.fields(m.Fields)
	p.w.WriteString("</details>\n")
}

func (p *page) fields(fields []core.Field) {
	p.w.WriteString("<ul>")
	for i := range fields {
		f := &fields[i]
		fmt.Fprintf(p.w, `<li>%s <span class="t">%d–%d</span> <code>%s</code>`, html.EscapeString(f.Name), f.From, f.To, html.EscapeString(visible(f.Value)))
		if f.Wrong != "" {
			fmt.Fprintf(p.w, " <strong>wrong: %s</strong>", html.EscapeString(visible(f.Wrong)))
		}
		if len(f.Fields) > 0 {
			p.fields(f.Fields)
		}
		p.w.WriteString("</li>")
	}
	p.w.WriteString("</ul>")
}
