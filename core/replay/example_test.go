package replay_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
	httpline "github.com/protocol-workbench/workbench/plugins/http-line"
)

// A golden is replayed in this process, whole and with its reads cut anew.
func Example() {
	t, err := transcript.Parse("x.golden", []byte("workbench transcript v1\nmode http-line\n\n>> client text \"a\"\n<< server \"a\\r\\n\"\n>> server \"b\\r\\n\"\n<< client text \"b\"\n>> server eof\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(replayed(context.Background(), t, httpline.Discipline()))
	// Output:
	// whole: true
	// <nil>
}

// replayed replays a golden. docs/replay.md shows what is in it.
func replayed(ctx context.Context, t *transcript.Transcript, discipline core.Discipline) error {
	open := func(context.Context, string) (*wire.Conn, error) {
		return wire.Pipe(discipline, slog.Default()), nil
	}
	modes := func(string) (core.Manifest, bool) { return discipline.Manifest, true }

	g, err := replay.New("x.golden", t, modes) // t comes from transcript.Parse
	if err != nil {
		return err
	}
	whole, err := g.Whole(ctx, open)
	if err != nil {
		return err
	}
	fmt.Println("whole:", whole.Same)
	for cuts := range replay.Plan(20, 1) {
		r, err := g.Recut(ctx, open, whole, cuts)
		if err != nil {
			return err
		}
		if !r.Same {
			fmt.Println(cuts, r.Where, r.Faults, r.Diff)
		}
	}
	return nil
}
