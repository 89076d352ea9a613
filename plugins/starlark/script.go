package starlark

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a script.
const (
	MaxSource    = 1 << 20    // bytes of its text
	MaxSteps     = 10_000_000 // steps of loading it, and of answering one event …
	StepsPerByte = 40         // … and this many more for each byte of the event: it may be all line ends
)

// dialect is plain Starlark, with while, set, and if and for at the top level.
// Recursion stays off, and a name at the top level is given once.
var dialect = syntax.FileOptions{Set: true, While: true, TopLevelControl: true}

// script is a loaded script. Its globals are frozen, so that its sessions,
// which may run at the same time, share nothing that changes.
type script struct {
	name     string
	manifest core.Manifest
	open     *starlark.Function // nil when the script has none
	handle   *starlark.Function
}

// Discipline loads the script in a file of at most MaxSource bytes. In errors
// the script goes by the file's name without its folder.
func Discipline(path string) (core.Discipline, error) {
	source, err := read(path)
	if err != nil {
		return core.Discipline{}, err
	}
	return Load(filepath.Base(path), source)
}

func read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the script cannot be read: %w", err)
	}
	defer file.Close()
	source, err := io.ReadAll(io.LimitReader(file, MaxSource+1))
	if err != nil {
		return nil, fmt.Errorf("the script cannot be read: %w", err)
	}
	return source, nil
}

// Load makes a discipline of a script; name is what errors call it. It runs
// the script's top level once. Its errors begin with name:line:column and say
// what was expected there.
func Load(name string, source []byte) (core.Discipline, error) {
	return loadCounting(name, source, nil)
}

// loadCounting is Load, with a count of the lines that are executed if there is one.
func loadCounting(name string, source []byte, c *count) (core.Discipline, error) {
	if len(source) > MaxSource {
		return core.Discipline{}, fmt.Errorf("%s:1:1: the script has over %d bytes, more than a script may have", name, MaxSource)
	}
	file, err := dialect.Parse(name, source, 0)
	if err != nil {
		return core.Discipline{}, loadError(name, explained(err, source))
	}
	guard(file)
	found := predeclared
	if c != nil {
		found = c.in(file)
	}
	program, err := starlark.FileProgram(file, found.Has)
	if err != nil {
		return core.Discipline{}, loadError(name, err)
	}
	run := newRunner(name)
	run.begin(0)
	globals, err := program.Init(&run.thread, found)
	run.end()
	if err != nil {
		return core.Discipline{}, loadError(name, err)
	}
	globals.Freeze()
	s := &script{name: name}
	if s.manifest, err = readManifest(file, globals["manifest"]); err != nil {
		return core.Discipline{}, err
	}
	if s.handle, err = function(file, globals, "handle", "state, event, out"); err != nil {
		return core.Discipline{}, err
	}
	if s.handle == nil {
		return core.Discipline{}, at(syntax.MakePosition(&file.Path, 1, 1), "expected a function def handle(state, event, out) somewhere in the script; there is none")
	}
	if s.open, err = function(file, globals, "open", "options, target, out", "session"); err != nil {
		return core.Discipline{}, err
	}
	return core.Discipline{Manifest: s.manifest, Open: s.openMachine}, nil
}

// function returns the script's function of that name, which takes three parameters and
// may take some more, or nil when there is none.
func function(file *syntax.File, globals starlark.StringDict, name, parameters string, more ...string) (*starlark.Function, error) {
	v := globals[name]
	if v == nil {
		return nil, nil
	}
	f, ok := v.(*starlark.Function)
	if !ok {
		return nil, at(globalPosition(file, name), "expected a function def %s(%s); %s is of type %s", name, parameters, name, v.Type())
	}
	if n := f.NumParams(); n < 3 || n > 3+len(more) || f.HasVarargs() || f.HasKwargs() || f.NumKwonlyParams() > 0 {
		return nil, at(f.Position(), "expected def %s(%s); it takes other parameters", name, parameters)
	}
	return f, nil
}

// globalPosition returns where the script first assigns the name at its top
// level, or its start.
func globalPosition(file *syntax.File, name string) syntax.Position {
	if a := assignment(file, name); a != nil {
		return syntax.Start(a)
	}
	return syntax.MakePosition(&file.Path, 1, 1)
}

func assignment(file *syntax.File, name string) *syntax.AssignStmt {
	for _, s := range file.Stmts {
		if a, ok := s.(*syntax.AssignStmt); ok {
			if id, ok := a.LHS.(*syntax.Ident); ok && id.Name == name {
				return a
			}
		}
	}
	return nil
}

func at(p syntax.Position, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", p.Filename(), p.Line, p.Col, fmt.Sprintf(format, args...))
}

// loadError says where a script does not load.
func loadError(name string, err error) error {
	var wrong syntax.Error
	var names resolve.ErrorList
	var run *starlark.EvalError
	switch {
	case errors.As(err, &wrong):
		return at(wrong.Pos, "%s", wrong.Msg)
	case errors.As(err, &names):
		return at(names[0].Pos, "%s", undefined(names[0].Msg))
	case errors.As(err, &run):
		return at(scriptPosition(name, run), "%s", words(run))
	}
	return fmt.Errorf("%s: %w", name, err)
}

// explained says of a syntax error what to do instead, and where it is. A position
// past the end of a line moves back onto the line: the parser names the end of an
// unexpected token, and the end of a line end, or of the file, is the start of a
// line below.
func explained(err error, source []byte) error {
	var wrong syntax.Error
	if !errors.As(err, &wrong) {
		return err
	}
	wrong.Msg = unparsed(wrong, source)
	if wrong.Pos.Col != 1 || !strings.HasPrefix(wrong.Msg, "got newline") && !strings.HasPrefix(wrong.Msg, "got end of file") {
		return wrong
	}
	lines := strings.Split(string(source), "\n")
	for n := min(int(wrong.Pos.Line)-1, len(lines)); n > 0; n-- {
		if line := strings.TrimRight(lines[n-1], " \t\r"); line != "" {
			wrong.Pos.Line, wrong.Pos.Col = int32(n), int32(utf8.RuneCountInString(line)+1)
			break
		}
	}
	return wrong
}

// logPrint takes what a script prints to the plugin's log.
func logPrint(t *starlark.Thread, message string) {
	line := int32(0)
	if t.CallStackDepth() > 1 {
		line = t.CallFrame(1).Pos.Line
	}
	slog.Info(core.Words(message), "script", t.Name, "line", line)
}
