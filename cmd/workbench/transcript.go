package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// recordings are those of a folder: the one that a flag names, or, where that is "", the
// user's.
type recordings struct{ dir string }

func newTranscriptCommand() *cobra.Command {
	r := &archive{}
	cmd := &cobra.Command{
		Use:   "transcript",
		Short: "List, show, compare and tidy up what was recorded",
		Long: `transcript works on the sessions that workbench serve has recorded. Where it
takes a transcript, that is the ID of a recorded one, or the path of a file. With
--store it is about what workbenches share, on whichever machine it was recorded.`,
		Example: `  workbench transcript list --target example.com
  workbench transcript show 20260102-150405-123-s12-http-line
  workbench transcript show --golden ID > walk.golden    keep it as a test
  workbench transcript follow ID                         a session that is running
  workbench transcript list --store nats://127.0.0.1:4222/school --owner anna
  workbench transcript rules A B -o walk.golden          what differs each time may
  workbench transcript redact --match 'PASS (\S+)' ID    '*' for passwords`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	r.add(cmd.PersistentFlags())
	cmd.AddCommand(newTranscriptListCommand(r), newTranscriptShowCommand(r), newTranscriptFollowCommand(r),
		newTranscriptDiffCommand(r), newTranscriptRulesCommand(r), newTranscriptDeleteCommand(r), newTranscriptRedactCommand(r),
		newTranscriptConvertCommand(r), newTranscriptImportCommand())
	return cmd
}

// open opens the store; a folder that is named must be there.
func (r *recordings) open() (*store.Folder, error) {
	if _, err := os.Stat(r.dir); r.dir != "" && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--transcripts: there is no folder %s", core.Printable(r.dir))
	}
	return r.make()
}

// make opens the store, and makes its folder where there is none.
func (r *recordings) make() (*store.Folder, error) {
	path, err := r.path()
	if err != nil {
		return nil, err
	}
	return store.OpenFolder(path)
}

// path returns the folder.
func (r *recordings) path() (string, error) {
	if r.dir != "" {
		return r.dir, nil
	}
	state, err := catalog.StateDir()
	if err != nil {
		return "", fmt.Errorf("%w, or name a folder with --transcripts DIR", err)
	}
	return filepath.Join(state, "transcripts"), nil
}

// file returns the file of a transcript that is named by its ID or its path.
func (r *recordings) file(name string) (golden.File, error) {
	if !store.ValidID(name) {
		return golden.File{Path: name}, nil
	}
	folder, err := r.open()
	if err != nil {
		return golden.File{}, err
	}
	defer folder.Close()
	path, err := folder.Path(name)
	if err == nil {
		_, err = os.Lstat(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return golden.File{}, fmt.Errorf("there is no transcript %s in %s; workbench transcript list lists them", name, core.Printable(filepath.Dir(path)))
	}
	return golden.File{Path: path, Found: true}, err
}

// readRecorded is for package playcmd.
func readRecorded(name string) (path string, text []byte, err error) {
	file := recordedFile(name)
	text, err = file.Read()
	return file.Path, text, err
}

// load reads a transcript that is named by its ID or its path.
func (a *archive) load(cmd *cobra.Command, name string) (*transcript.Transcript, error) {
	file, err := a.file(cmd, name)
	if err != nil {
		return nil, err
	}
	return loadFile(file, cmd.ErrOrStderr())
}

// loadAll reads a transcript that may be of several connections.
func (a *archive) loadAll(cmd *cobra.Command, name string) ([]*transcript.Transcript, error) {
	file, err := a.file(cmd, name)
	if err != nil {
		return nil, err
	}
	data, err := readTranscript(file)
	if err != nil {
		return nil, err
	}
	all, err := transcript.ParseAll(file.Path, data)
	if err == nil && all[len(all)-1].CutOff {
		warnOfEnd(cmd.ErrOrStderr(), file.Path)
	}
	return all, err
}

// loadFile reads a transcript.
func loadFile(file golden.File, stderr io.Writer) (*transcript.Transcript, error) {
	data, err := readTranscript(file)
	if err != nil {
		return nil, err
	}
	return parse(file.Path, data, stderr)
}

func readTranscript(file golden.File) ([]byte, error) {
	data, err := file.Read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s, and no ID looks like that; workbench transcript list lists the recorded ones", core.Printable(file.Path))
	}
	return data, err
}

// parse parses a transcript. One whose end is missing is warned of.
func parse(name string, data []byte, stderr io.Writer) (*transcript.Transcript, error) {
	t, err := transcript.Parse(name, data)
	if err == nil && t.CutOff {
		warnOfEnd(stderr, name)
	}
	return t, err
}

func warnOfEnd(stderr io.Writer, name string) {
	fmt.Fprintf(stderr, "workbench: warning: the end of %s is missing: it has no line end behind its last line\n", core.Printable(name))
}

// size writes a number of bytes for a person.
func size(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
