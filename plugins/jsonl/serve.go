package jsonl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/protocol-workbench/workbench/plugins"
)

// Serve runs the program as a plugin process and never returns: it is the main
// of an adapter. When the program ends, or breaks the protocol, standard error
// says how and this process ends with status 1, so that its host recovers the
// sessions as it would any plugin's. A program that somebody killed has this
// process killed too, so that the host blames no event for it. When the host
// ends, the program does.
//
// The program stays in this process's group, which the host kills.
func Serve(cmd *exec.Cmd) {
	stderr := os.Stderr // plugins.Serve puts another in its place
	config := usual()
	config.atEnd = func(cause error) {
		if errors.Is(cause, errHostGone) {
			os.Exit(0)
		}
		fmt.Fprintf(stderr, "%v\n", cause)
		if errors.As(cause, new(killed)) {
			endKilled()
		}
		os.Exit(1)
	}
	// The host decides how long a start may take. It knows for how long the program waited
	// for a processor, and on a busy computer that is most of it.
	config.late = func(err error) { fmt.Fprintf(stderr, "%v\n", err) }
	d, child, err := start(context.Background(), cmd, config)
	if err != nil { // it could not be started; else we are not here any more
		fmt.Fprintf(stderr, "%v\n", err)
		os.Exit(1)
	}
	if err := watchHost(child); err != nil {
		fmt.Fprintf(stderr, "the adapter of %s: %v\n", d.Manifest.Name, err)
		os.Exit(1)
	}
	plugins.ServeAdapter(plugins.Adapter{Manifest: d.Manifest, Open: child.open, Load: child.load})
}

var errHostGone = errors.New("the workbench is gone")

// watchHost puts a pipe in the place of standard input, whose end tells
// plugins.Serve that the host is gone: first the program has to go.
func watchHost(child *Child) error {
	lifeline := os.Stdin
	in, out, err := os.Pipe()
	if err != nil {
		return err
	}
	os.Stdin = in
	go func() {
		io.Copy(io.Discard, lifeline)
		child.fail(errHostGone)
		<-child.over // this process ends before
		out.Close()
	}()
	return nil
}
