package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/sandbox"
)

// examinePlugins starts all plugins, and looks at what holds them back.
func examinePlugins(ctx context.Context, o doctorOptions) (all []finding) {
	quiet := slog.New(slog.DiscardHandler) // what matters is found below
	found, problems := findPlugins(o.host.pluginDirs, quiet)
	for _, p := range problems {
		all = append(all, finding{ofPlugin(p.Plugin), isProblem, core.Printable(p.Path + " " + p.What), core.Printable(p.Next)})
	}
	trial := o.host
	if trial.sandbox == sandbox.Strict {
		trial.sandbox = sandbox.BestEffort // which says of each part whether it is there
	}
	trial.timeout = defaultHost.timeout
	host, err := startHost(quiet, trial, found)
	if err != nil {
		return append(all, finding{"plugins", isProblem, err.Error(), "no plugin process can be started"})
	}
	defer stopHost(host)
	box := examineSandbox(host.Sandbox().Report(), o.host.sandbox)

	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	started := 0
	for _, s := range host.Status() {
		if _, err := host.Manifest(ctx, s.Manifest.Name); err != nil {
			all = append(all, finding{ofPlugin(s.Manifest.Name), isProblem, "does not start: " + err.Error(), "mend it, or remove it"})
			continue
		}
		started++
	}
	all = append(all, finding{"plugins", isOK, fmt.Sprintf("%d started, built-in line modes among them", started), ""})
	return append(box, all...)
}

func ofPlugin(name string) string { return strings.TrimSpace("plugin " + core.Printable(name)) }

// examineSandbox judges a report of best-effort by what serve will be told.
func examineSandbox(report []sandbox.Mechanism, mode sandbox.Mode) (all []finding) {
	if mode == sandbox.Off {
		return []finding{{"sandbox", isNote, "is off: plugins have this user's files and network", "run only plugins that you trust"}}
	}
	for _, m := range report {
		f := finding{Of: "sandbox: " + m.Name, Verdict: isOK, Found: "holds"}
		switch {
		case m.State == sandbox.Holds:
			if m.Detail != "" {
				f.Found += " (" + m.Detail + ")"
			}
		case m.State == sandbox.Unknown:
			f.Verdict, f.Found, f.Do = isProblem, "could not be told: "+m.Reason, "plugins are started with it, or not at all; look again when the system is less busy"
		default:
			f.Verdict, f.Found, f.Do = isNote, "is missing: "+m.Reason, "plugins are started without it; see docs/security.md"
			if mode == sandbox.Strict && !m.Optional {
				f.Verdict, f.Do = isProblem, "serve --sandbox=strict will not start; see docs/security.md, or use best-effort"
			}
		}
		all = append(all, f)
	}
	return all
}
