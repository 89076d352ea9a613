package plugintest

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers each message of the client with itself.
func echo() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{Name: "echo", Title: "Echo", Input: core.InputLine},
		Open:     func(core.Opening, *core.Out) (core.Machine, error) { return machine{}, nil },
	}
}

type machine struct{}

func (machine) Handle(ev core.Event, out *core.Out) error {
	if ev.Kind == core.ClientText {
		out.Text(ev.Data)
	}
	return nil
}

func inProcess(d core.Discipline) conformance.Subject {
	return conformance.InProcess(d, slog.New(slog.DiscardHandler))
}

func TestAnswers(t *testing.T) {
	got := Answers(t, machine{}, core.Event{Kind: core.ClientText, Data: []byte("a")}, core.Event{Kind: core.ServerEOF}, core.Event{Kind: core.ClientText, Data: []byte("b")})
	if strings.Join(got, " ") != "a b" {
		t.Errorf("%q", got)
	}
}

// here returns the line of its caller.
func here() int {
	_, _, line, _ := runtime.Caller(1)
	return line
}

// A failure names the line of the event in the test's own file, and shows the
// difference in the notation of the script.
func TestScriptFailure(t *testing.T) {
	line := here() + 4
	script := `
		>> client text "a"
		<< client text "a"
		>> client text "b"
		<< client text "c"
	`
	r, err := checkScript(t.Context(), inProcess(echo()), script, nested(func() source { return findSource(script) }))
	if err != nil || len(r.Findings) != 1 {
		t.Fatal(err, r.Findings)
	}
	f := r.Findings[0]
	if f.File != "plugintest_test.go" || f.Line != line {
		t.Errorf("at %s:%d, want line %d", f.File, f.Line, line)
	}
	want := "  >> client text \"a\"\n  << client text \"a\"\n  >> client text \"b\"\n- << client text \"c\"\n+ << client text \"b\"\n"
	if f.Diff != want {
		t.Errorf("the difference is shown as\n%swant\n%s", f.Diff, want)
	}
}

// nested calls like Script does, from one function further down.
func nested(call func() source) source { return call() }

func TestScriptSyntaxError(t *testing.T) {
	line := here() + 3
	script := `
		>> client text "a"
		<< nobody "a"
	`
	_, err := checkScript(t.Context(), inProcess(echo()), script, nested(func() source { return findSource(script) }))
	var syntax *transcript.SyntaxError
	if !errors.As(err, &syntax) || syntax.File != "plugintest_test.go" || syntax.Line != line {
		t.Errorf("%v, want line %d", err, line)
	}
}

func TestScriptPutTogether(t *testing.T) {
	script := ">> client text \"" + strings.Repeat("a", 3) + "\"\n<< client text \"b\""
	r, err := checkScript(t.Context(), inProcess(echo()), script, findSource(script))
	if err != nil || len(r.Findings) != 1 || r.Findings[0].File != "script" || r.Findings[0].Line != 1 {
		t.Error(err, r.Findings)
	}
}

func TestDedent(t *testing.T) {
	got := dedent("\n\t\t>> server \"a\\n\"\n\t\t          \"b\"\n\n\t\t# c\n\t")
	if want := "\n>> server \"a\\n\"\n          \"b\"\n\n# c\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestUpdate(t *testing.T) {
	const events = "workbench transcript v1\nmode echo\n\n# first\n>> client text \"a\"\n"
	file := golden.File{Path: filepath.Join(t.TempDir(), "new.golden"), Found: true}
	if err := os.WriteFile(file.Path, []byte(events), 0o640); err != nil {
		t.Fatal(err)
	}
	r := goldenResult(t, file.Path)
	if len(r.Findings) != 1 || r.Findings[0].File != file.Path || r.Findings[0].Line != 5 {
		t.Errorf("%v", r.Findings)
	}
	for range 2 { // the second time it is the same
		update(t, inProcess(echo()), file)
		now, err := file.Read()
		if want := events + "<< client text \"a\"\n"; err != nil || string(now) != want {
			t.Fatalf("%v, %s", err, now)
		}
	}
}

func goldenResult(t *testing.T, file string) conformance.Result {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	g, err := transcript.Parse(file, data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := conformance.Golden(t.Context(), inProcess(echo()), file, g)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
