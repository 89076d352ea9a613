package starlark

import (
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// runner runs a script's code within its bounds. Each session has its own.
type runner struct {
	thread starlark.Thread
	watch  watch
}

func tooManySteps(t *starlark.Thread) {
	t.Cancel(fmt.Sprintf("this took %d steps, more than it may; do less for one event, or look for a loop that does not end", t.Steps))
}

func newRunner(name string) *runner {
	r := &runner{}
	r.thread.Name = name
	r.thread.Print = logPrint
	r.thread.Load = nothingToLoad
	r.thread.OnMaxSteps = tooManySteps
	r.watch.thread = &r.thread
	return r
}

// begin readies the bounds for one call into the script, about an event of so
// many bytes; end follows it.
func (r *runner) begin(received int) {
	r.thread.Steps = 0
	r.thread.SetMaxExecutionSteps(MaxSteps + StepsPerByte*uint64(received))
	r.watch.begin()
}

func (r *runner) end() { r.watch.end() }

// scriptPosition returns where in the script an error happened: the innermost
// call that is not one of a built-in function.
func scriptPosition(name string, err *starlark.EvalError) syntax.Position {
	for i := range err.CallStack {
		if p := err.CallStack.At(i).Pos; p.Filename() == name {
			return p
		}
	}
	return syntax.MakePosition(&name, 1, 1)
}

// words returns what a script's error says, without where.
func words(err *starlark.EvalError) string {
	message := strings.TrimPrefix(err.Msg, "Starlark computation cancelled: ")
	if strings.HasSuffix(message, "called recursively") {
		message += "; there is no recursion in Starlark: use a loop, and a list for what is still to do"
	}
	return aboutBytes(message)
}

// sessionError returns the words that end a session, "name:line: what", and
// the calls that led there, for the log.
func sessionError(name string, err error) (backtrace string, ends error) {
	var run *starlark.EvalError
	if !errors.As(err, &run) {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return run.Backtrace(), fmt.Errorf("%s:%d: %s", name, scriptPosition(name, run).Line, words(run))
}
