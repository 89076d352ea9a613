package conformance

import (
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/streams"
)

// options checks the manifest, opens what it offers, and then holds the
// generated sessions for the checks that follow.
func (u *suite) options(r *Result) *Finding {
	if err := u.Manifest.Validate(); err != nil {
		return &Finding{Words: "the manifest is not valid: " + err.Error(), Do: "correct the manifest; see core.Manifest"}
	}
	all := streams.Generate(&u.Manifest)
	first := u.hold(all[0].Options, all[0].Ops) // before any other is opened
	u.plain = first.opening
	for _, options := range append([]map[string]string{nil}, streams.Variants(&u.Manifest)...) {
		h := u.hold(options, nil)
		words := failed(h.steps)
		if h.lost != nil {
			words = h.lost.Error()
		}
		if words == "" {
			continue
		}
		what := "its default options"
		for name, value := range options {
			what = fmt.Sprintf("option %s %q", name, value)
		}
		r.Findings = append(r.Findings, Finding{
			Words: fmt.Sprintf("no session opens with %s: %s", what, words),
			Do:    "let Open take every value that the manifest offers, or do not offer it",
		})
	}
	if len(r.Findings) > 0 {
		return nil
	}
	u.held, u.hung = []*session{first}, first.hung
	for _, c := range all[1:] {
		if u.hung {
			return nil
		}
		h := u.holdScript(c)
		u.held, u.hung = append(u.held, h), h.hung
	}
	return nil
}

// odd holds a session with each odd value of an option, and reports the first one
// of each that the machine does not get over.
func (u *suite) odd(r *Result) *Finding {
	if u.hung {
		return nil
	}
	refused := 0
	for _, h := range u.held {
		if failed(h.steps) != "" {
			refused++
		}
	}
	if refused > len(u.held)/2 {
		r.Skipped = fmt.Sprintf("the machine refuses %d of the %d sessions generated; what it does in good sessions is for goldens to show", refused, len(u.held))
	}
	reported := map[string]bool{}
	for _, options := range streams.Odd(&u.Manifest) {
		for name, value := range options {
			if reported[name] {
				continue
			}
			h := u.hold(options, probe)
			if f := robust(u.tester, h); f != nil {
				reported[name] = true
				f.Words = fmt.Sprintf("option %s %q: %s", name, core.CutWords(value, 40), f.Words)
				f.Do = "let Open take every value that the option's type allows, or refuse it by an error in words"
				r.Findings = append(r.Findings, *u.shownBy(h, f))
			}
		}
	}
	return nil
}

// probe is a short session, to see whether a machine works at all.
var probe = []streams.Op{streams.Text("hello"), streams.Server("hello\r\n"), streams.ServerEOF}
