package plugintest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Script holds one session to its promises, written as a transcript without
// its first two lines: any options and the target, then events and the actions
// that should answer them. It is checked as a golden is. Indentation that all
// lines share does not count.
func Script(t testing.TB, d core.Discipline, script string) {
	t.Helper()
	r, err := checkScript(t.Context(), subject(t, d), script, findSource(script))
	if err != nil {
		t.Fatal(err)
	}
	report(t, r)
}

func checkScript(ctx context.Context, s conformance.Subject, script string, at source) (conformance.Result, error) {
	header := "workbench transcript v1\nmode " + s.Manifest.Name + "\n"
	text := header + dedent(script)
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	t, err := transcript.Parse(at.file, []byte(text))
	if err != nil {
		return conformance.Result{}, at.inSource(err)
	}
	r, err := conformance.Golden(ctx, s, at.file, t)
	for i := range r.Findings {
		r.Findings[i].Line = at.line(r.Findings[i].Line)
	}
	return r, at.inSource(err)
}

// dedent cuts the indentation that all lines share that are not blank.
func dedent(script string) string {
	lines := strings.Split(script, "\n")
	indent, any := "", false
	for _, line := range lines {
		rest := strings.TrimLeft(line, " \t")
		if rest == "" {
			continue
		}
		if own := line[:len(line)-len(rest)]; !any || len(own) < len(indent) {
			indent, any = own, true
		}
	}
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, indent)
		if strings.TrimLeft(line, " \t") == "" {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

// source says where a script stands.
type source struct {
	file  string // "script" when it was not found
	first int    // line of file where the script begins; lines count from 1
}

// line turns a line of the transcript, which has two more in front, into one
// of the file.
func (s source) line(n int) int { return max(s.first, s.first+n-3) }

// inSource puts the file's line into a syntax error.
func (s source) inSource(err error) error {
	var syntax *transcript.SyntaxError
	if errors.As(err, &syntax) {
		moved := *syntax
		moved.Line = s.line(syntax.Line)
		return &moved
	}
	return err
}

// findSource looks for the script in the files of the callers, where it stands
// as it is unless it was put together.
func findSource(script string) source {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if !strings.HasSuffix(frame.File, "_test.go") {
			continue
		}
		data, err := os.ReadFile(frame.File)
		if err != nil {
			continue
		}
		text := strings.ReplaceAll(string(data), "\r\n", "\n") // raw strings have no CR
		if at := strings.Index(text, "`"+script+"`"); at >= 0 {
			return source{filepath.Base(frame.File), 1 + strings.Count(text[:at], "\n")}
		}
	}
	return source{"script", 1}
}
