package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/loopback"
	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/room"
	"github.com/protocol-workbench/workbench/core/target"
)

// practiceOptions are what the flags of practice say.
type practiceOptions struct {
	listen   string // of the only server; "": each at its usual port
	seed     string
	lenient  bool
	fragment bool
	slow     bool
	closing  string
	verbose  bool
}

func newPracticeCommand() *cobra.Command {
	var o practiceOptions
	cmd := &cobra.Command{
		Use:   "practice [NAME...]",
		Short: "Run servers to practise on, without the Internet",
		Long: "practice runs small servers on this machine: a web site, mail by SMTP, POP3 and IMAP,\n" +
			"files by FTP, Redis's words, DNS, MQTT, and toys. What they share, such as mailboxes, is\n" +
			"made up, and forgotten in the end; nothing leaves this machine. Without names it runs\n" +
			"all of them.\n\n" +
			"The servers are strict: a line that ends in LF alone is refused, in words that say\n" +
			"where it did. See docs/practice.md.",
		Example: "  workbench practice\n" +
			"  workbench practice smtp pop3\n" +
			"  workbench practice http --listen 127.0.0.1:8080\n" +
			"  workbench practice http --fragment          answers come a byte at a time\n" +
			"  workbench practice smtp --closing cut       the first answer breaks off\n" +
			"  workbench practice --lenient                LF alone ends a line, too",
		RunE: func(cmd *cobra.Command, args []string) error {
			log := newLog(cmd.ErrOrStderr(), o.verbose)
			servers, err := chosenServers(args)
			if err != nil {
				return err
			}
			if o.listen != "" && len(servers) != 1 {
				return fmt.Errorf("--listen is for one server; name it, as in: workbench practice http --listen %s", o.listen)
			}
			choices, err := o.choices()
			if err != nil {
				return err
			}
			shared, _, err := newRoom()
			if err != nil {
				return err
			}
			shared.ActiveFTP = true // its clients are programs of this machine
			var running sync.WaitGroup
			defer running.Wait()
			ctx, stop := context.WithCancel(cmd.Context())
			defer stop()
			all, err := servePractice(ctx, shared, servers, choices, o.listen, log, &running)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tADDRESS\tLINE MODE\t")
			for _, s := range all {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, s.Target, s.Mode, s.Summary)
			}
			w.Flush()
			fmt.Fprintln(cmd.OutOrStdout(), "Press Ctrl-C to stop.")
			<-ctx.Done()
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "", "`ADDRESS` of the only server named, HOST:PORT on this machine (default: each has a port of its own, or a free one where that is taken)")
	flags.StringVar(&o.seed, "seed", "", "derive names and numbers that differ between students from `WORD`")
	flags.BoolVar(&o.lenient, "lenient", false, "take LF alone as the end of a line")
	flags.BoolVar(&o.fragment, "fragment", false, "send answers a byte at a time")
	flags.BoolVar(&o.slow, "slow", false, "send answers slowly, in pieces")
	flags.StringVar(&o.closing, "closing", "", "end the first answer in a `WAY`: half-close (send no more, read on), reset, or cut (in the middle)")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "log more")
	return cmd
}

func (o practiceOptions) choices() (room.Choices, error) {
	if len(o.seed) > core.MaxOptionValue {
		return room.Choices{}, fmt.Errorf("--seed has %d bytes; at most %d fit", len(o.seed), core.MaxOptionValue)
	}
	closing, err := practice.ParseClosing(o.closing)
	if err != nil {
		return room.Choices{}, fmt.Errorf("--closing: %w", err)
	}
	return room.Choices{Seed: o.seed, Lenient: o.lenient, Manner: practice.Manner{Fragment: o.fragment, Slow: o.slow, Closing: closing}}, nil
}

// chosenServers returns the servers of those names, all for none.
func chosenServers(names []string) (servers []room.Server, err error) {
	if len(names) == 0 {
		return room.Servers(), nil
	}
	seen := map[string]bool{}
	for _, name := range names {
		s, err := room.Find(name)
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, fmt.Errorf("%s is named twice", name)
		}
		seen[name] = true
		servers = append(servers, s)
	}
	return servers, nil
}

// practising is a practice server that runs.
type practising struct {
	gateway.Practice
	at net.Addr
}

// allow has a policy take a practice server that runs for one. Of UDP only the one address
// is known to be the server's.
func (p practising) allow(policy target.Policy) target.Policy {
	if u, ok := p.at.(*net.UDPAddr); ok {
		at := u.AddrPort()
		return policy.PracticeByUDP(netip.AddrPortFrom(at.Addr().Unmap(), at.Port()))
	}
	return policy.Practice(loopbacks(p.at)...)
}

