package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/shared"
)

// archive has the transcripts that the commands of workbench transcript are about: a folder,
// or what a shared log has of an owner's.
type archive struct {
	folder recordings
	shared sharedFlags
	owner  string
}

func (a *archive) add(flags *pflag.FlagSet) {
	flags.StringVar(&a.folder.dir, "transcripts", "", "folder of the recorded transcripts (default: transcripts in the user's state directory)")
	a.shared.addReach(flags, "take the recordings in the log")
	flags.StringVar(&a.owner, "owner", "", "of the recordings in the shared log, those of user `NAME` (default: the account's own)")
}

// kept is what an archive can do with recorded transcripts.
type kept interface {
	List(context.Context, store.Query) ([]store.Info, error)
	Follow(ctx context.Context, id string) iter.Seq2[[]byte, error]
	Delete(id string) error
	Close() error
}

// open opens the archive; a folder that is named must be there.
func (a *archive) open(cmd *cobra.Command) (kept, error) {
	c, err := a.config(cmd)
	switch {
	case err != nil:
		return nil, err
	case c != nil:
		return a.openShared(cmd.Context(), *c)
	}
	folder, err := a.folder.open()
	if err != nil {
		return nil, err // not a nil *store.Folder in an interface
	}
	return folder, nil
}

// file returns the file of a transcript that is named by its ID or its path. One of the
// shared log can only be read.
func (a *archive) file(cmd *cobra.Command, name string) (golden.File, error) {
	c, err := a.config(cmd)
	switch {
	case err != nil:
		return golden.File{}, err
	case c == nil || !store.ValidID(name):
		return a.folder.file(name)
	}
	return golden.File{Path: name, Text: func() (io.ReadCloser, int64, error) {
		all, err := a.openShared(cmd.Context(), *c)
		if err != nil {
			return nil, 0, err
		}
		defer all.Close()
		text, err := all.Open(name)
		if errors.Is(err, store.ErrNotFound) {
			err = fmt.Errorf("there is no transcript %s among %s", name, all.whose())
		}
		return text, 0, err
	}}, nil
}

// config returns where the shared log is, nil if the archive is a folder.
func (a *archive) config(cmd *cobra.Command) (*shared.Config, error) {
	c, err := a.shared.reach(newLog(cmd.ErrOrStderr(), false))
	switch {
	case err != nil:
		return nil, err
	case c == nil && a.owner != "":
		return nil, errors.New("--owner is given without --store, as in: --store nats://127.0.0.1:4222/school --owner anna")
	case c != nil && a.folder.dir != "":
		return nil, errors.New("--transcripts and --store exclude each other: what the shared log has is in no folder")
	}
	return c, nil
}

// openShared connects to the shared log.
func (a *archive) openShared(ctx context.Context, c shared.Config) (inShared, error) {
	ctx, cancel := context.WithTimeout(ctx, firstWait)
	defer cancel()
	reader, err := shared.OpenReader(ctx, c)
	switch {
	case errors.Is(err, shared.ErrNoLog):
		return inShared{}, fmt.Errorf("--store %s: %w (%s); a class has its own, TENANT_CLASS", a.shared.store, err, c.Tenant)
	case err != nil:
		return inShared{}, fmt.Errorf("--store %s: %w", a.shared.store, err)
	}
	return inShared{reader.Of(a.owner), reader, a.owner}, nil
}

// inShared is what the shared log has of an owner's.
type inShared struct {
	shared.Kept
	*shared.Reader
	owner string
}

// maxNamed is how many others are named who have recordings too.
const maxNamed = 5

// whose says whose recordings these are, and who else has some.
func (s inShared) whose() string {
	words := "the account's own recordings"
	if s.owner != "" {
		words = "the recordings of " + core.Printable(s.owner)
	}
	if others := s.others(); others != "" {
		words += "; --owner NAME has those of " + others
	}
	return words
}

// others names who else has recordings.
func (s inShared) others() string {
	others := slices.DeleteFunc(s.Owners(), func(owner string) bool { return owner == s.owner || owner == "" })
	for i := range others {
		others[i] = core.Printable(others[i])
	}
	if more := len(others) - maxNamed; more > 0 {
		others = append(others[:maxNamed], core.Plural(more, "other"))
	}
	return strings.Join(others, ", ")
}
