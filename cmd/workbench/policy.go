package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/target"
)

// addPolicy adds the flag of what may be dialled.
func addPolicy(flags *pflag.FlagSet, words *[]string) {
	flags.StringArrayVar(words, "policy", nil, policyUsage(target.Local))
}

// policyUsage describes --policy where it is preset otherwise.
func policyUsage(otherwise target.Preset) string {
	return fmt.Sprintf("what may be dialled: a `RULE` such as \"deny 10.0.0.0/8\" or \"allow db.example.com:5432\", or what no rule decides: local (anything), public (nothing private) or practice; may be given more than once, and the first rule that matches decides (default %s)", otherwise)
}

func readPolicy(words []string) (target.Policy, error) {
	p, err := target.NewPolicy(words)
	if err != nil {
		return target.Policy{}, fmt.Errorf("--policy: %w", err)
	}
	return p, nil
}

func addProxy(flags *pflag.FlagSet, proxy *string) {
	flags.StringVar(proxy, "proxy", "", "dial targets through the proxy at `URL`, socks5://[USER:PASSWORD@]HOST:PORT or http://…, unless they are written as this machine's; socks5h:// and httph:// leave names to it")
}

// readProxy reads --proxy. What resolves names itself makes rules about addresses
// worthless.
func readProxy(s string, policy target.Policy) (p target.Proxy, err error) {
	if s == "" {
		return p, nil
	}
	if p, err = target.ParseProxy(s); err != nil {
		return p, fmt.Errorf("--proxy: %w", err)
	}
	if p.Resolves() && !policy.AllowsUnresolved() {
		return p, fmt.Errorf("--proxy %s leaves names to the proxy, and --policy is about addresses: let the workbench resolve them, with socks5:// or http://, or allow everything with --policy local alone", p)
	}
	return p, nil
}

// loopbacks returns the addresses of a listener of TCP. One of package loopback shares
// the name localhost with nobody.
func loopbacks(addr net.Addr) []netip.AddrPort {
	at := addr.(interface{ AddrPort() netip.AddrPort }).AddrPort()
	all := []netip.AddrPort{netip.AddrPortFrom(at.Addr().Unmap(), at.Port())}
	if !all[0].Addr().IsLoopback() {
		return all
	}
	for _, a := range []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()} {
		if all[0].Addr() != a {
			all = append(all, netip.AddrPortFrom(a, at.Port()))
		}
	}
	return all
}

func newPolicyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Show what a policy of targets allows",
		Long: "serve --policy says what may be dialled. policy test shows what such a policy\n" +
			"decides, and by which rule.",
		Example: "  workbench policy test --policy public example.com:80 127.0.0.1:80",
		Args:    command.NoArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPolicyTestCommand())
	return cmd
}

func newPolicyTestCommand() *cobra.Command {
	var words []string
	cmd := &cobra.Command{
		Use:   "test TARGET...",
		Short: "Look targets up, and show which of their addresses may be dialled",
		Long: "test looks each target up and prints a line for each of its addresses: whether a\n" +
			"workbench with this policy dials it, and what decides. Nothing is dialled. The\n" +
			"exit status is 0 if all may be dialled, 1 if not, 2 if that cannot be told.",
		Example: "  workbench policy test --policy public example.com:80 10.0.0.1:80\n" +
			"  workbench policy test --policy 'allow 10.0.0.0/8:5432' --policy public db.internal:5432",
		Args: command.Wants(1, math.MaxInt, "name a target or more"),
		RunE: func(cmd *cobra.Command, targets []string) error {
			policy, err := readPolicy(words)
			if err != nil {
				return err
			}
			all := true
			for _, s := range targets {
				allowed, err := testPolicy(cmd.Context(), cmd.OutOrStdout(), policy, s)
				if err != nil {
					return err
				}
				all = all && allowed
			}
			if !all {
				return &command.Exit{Code: 1}
			}
			return nil
		},
	}
	addPolicy(cmd.Flags(), &words)
	return command.Telling(cmd)
}

// testPolicy prints what the policy decides about one target, and reports whether
// all of its addresses may be dialled.
func testPolicy(ctx context.Context, w io.Writer, policy target.Policy, s string) (allowed bool, err error) {
	t, err := target.Parse(s)
	if err != nil {
		return false, err
	}
	if t.Listens() {
		return false, fmt.Errorf("%s is waited for, and not dialled: no policy is asked about it, but only teachers and this account may wait, at addresses of this machine alone", t)
	}
	if t.IsLocal() {
		d := policy.DecideLocal(t)
		fmt.Fprintf(w, "%s: %s %s\n", t, decided(d), d.By)
		return d.Allowed, nil
	}
	ctx, cancel := context.WithTimeout(ctx, target.DefaultTimeout)
	defer cancel()
	addrs, err := new(target.Dialer).Resolve(ctx, t)
	if err != nil {
		return false, err
	}
	allowed = true
	for _, a := range addrs {
		d := policy.Decide(t, a)
		allowed = allowed && d.Allowed
		if t.Host == a.String() {
			fmt.Fprintf(w, "%s: %s %s\n", t, decided(d), d.By)
			continue
		}
		fmt.Fprintf(w, "%s at %s: %s %s\n", t, a, decided(d), d.By)
	}
	return allowed, nil
}

func decided(d target.Decision) string {
	if d.Allowed {
		return "allowed by"
	}
	return "denied by"
}