// servePractice serves the servers of a room on this machine until ctx ends; running
// counts what serves them. Those whose port is taken get a free one.
func servePractice(ctx context.Context, r *room.Room, servers []room.Server, choices room.Choices, listen string, log *slog.Logger, running *sync.WaitGroup) (all []practising, err error) {
	for _, s := range servers {
		l, taken, err := loopback.Open(listen, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), s.Port).String())
		var why *loopback.Error
		switch {
		case errors.As(err, &why):
			return nil, command.ExplainListen(why, "--listen")
		case err != nil:
			return nil, err
		}
		if taken != nil {
			log.Info("another program has a practice server's port, so a free one takes its place", "server", s.Name, "taken", strconv.Itoa(int(s.Port)), "address", l.Addr().String())
		}
		converse, err := r.Conversation(s, choices)
		if err != nil {
			l.Close()
			return nil, err
		}
		datagrams := listenDatagrams(l.Addr(), s, choices, log)
		all = append(all, practising{gateway.Practice{Name: s.Name, Target: l.Addr().String(), Mode: s.Mode, Summary: s.Summary}, l.Addr()})
		running.Go(func() {
			if err := practice.Serve(ctx, l, log, converse); err != nil {
				log.Error("a practice server stopped", "server", s.Name, "reason", err.Error())
			}
		})
		if datagrams == nil {
			continue
		}
		all = append(all, practising{gateway.Practice{Name: s.Name + "-udp", Target: "udp://" + l.Addr().String(), Mode: s.Name, Summary: "the same over UDP, a message in each datagram"}, datagrams.LocalAddr()})
		running.Go(func() {
			if err := practice.ServeDatagrams(ctx, datagrams, log, s.Datagrams(choices)); err != nil {
				log.Error("a practice server stopped", "server", s.Name, "reason", err.Error())
			}
		})
	}
	return all, nil
}

// listenDatagrams listens for a server's datagrams, at the port that it has for
// connections, so that one address is good for both; nil: it has no UDP, or another
// program has that port.
func listenDatagrams(at net.Addr, s room.Server, choices room.Choices, log *slog.Logger) net.PacketConn {
	if s.Datagrams(choices) == nil {
		return nil
	}
	conn, err := net.ListenPacket("udp", at.String())
	if err != nil {
		log.Warn("a practice server is reached by TCP alone", "server", s.Name, "reason", err.Error())
		return nil
	}
	return conn
}

// servePractices serves the practice servers beside the echo server.
func servePractices(ctx context.Context, r *room.Room, log *slog.Logger, running *sync.WaitGroup) ([]practising, error) {
	beside := slices.DeleteFunc(room.Servers(), func(s room.Server) bool { return s.Name == "echo" })
	return servePractice(ctx, r, beside, room.Choices{}, "", log, running)
}

// newRoom returns a room whose servers of mail and files offer STARTTLS, with the certificate
// that they show. It is made for this process alone.
func newRoom() (*room.Room, *target.Credential, error) {
	own, err := target.SelfSigned("workbench practice")
	if err != nil {
		return nil, nil, fmt.Errorf("make a certificate for the practice servers: %w", err)
	}
	r := room.New()
	r.TLS = &tls.Config{Certificates: []tls.Certificate{own.Pair()}, MinVersion: target.DefaultMin}
	return r, own, nil
}

// practiseWithin returns what connects to a server of a room within this process, and
// trusts the certificate that it shows after STARTTLS; ctx and running are as of
// servePractice.
func practiseWithin(ctx context.Context, r *room.Room, shows *target.Credential, dialer *target.Dialer, running *sync.WaitGroup) func(context.Context, string, string, map[string]string) (gateway.Server, error) {
	return func(_ context.Context, name, seed string, with map[string]string) (gateway.Server, error) {
		s, err := room.Find(name)
		if err != nil {
			return nil, err
		}
		choices, err := room.ChoicesFor(seed, with)
		if err != nil {
			return nil, err
		}
		conn, doors, err := r.Dial(ctx, s, choices, running)
		if err != nil {
			return nil, err
		}
		p := &practised{doors: doors, over: func(tcp *net.TCPConn) *target.Conn {
			server := dialer.Over(tcp, "a practice server of this workbench")
			server.MayUpgrade(dialer, target.Target{Host: "localhost"}, target.Security{Verify: target.ByCA, CA: shows})
			return server
		}}
		p.Conn = p.over(conn)
		return p, nil
	}
}

// listed returns them as the page lists them.
func listed(all []practising) (list []gateway.Practice) {
	for _, s := range all {
		list = append(list, s.Practice)
	}
	return list
}

// listenEcho listens for the practice server; nil: it is off.
func listenEcho(address string, log *slog.Logger) (net.Listener, error) {
	if address == "off" {
		return nil, nil
	}
	return command.Listen(address, echoAddress, "--echo-listen", log)
}

// startEcho starts the practice server and returns its address, or "" when it
// is off.
func startEcho(ctx context.Context, listener net.Listener, log *slog.Logger, running *sync.WaitGroup) string {
	if listener == nil {
		return ""
	}
	e := &practice.Echo{Log: log}
	running.Go(func() {
		if err := e.Serve(ctx, listener); err != nil {
			log.Error("the practice echo server stopped", "reason", err.Error())
		}
	})
	return listener.Addr().String()
}
