package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/class/results"
	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/register"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/shared"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// classOptions are the flags of class.
type classOptions struct {
	serveOptions
	name        string
	noQR        bool
	deleteAfter string // how long it is kept without being used; "": as before
}

// classDecides are the flags of serve that class sets itself.
func classDecides(flag string) bool {
	return slices.Contains([]string{"practice", "users", "transcripts", "auth"}, flag) || strings.HasPrefix(flag, "oidc-")
}

func newClassCommand() *cobra.Command {
	o := classOptions{serveOptions: serveOptions{host: defaultHost}}
	cmd := &cobra.Command{
		Use:   "class",
		Short: "Hold a class: students join with a code, and need only a browser",
		Long: `class serves the page to a class, with the practice servers and nothing else to dial,
unless --policy says so. It prints your link, and a code and a QR code by which students
join from their browsers, with a name of their own choosing and without an account. Nobody
needs the Internet.

The code, the students, their recordings and what they have reached in lessons stay in a
folder of the class, so that it is the same when you start it again. class results and class
submissions hand out what it has reached; class end deletes all of it.

With --store several workbenches hold one class, and students come to any of them: see
docs/scale.md.`,
		Example: "  workbench class --listen :8000 --plain-http      in a closed room\n" +
			"  workbench class --delete-after 14d               delete it when it was not used for 14 days\n" +
			"  workbench class --lessons lessons                with lessons of your own\n" +
			"  workbench class --listen :8443 --tls auto        see workbench ca\n" +
			"  workbench class --class tuesday                  on this machine only, to look at it\n" +
			"  workbench class --store nats://nats:4222/school  with the other workbenches that are started so\n" +
			"  workbench class end --class tuesday              delete what it left",
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return holdClass(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.PersistentFlags().StringVar(&o.name, "class", "class", "`NAME` of the class, if there is more than one")
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	o.add(flags)
	flags.VisitAll(func(f *pflag.Flag) {
		if !classDecides(f.Name) {
			cmd.Flags().AddFlag(f)
		}
	})
	cmd.Flags().Lookup("policy").Usage = policyUsage(target.Practice)
	cmd.Flags().BoolVar(&o.noQR, "no-qr", false, "print no QR code")
	cmd.Flags().StringVar(&o.deleteAfter, "delete-after", "", "delete the class once it was not used for `TIME`, as in 14d or 36h; kept with the class, and taken back by 0 (looked at when workbench class starts, and each hour while it runs)")
	cmd.AddCommand(newClassEndCommand(&o.name), newClassResultsCommand(&o.name), newClassSubmissionsCommand(&o.name))
	return cmd
}

// classFolder returns the folder of a class.
func classFolder(name string) (string, error) {
	if err := access.CheckName(name); err != nil {
		return "", fmt.Errorf("--class: %w", err)
	}
	state, err := catalog.StateDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(state, "class", name), nil
}

func holdClass(ctx context.Context, o classOptions, stdout, stderr io.Writer) error {
	folder, err := classFolder(o.name)
	if err != nil {
		return err
	}
	deleteAfter, err := parseDeleteAfter(cmp.Or(o.deleteAfter, "0"))
	if err != nil {
		return err
	}
	classes := filepath.Dir(folder)
	deleteDue(classes, stdout, stderr)
	log, err := o.newLog(stderr)
	if err != nil {
		return err
	}
	if o.shared.store != "" {
		if err := mayShare(folder, deleteAfter); err != nil {
			return err
		}
	}
	with, err := o.shared.openFor(ctx, o.name, results.Transcripts(folder), log)
	if err != nil {
		return err
	}
	if with != nil {
		defer letGo(with)
	}
	held, err := openClass(folder, with)
	if err != nil {
		return notHeld(o.name, err)
	}
	defer held.Close()
	if o.deleteAfter != "" {
		if err := held.DeleteAfter(deleteAfter); err != nil {
			return fmt.Errorf("write class %s: %w", o.name, err)
		}
	}
	o.auth, o.practice, o.exposed = authToken, true, true
	o.users, o.folder, o.progress = class.UsersFile(folder), results.Transcripts(folder), results.Progress(folder)
	if !namesPreset(o.policy) {
		o.policy = append(slices.Clip(o.policy), target.Practice.String())
	}
	var join []string
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	err = serve(ctx, o.serveOptions, serveHooks{
		shared: with, over: held.HasEnded,
		extend: func(_ *pluginhost.Host, c *gateway.Config) {
			c.Class, c.EndClass = held, stop
			c.KeepPoison = func(t *transcript.Transcript) (string, error) {
				return store.KeepPoison(filepath.Join(folder, "poison"), t)
			}
			for _, at := range c.Addresses {
				join = append(join, gateway.JoinAddress(at, held.State().Code))
			}
		},
		tell: func(w io.Writer, reached bool) {
			tellClass(w, held.State().Code, join, reached, !o.noQR)
			tellKept(w, held.State().DeleteAfter, time.Now())
		},
		run: func(ctx context.Context, _ *pluginhost.Host) { tend(ctx, held, classes, stdout, stderr) },
	}, stdout, stderr)
	if held.HasEnded() { // and nothing uses its folder any more
		err = errors.Join(err, tellDeleted(stdout, o.name, held.Delete()))
	}
	return err
}

// Kinds of values in which workbenches share the class, and what a student has reached.
const (
	classKind    = "class"
	progressKind = "progress"
)

// openClass opens a class, which others may hold too.
func openClass(folder string, with *shared.Log) (*class.Class, error) {
	if with == nil {
		return class.Open(folder)
	}
	return class.OpenShared(folder, with.Value(classKind, classKind))
}

// mayShare returns why a class cannot be shared that is deleted when it is not used: each
// workbench knows of its own use alone.
func mayShare(folder string, deleteAfter time.Duration) error {
	here, err := class.Read(folder)
	if deleteAfter > 0 || err == nil && here.DeleteAfter > 0 {
		return errKeptElsewhere
	}
	return nil
}

var errKeptElsewhere = errors.New("--delete-after does not work for a class that workbenches share; take it back first, without --store: workbench class --delete-after 0")

// notHeld says why a class cannot be held.
func notHeld(name string, err error) error {
	switch {
	case errors.Is(err, class.ErrOpen):
		return fmt.Errorf("class %s is running already; stop it, or hold another one, as in: --class tuesday", name)
	case errors.Is(err, class.ErrCopy):
		return fmt.Errorf("class %s is held by several workbenches: start it with --store as before, or delete this machine's copy (workbench class end --class %s)", name, name)
	case errors.Is(err, class.ErrOther):
		return fmt.Errorf("class %s of this machine is another one than that of the shared log; delete it here (workbench class end --class %s), or hold another one, as in: --class tuesday", name, name)
	case errors.Is(err, register.ErrUnreachable):
		return fmt.Errorf("class %s: the shared log cannot be reached, and this machine has no copy of the class to begin with; see to the servers of --store, and start it again", name)
	}
	return fmt.Errorf("open class %s: %w", name, err)
}

// tellClass prints how students join.
func tellClass(w io.Writer, code string, join []string, reached, withQR bool) {
	fmt.Fprintln(w, "The link to open the page is the teacher's.")
	for i, at := range join {
		address, _, _ := strings.Cut(at, "?")
		fmt.Fprintf(w, "%s %s\n", [...]string{"Students join at", "or at"}[min(i, 1)], address)
	}
	fmt.Fprintf(w, "with the code %s\n", code)
	switch {
	case !reached:
		fmt.Fprintln(w, "Only this machine can reach that; other machines can with, for example: --listen :8000 --plain-http")
	case withQR && len(join) > 0:
		if err := printQR(w, join[0]); err != nil {
			fmt.Fprintln(w, "There is no QR code:", err)
		}
	}
}
