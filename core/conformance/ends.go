package conformance

import (
	"fmt"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/streams"
)

// tail is a line without its end.
const tail = "an unfinished line"

// ends checks that a line whose end is missing when its stream ends goes where
// it would have gone with a line end, or is noted. It compares how many bytes
// come out, since a machine may write them otherwise.
func (u *suite) ends(*Result) *Finding {
	text, server := streams.Text, streams.Server
	befores := [][]streams.Op{nil, {server("220 ready\r\n")}, {text("hello"), server("hello\r\n")}, {server("one\ntwo\n")}}
	ends := []struct {
		line func(string) streams.Op
		end  streams.Op
		name string
	}{
		{server, streams.ServerEOF, "the server's stream ended"},
		{server, streams.ServerFailed, "the server's connection broke"},
		{text, streams.ClientEOF, "the client sent no more"},
		{text, streams.ClientClosed, "the client left"},
	}
	for _, before := range befores {
		for _, end := range ends {
			without := u.hold(nil, slices.Concat(before, []streams.Op{end.line(tail), end.end}))
			for _, lineEnd := range []string{"\n", "\r\n", "\r", "\x00"} {
				with := u.hold(nil, slices.Concat(before, []streams.Op{end.line(tail + lineEnd), end.end}))
				gone := end.line("").Kind == core.ClientText
				if !loses(with.steps, without.steps, gone, len(before)) {
					continue
				}
				where := "shown"
				if gone {
					where = "sent"
				}
				return u.shownBy(without, &Finding{
					Words: fmt.Sprintf("%q was lost when %s: with %q after it, it is %s", tail, end.name, lineEnd, where),
					Do:    "when a stream ends, let go of what is held, or say by Note that it is dropped",
					Diff:  diff(with.steps, without.steps),
				})
			}
		}
	}
	return nil
}

// loses reports whether, of the steps after the opening and those before, much
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
			case core.SendServer, core.SendText, core.SendBinary:
				if toServer == (a.Kind == core.SendServer) {
					n += len(a.Data)
				}
			case core.Note, core.Close, core.Failed:
				told = true
			}
		}
	}
	return n, told
}
