package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/gateway"
)

// The modes of serve --auth.
const (
	authToken = "token"
	authNone  = "none"
)

// door is what decides who may use the workbench.
type door struct {
	gate   *access.Gate // nil: nothing does
	key    *access.Key  // nil: none
	origin string       // the page's own name; "": all names of this machine
}

// openDoor opens the door of serve --auth and --users.
func openDoor(mode, users string, log *slog.Logger) (door, error) {
	switch mode {
	case authNone:
		log.Warn("--auth none: every account of this machine can use this workbench, and read what it records")
		return door{}, nil
	case authToken, "":
	default:
		return door{}, fmt.Errorf("--auth is %q; it must be %s or %s", mode, authToken, authNone)
	}
	key, err := openKey()
	if err != nil {
		log.Warn("no token: only programs of this account can use this workbench, and no browser", "reason", err.Error())
	}
	list, err := openUsers(users)
	if err != nil {
		return door{}, err
	}
	origin, err := openOrigin()
	if err != nil {
		log.Warn("the page has no name of its own", "reason", err.Error())
	}
	gate := access.New(key, list)
	if !gate.TellsAccounts() {
		log.Info("this system does not tell whose a connection is: programs have to show the token, see workbench token")
	}
	return door{gate, key, origin}, nil
}

// pages returns the addresses at which browsers have the page, given those at which the
// workbench is reached.
func (d door) pages(at []string) (all []string) {
	for _, a := range at {
		u, err := url.Parse(a)
		if err != nil || u.Host == "" {
			continue
		}
		u.Host = pageHost(u.Host, d.origin)
		all = append(all, u.String())
	}
	return all
}

// link returns the address of the page, given one at which the workbench is reached,
// with a code that lets one browser in; "": there is none, or nobody needs it.
func (d door) link(at string) string {
	u, err := url.Parse(at)
	if d.gate == nil || err != nil || u.Host == "" {
		return ""
	}
	u.Host = pageHost(u.Host, d.origin)
	u.Path = "/"
	if code, err := d.key.NewCode(nil); err == nil {
		u.RawQuery = "code=" + code
	}
	return u.String()
}

// hosts adds the page's own name to the names of this machine at which a tunnel leads
// here: links go by it there too.
func (d door) hosts(named []gateway.Host) []gateway.Host {
	all := slices.Clone(named)
	for _, h := range named {
		if own, err := gateway.ParseHost(pageHost(h.String(), d.origin)); err == nil && !slices.Contains(all, own) {
			all = append(all, own)
		}
	}
	return all
}

// printable returns the link, or what to do where the system keeps what is printed.
func printable(link string) string {
	if os.Getenv("JOURNAL_STREAM") != "" { // systemd.exec(5)
		return "workbench token link prints a link for a browser"
	}
	return link
}

// pageHost returns the host by which browsers reach the page at an address: the page's
// own name, where that is of this machine.
func pageHost(at, origin string) string {
	host, port, err := net.SplitHostPort(at)
	if err != nil || origin == "" {
		return at
	}
	addr, err := netip.ParseAddr(host)
	if err == nil && isLocalhost(addr) || strings.EqualFold(host, "localhost") {
		return net.JoinHostPort(origin, port)
	}
	return at
}

// isLocalhost reports whether browsers come to an address by a name below localhost. They do
// not to 127.0.0.2.
func isLocalhost(addr netip.Addr) bool {
	return addr.Unmap() == netip.AddrFrom4([4]byte{127, 0, 0, 1}) || addr == netip.IPv6Loopback()
}

// inState opens something in the user's state directory.
func inState[T any](open func(folder string) (T, error)) (T, error) {
	state, err := catalog.StateDir()
	if err != nil {
		var none T
		return none, err
	}
	return open(state)
}

func openKey() (*access.Key, error) { return inState(access.OpenKey) }
func openOrigin() (string, error)   { return inState(access.OpenOrigin) }

func newTokenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print the token of this workbench, or a link for a browser",
		Long: "Programs of this account use its workbench without a token. A program of another\n" +
			"account of this machine sends what token prints in the header Authorization: Bearer\n" +
			"TOKEN, and a browser opens what token link prints. Whoever has one can do all that\n" +
			"you can do with the workbench; see workbench user for people who should not.",
		Example: "  workbench token\n" +
			"  workbench token link          for a browser, once, within ten minutes\n" +
			"  workbench token rotate        forget all of them",
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := openKey()
			if err != nil {
				return err
			}
			token, err := key.Token()
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), token)
			return nil
		},
	}
	cmd.AddCommand(newTokenLinkCommand(), newTokenRotateCommand())
	return cmd
}

// printLink prints a link to a running workbench for a user; nil: the account itself.
func printLink(cmd *cobra.Command, at string, user *access.User) error {
	scheme, host, named := strings.Cut(at, "://")
	if !named {
		scheme, host = "http", at
	}
	if scheme != "http" && scheme != "https" {
		return fmt.Errorf("--at is %q; it must be an address, as in: --at https://192.168.1.5:8443", at)
	}
	_, err := gateway.ParseHost(host)
	if err != nil && named {
		_, err = gateway.ParseHost(host + ":443") // as the start prints it where that is the port
	}
	if err != nil {
		return fmt.Errorf("--at %w", err)
	}
	key, err := openKey()
	if err != nil {
		return err
	}
	origin, err := openOrigin()
	if err != nil {
		return err
	}
	code, err := key.NewCode(user)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s://%s/?code=%s\n", scheme, pageHost(host, origin), code)
	return nil
}

func newTokenLinkCommand() *cobra.Command {
	at := pageAddress
	cmd := &cobra.Command{
		Use:   "link",
		Short: "Print a link that lets one browser in",
		Long: "link prints a link to the page of a running workbench of this account. It lets one\n" +
			"browser in, once, within ten minutes; that browser is known until token rotate.",
		Example: "  workbench token link\n  workbench token link --at 127.0.0.1:9000\n  workbench token link --at https://192.168.1.5:8443",
		Args:    command.NoArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return printLink(cmd, at, nil) },
	}
	cmd.Flags().StringVar(&at, "at", at, "`ADDRESS` of the page; with https:// where it has TLS")
	return cmd
}

func newTokenRotateCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "rotate",
		Short:   "Make a new token, and forget the browsers and programs with the old one",
		Long:    "rotate makes a new token. What was let in by the old one, or by a link, is refused from\nnow on, also by a workbench that is running. Sessions that are open go on.",
		Example: "  workbench token rotate",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := openKey()
			if err != nil {
				return err
			}
			if err := key.Rotate(); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "The old token is not valid any more.")
			return nil
		},
	}
}
