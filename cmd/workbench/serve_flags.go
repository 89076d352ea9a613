package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/cmd/workbench/tlsflags"
	"github.com/protocol-workbench/workbench/core/gateway"
)

// Where the page and the practice server are, unless a flag says otherwise.
const (
	pageAddress = "127.0.0.1:8000"
	echoAddress = "127.0.0.1:4000"
)

// The times of flags: what they are by default, and the most that can be asked for.
const (
	defaultKeep  = 10 * time.Minute
	maxKeep      = 24 * time.Hour
	defaultDrain = 5 * time.Second
	maxDrain     = 15 * time.Second
)

// serveOptions are the flags of serve.
type serveOptions struct {
	listen     string   // "": pageAddress, or a free port; see parsePlace
	echoListen string   // "": echoAddress, or a free port; "off": none
	practice   bool     // run the other practice servers, too
	hosts      []string // names and ports by which browsers come, beside the listener's
	open       bool
	verbose    bool
	logFormat  string // text or json
	audit      string // file of the audit log; "": none
	noRecord   bool
	recordMost int64         // MiB of each session's recording
	keep       time.Duration // of sessions without a watcher
	drain      time.Duration // over which sessions end when the workbench stops
	pprof      bool
	folder     string // of transcripts; "": the user's
	// credentials are files of certificates that TLS can be spoken with.
	credentials []string
	keyLog      string   // file for the secrets of TLS with targets; "": none
	allowExec   bool     // programs may be targets
	policy      []string // what may be dialled: rules, and a preset
	proxy       string   // what is dialled through; "": nothing
	lessons     string   // folder of lessons; "": those that the workbench comes with
	auth        string   // who may use it: authToken or authNone
	agents      bool     // agents may use it
	users       string   // file of the users beside the account; "": the account's
	progress    string   // folder of what users have reached in lessons; "": the account's
	exposed     bool     // have the bounds of a workbench that others can reach, wherever it listens

	front  frontFlags // how others reach it
	shared sharedFlags
	oidc   oidcFlags // where they sign in
	host   hostFlags
	bounds boundFlags
}

// add adds the flags.
func (o *serveOptions) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.listen, "listen", "", "`ADDRESS` of the page: HOST:PORT, where port 0 picks a free one; unix:PATH, a Unix socket; or systemd, the socket that systemd passes (default "+pageAddress+", or a free port where that is taken)")
	o.front.add(flags)
	flags.StringVar(&o.echoListen, "echo-listen", "", "`ADDRESS` of the practice echo server, or off (default "+echoAddress+", or a free port where that is taken)")
	flags.BoolVar(&o.practice, "practice", false, "also run the servers of workbench practice, which the page lists")
	flags.StringArrayVar(&o.hosts, "host", nil, "also answer browsers that come by `NAME:PORT`, as through ssh -L 9000:127.0.0.1:8000 by localhost:9000; may be given more than once")
	flags.BoolVar(&o.open, "open", false, "open the page in a browser")
	flags.BoolVar(&o.noRecord, "no-record", false, "record no session")
	flags.Int64Var(&o.recordMost, "max-recording", defaultRecording, "record at most `MIB` MiB of text of each session, in parts of 16 MiB; from 1 to 512")
	flags.DurationVar(&o.keep, "keep", defaultKeep, "keep a session that was opened on the page for `TIME` while no window shows it; 0 ends it with its window, at most 24h")
	flags.DurationVar(&o.drain, "drain", defaultDrain, "end the sessions one after the other over `TIME` when the workbench is told to stop; at most 15s")
	flags.StringVar(&o.folder, "transcripts", "", "keep recordings in folder `DIR` (default: the user's state directory)")
	flags.BoolVar(&o.pprof, "pprof", false, "serve Go's profiles of this process below /debug/pprof/, for go tool pprof")
	flags.StringArrayVar(&o.credentials, "tls-credential", nil, "have certificates to verify servers by, or a client certificate and its key, of `FILE` (PEM) ready for TLS; may be given more than once")
	tlsflags.AddKeyLog(flags, &o.keyLog)
	addPolicy(flags, &o.policy)
	addProxy(flags, &o.proxy)
	addAllowExec(flags, &o.allowExec)
	flags.StringVar(&o.lessons, "lessons", "", "offer the lessons of folder `DIR`, in place of those that the workbench comes with")
	flags.StringVar(&o.auth, "auth", authToken, "who may use the workbench: `MODE` token lets in programs of this account, browsers with a link, and others with a token (see workbench token); none lets in whoever reaches the page")
	flags.StringVar(&o.users, "users", "", "`FILE` of the users beside this account (default: users in the user's state directory; see workbench user)")
	flags.BoolVar(&o.agents, "agents", false, "let in agents, which are programs that speak for a language model, by workbench mcp; with the rights of whose token they have")
	o.shared.add(flags)
	o.oidc.add(flags)
	o.host.add(flags)
	o.bounds.add(flags)
	flags.StringVar(&o.audit, "audit", "", "append a record (JSON) of each dial, each end of a session and each request for what is kept to `FILE`")
	flags.StringVar(&o.logFormat, "log-format", "text", "write the log as `FORMAT` text or json")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "log more")
}

// check reports what is wrong with flags that are numbers or times.
func (o *serveOptions) check() error {
	switch {
	case o.keep < 0 || o.keep > maxKeep:
		return fmt.Errorf("--keep is %v; it must be from 0 to %v, as in: --keep 1h", o.keep, maxKeep)
	case o.recordMost < 1 || o.recordMost > maxRecording:
		return fmt.Errorf("--max-recording is %d; it must be from 1 to %d MiB, as in: --max-recording %d", o.recordMost, maxRecording, defaultRecording)
	case o.drain < 0 || o.drain > maxDrain:
		return fmt.Errorf("--drain is %v; it must be from 0s to %v", o.drain, maxDrain)
	}
	return nil
}

// parseHosts reads what --host names.
func parseHosts(named []string) (hosts []gateway.Host, err error) {
	for _, s := range named {
		h, err := gateway.ParseHost(s)
		if err != nil {
			return nil, fmt.Errorf("--host %w", err)
		}
		hosts = append(hosts, h)
	}
	return hosts, nil
}
