package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/settings"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/loopback"
)

// A verdict is how grave a finding is.
type verdict string

// The verdicts.
const (
	isOK      verdict = "ok"
	isNote    verdict = "note"    // good to know
	isProblem verdict = "problem" // something will not work, or is not safe
)

// finding is what doctor found out about one thing.
type finding struct {
	Of      string  `json:"of"`
	Verdict verdict `json:"verdict"`
	Found   string  `json:"found"`
	Do      string  `json:"do,omitempty"` // what to do about it
}

// doctorTimeout is how long the plugins may take to start, all together.
const doctorTimeout = time.Minute

func newDoctorCommand() *cobra.Command {
	o := doctorOptions{host: defaultHost}
	var asJSON bool
	cmd := &cobra.Command{
		Use:         "doctor",
		Annotations: map[string]string{settings.Optional: "yes"},
		Short:       "Look at what the workbench needs of this system, and say what to mend",
		Long: `doctor looks at what a workbench needs, and prints a line for each thing: ok, note
(good to know) or problem (something will not work, or is not safe), and what to do.
It makes the state directory and the token if there are none, as serve does, and
starts each plugin once. It uses no network.

The exit status is 0 if nothing is a problem, else 1. With --sandbox=strict, a part
of the sandbox that is missing is a problem, since serve would not start.`,
		Example: "  workbench doctor\n" +
			"  workbench doctor --sandbox=strict --plugin-dir ./bin\n" +
			"  workbench doctor --json",
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.timeout <= 0 {
				return fmt.Errorf("--timeout is %v; it must be more than 0, as in: --timeout %v", o.timeout, doctorTimeout)
			}
			findings := examine(cmd.Context(), o)
			if err := printDiagnosis(cmd.OutOrStdout(), findings, asJSON); err != nil {
				return err
			}
			if problems(findings) > 0 {
				return &command.Exit{Code: 1}
			}
			return nil
		},
	}
	o.host.addPlugins(cmd.Flags())
	cmd.Flags().Var(&o.host.sandbox, "sandbox", "how serve will be told to hold plugin processes back: strict, best-effort or off")
	cmd.Flags().DurationVar(&o.timeout, "timeout", doctorTimeout, "give up on plugins that have not started after `TIME`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the findings as JSON")
	return cmd
}

// doctorOptions are the flags of doctor.
type doctorOptions struct {
	host    hostFlags
	timeout time.Duration // of the starts of all plugins
}

// examine looks at everything.
func examine(ctx context.Context, o doctorOptions) []finding {
	began := time.Now()
	all := []finding{{"version", isOK, version() + " (" + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + ")", ""}}
	all = append(all, examineState()...)
	all = append(all, examinePort("page's port", pageAddress, "--listen"), examinePort("echo server's port", echoAddress, "--echo-listen"))
	all = append(all, examineAccounts(access.New(nil, nil).TellsAccounts()), examineBrowser())
	all = append(all, examineLimits()...)
	all = append(all, examinePlugins(ctx, o)...)
	now := time.Now() // some time has passed
	return append(all, examineClock(now, now.Round(0).Sub(began.Round(0))-now.Sub(began)))
}

func problems(findings []finding) (n int) {
	for _, f := range findings {
		if f.Verdict == isProblem {
			n++
		}
	}
	return n
}

func printDiagnosis(w io.Writer, findings []finding, asJSON bool) error {
	if asJSON {
		return command.PrintJSON(w, map[string]any{"findings": findings, "problems": problems(findings)})
	}
	for _, f := range findings {
		fmt.Fprintf(w, "%-8s %s: %s\n", f.Verdict, f.Of, core.Under(f.Found))
		if f.Do != "" {
			fmt.Fprintf(w, "%8s → %s\n", "", core.Under(f.Do))
		}
	}
	return nil
}

// examinePort tries to listen where serve does if no flag says otherwise.
func examinePort(of, address, flag string) finding {
	l, taken, err := loopback.Open("", address)
	if err == nil {
		l.Close()
	}
	switch {
	case err != nil:
		return finding{of, isProblem, err.Error(), "see that the loopback interface is up, and that this user may listen on it"}
	case taken != nil:
		return finding{of, isNote, taken.Addr.String() + " is taken" + holderOf(taken.Addr.Port()), "serve takes a free port; to have this one, stop that program, or name another with " + flag}
	}
	return finding{of, isOK, address + " is free", ""}
}

func examineAccounts(tells bool) finding {
	if tells {
		return finding{"other accounts", isOK, "are refused: this system tells whose a connection is", ""}
	}
	return finding{"other accounts", isNote, "are refused, and programs of this one too: this system does not tell whose a connection is",
		"give your programs the token that workbench token prints"}
}

// examineBrowser looks for the program of openBrowser.
func examineBrowser() finding {
	opener := "xdg-open"
	switch runtime.GOOS {
	case "darwin":
		opener = "open"
	case "windows":
		opener = "rundll32"
	}
	path, err := exec.LookPath(opener)
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return finding{"browser", isNote, "there is no " + opener + ", so --open opens nothing", "open the page by hand, or install xdg-utils"}
	}
	return finding{"browser", isOK, "--open uses " + path, ""}
}

// maxDrift is by how much the wall clock may run away from the monotonic one
// while doctor looks: what slewing does in that time is far less.
const maxDrift = 200 * time.Millisecond

// examineClock judges what time it is, and by how much the wall clock has run away
// from the monotonic one.
func examineClock(now time.Time, drift time.Duration) finding {
	shown := now.UTC().Format(time.DateTime) + " UTC"
	switch {
	case now.Year() < 2025 || now.Year() > 2100:
		return finding{"clock", isProblem, shown, "set the clock: no certificate is valid now, and recordings are kept by their date"}
	case drift.Abs() > maxDrift:
		return finding{"clock", isNote, fmt.Sprintf("%s; it was set by %v meanwhile", shown, drift.Round(time.Millisecond)),
			"times in recordings are exact; dates of recordings may not be"}
	}
	return finding{"clock", isOK, shown, ""}
}
