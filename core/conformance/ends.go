package conformance

import (
	"context"
	"fmt"
	"slices"

	"github.com/protocol-workbench/workbench/core"
)

// tail is a line without its end.
const tail = "an unfinished line"

// ends checks that a line whose end is missing when its stream ends goes where
// it would have gone with a line end, or is noted. It compares how many bytes
// come out, since a machine may write them otherwise.
func (u *suite) ends(ctx context.Context, r *Result) error {
	befores := [][]op{nil, {server("220 ready\r\n")}, {text("hello"), server("hello\r\n")}, {server("one\ntwo\n")}}
	ends := []struct {
		line func(string) op
		end  op
		name string
	}{
		{server, serverEOF, "the server's stream ended"},
		{server, serverFailed, "the server's connection broke"},
		{text, clientEOF, "the client sent no more"},
		{text, clientClosed, "the client left"},
	}
	for _, before := range befores {
		for _, end := range ends {
			without, err := u.s.hold(ctx, nil, slices.Concat(before, []op{end.line(tail), end.end}))
			if err != nil {
				return err
			}
			for _, lineEnd := range []string{"\n", "\r\n", "\r", "\x00"} {
				with, err := u.s.hold(ctx, nil, slices.Concat(before, []op{end.line(tail + lineEnd), end.end}))
				if err != nil {
					return err
				}
				gone := end.line("").Kind == core.ClientText
				if !loses(with.steps, without.steps, gone, len(before)) {
					continue
				}
				where := "shown"
				if gone {
					where = "sent"
				}
				r.Findings = append(r.Findings, Finding{
					Words: fmt.Sprintf("%q was lost when %s: with %q behind it, it is %s", tail, end.name, lineEnd, where),
					Do:    "when a stream ends, let go of what is held, or say by Note that it is dropped",
					Diff:  diff(with.steps, without.steps), Session: without.text(u.s.Manifest.Name),
				})
				return nil
			}
		}
	}
	return nil
}

// loses reports whether, of the steps behind the opening and those before, much
// less came out without the line end, and nothing was said about it. A machine
// may write a line end as more than a line end.
func loses(with, without []step, toServer bool, before int) bool {
	a, _ := output(with[min(1+before, len(with)):], toServer)
	b, told := output(without[min(1+before, len(without)):], toServer)
	return !told && b < a/2
}

// output returns how many bytes went to a side, and whether anything was said
// in words.
func output(steps []step, toServer bool) (n int, told bool) {
	for _, s := range steps {
		for _, a := range s.actions {
			switch a.Kind {
			case core.SendServer:
				if toServer {
					n += len(a.Data)
				}
			case core.SendText, core.SendBinary:
				if !toServer {
					n += len(a.Data)
				}
			case core.Note, core.Close, core.Failed:
				told = true
			}
		}
	}
	return n, told
}
