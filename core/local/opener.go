package local

import (
	"context"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/target"
)

// Opener opens programs and serial lines.
type Opener struct {
	// Programs says that programs may be started. ProgramsOff is what the user is told
	// to do where they may not, after the reason; it begins with a colon or is empty.
	Programs    bool
	ProgramsOff string
}

// Open opens a target of the kinds Serial and Exec. For a line it takes until ctx ends at
// most; the line that a device gives later is closed.
func (o Opener) Open(ctx context.Context, t target.Target) (target.Stream, error) {
	switch t.Kind {
	case target.Exec:
		if !o.Programs {
			return nil, fail(nil, target.CodeOff, "programs are not started here%s", o.ProgramsOff)
		}
		return startProgram(t.Command())
	case target.Serial:
		return openLine(ctx, t.Line())
	}
	return nil, fail(nil, target.CodeDial, "%s is of a kind that cannot be opened", shown(t.String()))
}

func fail(cause error, code target.Code, format string, args ...any) *target.Error {
	return &target.Error{Words: core.CutWords(core.Printable(fmt.Sprintf(format, args...)), target.MaxWords), Cause: cause, Code: code}
}

// shown shortens what a user wrote, so that what follows it still fits.
func shown(s string) string { return core.CutWords(core.Printable(s), 72) }

// address is the address of either end, for net.Conn.
type address string

// Network implements net.Addr.
func (address) Network() string { return "local" }

// String implements net.Addr.
func (a address) String() string { return string(a) }
