package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// classOptions are the flags of class.
type classOptions struct {
	serveOptions
	name string
	noQR bool
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
folder of the class, so that it is the same when you start it again; class end deletes all
of it.`,
		Example: "  workbench class --listen :8000 --plain-http      in a closed room\n" +
			"  workbench class --lessons lessons                with lessons of your own\n" +
			"  workbench class --listen :8443 --tls auto        see workbench ca\n" +
			"  workbench class --class tuesday                  on this machine only, to look at it\n" +
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
	cmd.Flags().BoolVar(&o.noQR, "no-qr", false, "print no QR code")
	cmd.AddCommand(newClassEndCommand(&o.name))
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
	held, err := class.Open(folder)
	if errors.Is(err, class.ErrOpen) {
		return fmt.Errorf("class %s is running already; stop it, or hold another one, as in: --class tuesday", o.name)
	}
	if err != nil {
		return fmt.Errorf("open class %s: %w", o.name, err)
	}
	defer held.Close()
	o.auth, o.practice, o.exposed = authToken, true, true
	o.users, o.folder, o.progress = class.UsersFile(folder), filepath.Join(folder, "transcripts"), filepath.Join(folder, "lessons")
	if !namesPreset(o.policy) {
		o.policy = append(slices.Clip(o.policy), target.Practice.String())
	}
	var join []string
	return serve(ctx, o.serveOptions, serveHooks{
		extend: func(_ *pluginhost.Host, c *gateway.Config) {
			c.Class = held
			c.KeepPoison = func(t *transcript.Transcript) (string, error) {
				return store.KeepPoison(filepath.Join(folder, "poison"), t)
			}
			for _, at := range c.Addresses {
				join = append(join, gateway.JoinAddress(at, held.State().Code))
			}
		},
		tell: func(w io.Writer, reached bool) { tellClass(w, held.State().Code, join, reached, !o.noQR) },
	}, stdout, stderr)
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

func newClassEndCommand(name *string) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "end",
		Short: "Delete a class: its code, its students, and all that they recorded",
		Long: "end deletes the folder of a class, which must not be running: its code, the names of its\n" +
			"students, what they have reached in lessons, and all recordings, the teacher's too.\n" +
			"Nothing of them can be had back.",
		Example: "  workbench class end\n  workbench class end --class tuesday --yes",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			folder, err := classFolder(*name)
			if err != nil {
				return err
			}
			if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("there is no class %s", *name)
			}
			lock, err := class.Lock(folder)
			if errors.Is(err, class.ErrOpen) {
				return fmt.Errorf("class %s is running; stop it first, by Ctrl-C where it was started", *name)
			}
			if err != nil {
				return err
			}
			defer lock.Close()
			if !yes && !confirms(cmd, fmt.Sprintf("Delete class %s, with its students and all recordings, in %s?", *name, core.Printable(folder))) {
				return errors.New("nothing was deleted; answer yes, or add --yes")
			}
			lock.Close() // which some systems want before its folder goes
			if err := os.RemoveAll(folder); err != nil {
				return fmt.Errorf("delete class %s: %w", *name, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Class %s is deleted.\n", *name)
			return nil
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// confirms asks a question on standard error, and reports whether the answer is yes.
func confirms(cmd *cobra.Command, question string) bool {
	fmt.Fprint(cmd.ErrOrStderr(), question, " Type yes: ")
	answer, _ := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 100)).ReadString('\n')
	return strings.EqualFold(strings.TrimSpace(answer), "yes")
}
