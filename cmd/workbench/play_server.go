package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/play"
)

type playServerOptions struct {
	listen     string
	fast       bool
	onMismatch string
	anyOrder   bool
	once       bool
	verify     bool
	readyFile  string
	asJSON     bool
	tls        serverTLS
}

// The values of --on-mismatch.
const (
	mismatchClose    = "close"
	mismatchContinue = "continue"
)

func newPlayServerCommand() *cobra.Command {
	o := playServerOptions{}
	cmd := &cobra.Command{
		Use:   "server [flags] FILE...",
		Short: "Answer clients as the recorded server did",
		Long: `play server listens, waits for what the recorded client sent, and answers as the
recorded server did, to any number of clients at once. What a client says
otherwise is told on standard error, with the line of the transcript, what was
expected and what came. A connection on which nothing is said is no client.

With --any-order each FILE is one connection, and a client gets the first one not
used yet that fits what it says. As long as several fit, the server says what
they have in common; where they differ in what the server does next, the first
one is taken. When all were used, they are free again.

It speaks TCP, and with --tls TLS, whatever the session was recorded over. The
certificate is made for localhost, unless --tls-cert names one; its fingerprint
is printed, by which play client --tls-verify takes it.

Exit codes:
  0  it was stopped, or with --once has served a client
  1  with --verify: a client said something else, or broke off; with --any-order
     also: a client fitted no recording, or a recording was never played
  2  it could not be played: the file is no transcript (told as file:line: what
     was expected), or the address is taken`,
		Example: `  workbench play server walk.golden
  workbench play server --listen 127.0.0.1:2525 --fast smtp.golden
  workbench play server --tls --tls-alpn h2 walk.golden
  workbench play server --on-mismatch continue walk.golden    tell, and answer all the same
  workbench play server --once --verify --ready-file ready --listen 127.0.0.1:0 walk.golden
                                                              test a client: its address is in the file
  workbench play server --any-order --once --verify a.golden b.golden
                                                              a client with two connections, at once or in any order`,
		Args: func(cmd *cobra.Command, files []string) error {
			if !o.anyOrder {
				return oneTranscript(cmd, files)
			}
			if len(files) == 0 || len(files) > play.MaxPool {
				return &exitCode{exitUnusable, fmt.Errorf("name 1 to %d transcripts, one for each connection, as in: %s --any-order a.golden b.golden", play.MaxPool, cmd.CommandPath())}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.onMismatch != mismatchClose && o.onMismatch != mismatchContinue {
				return &exitCode{exitUnusable, fmt.Errorf("--on-mismatch %s: it must be close or continue", o.onMismatch)}
			}
			return playServer(cmd.Context(), o, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.SetFlagErrorFunc(playFlagError)
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:4001", "address to listen on; port 0 picks a free one")
	f.BoolVar(&o.fast, "fast", false, "leave the recorded pauses out")
	f.StringVar(&o.onMismatch, "on-mismatch", mismatchClose, "what a client gets that says something else: close, or continue")
	f.BoolVar(&o.anyOrder, "any-order", false, "each FILE is one connection; a client gets one that fits what it says")
	f.BoolVar(&o.once, "once", false, "end when the first client was served; with --any-order: as many clients as there are recordings")
	f.BoolVar(&o.verify, "verify", false, "exit with code 1 if any client said something else, or broke off, or with --any-order a recording was never played")
	f.StringVar(&o.readyFile, "ready-file", "", "write the address to `FILE` as soon as clients can connect")
	o.tls.add(f)
	f.BoolVar(&o.asJSON, "json", false, "print one JSON object for each thing that happens, a line each")
	return cmd
}

// playServer plays the server until ctx ends, or all clients were served.
func playServer(ctx context.Context, o playServerOptions, paths []string, stdout, stderr io.Writer) error {
	p := &playPrinter{playServerOptions: o, stdout: stdout, stderr: stderr, mismatches: map[string]int{}}
	server := play.Server{Fast: o.fast, Mismatch: p.mismatch, Ended: p.ended}
	if err := o.load(&server, paths, stderr); err != nil {
		return err
	}
	config, fingerprint, err := o.tls.config()
	if err != nil {
		return &exitCode{exitUnusable, err}
	}
	server.TLS = config
	listener, err := listenLoopback(o.listen, "--listen")
	if err != nil {
		return &exitCode{exitUnusable, err}
	}
	defer listener.Close()
	p.listening(paths, listener.Addr(), fingerprint)
	if o.readyFile != "" {
		if err := writeReady(o.readyFile, listener.Addr()); err != nil {
			return &exitCode{exitUnusable, fmt.Errorf("--ready-file: %w", err)}
		}
	}
	if err := server.Serve(ctx, listener); err != nil {
		return &exitCode{exitUnusable, fmt.Errorf("no more clients can be taken: %w", err)}
	}
	unplayed := 0
	if server.Pool != nil {
		unplayed = p.unplayed(server.Pool.Unplayed())
	}
	if o.verify && p.different+p.failed+unplayed > 0 {
		return &exitCode{code: exitDifferent}
	}
	return nil
}

// load gives the server what it plays.
func (o *playServerOptions) load(server *play.Server, paths []string, stderr io.Writer) error {
	var scripts []*play.Script
	for _, path := range paths {
		script, _, err := loadScript(path, stderr)
		if err != nil {
			return err
		}
		scripts = append(scripts, script)
	}
	if o.once {
		server.Limit = len(scripts)
	}
	if !o.anyOrder {
		server.Script = scripts[0]
		return nil
	}
	var err error
	server.Pool, err = play.NewPool(scripts, o.once)
	return err
}

// writeReady writes the address to a file, as one step: who finds the file finds
// the whole address in it.
func writeReady(path string, address net.Addr) error {
	return plainfile.Write(path, 0o600, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, address)
		return err
	})
}

// The results of a client's talk.
const (
	resultSame      = "same"
	resultDifferent = "different"
	resultFailed    = "failed"
)

// playEvent is a line of --json. docs/play.md documents it.
type playEvent struct {
	Event   string `json:"event"` // listening, mismatch, ended or unplayed
	Address string `json:"address,omitempty"`
	// Fingerprint is of the certificate: SHA-256, 64 hex digits.
	Fingerprint string   `json:"fingerprint,omitempty"`
	Client      string   `json:"client,omitempty"`
	File        string   `json:"file,omitempty"`
	Files       []string `json:"files,omitempty"`
	Nearest     bool     `json:"nearest,omitempty"`
	Line        int      `json:"line,omitempty"`
	Offset      *int64   `json:"offset,omitempty"`
	Want        string   `json:"want,omitempty"`
	Got         string   `json:"got,omitempty"`
	Result      string   `json:"result,omitempty"`
	Mismatches  *int     `json:"mismatches,omitempty"`
	Error       string   `json:"error,omitempty"`
}

// playPrinter tells what happens, and counts. Many goroutines use it at once.
type playPrinter struct {
	playServerOptions
	stdout, stderr io.Writer

	mu         sync.Mutex
	mismatches map[string]int // so far, by the client's address
	different  int            // talks that were
	failed     int            // … that broke off
}

// print prints an event, as words to out where people read. The lock is held.
func (p *playPrinter) print(e playEvent, out io.Writer, words string) {
	if !p.asJSON {
		io.WriteString(out, words)
		return
	}
	enc := json.NewEncoder(p.stdout)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(e) // a closed stdout ends the program by itself
}

// listening tells where clients can connect, and over TLS by which fingerprint
// they know the certificate.
func (p *playPrinter) listening(paths []string, address net.Addr, fingerprint string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := ""
	if fingerprint != "" {
		known = "Its certificate: --tls-verify sha256:" + fingerprint + "\n"
	}
	e := playEvent{Event: "listening", Address: address.String(), File: paths[0], Fingerprint: fingerprint}
	if p.anyOrder {
		e.File, e.Files = "", paths
	}
	p.print(e, p.stdout,
		fmt.Sprintf("Playing the server of %s on %s\n%sPress Ctrl-C to stop.\n", core.Printable(strings.Join(paths, ", ")), address, known))
}

// unplayed tells of recordings that no client had, and returns how many.
func (p *playPrinter) unplayed(files []string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, file := range files {
		p.print(playEvent{Event: "unplayed", File: file}, p.stderr, fmt.Sprintf("%s: never played\n", core.Printable(file)))
	}
	return len(files)
}

// mismatch tells of a mismatch, and says whether to go on behind it.
func (p *playPrinter) mismatch(client net.Addr, m *play.Mismatch) (goOn bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mismatches[client.String()]++
	p.print(playEvent{Event: "mismatch", Client: client.String(), File: m.File, Nearest: m.Nearest, Line: m.Line, Offset: &m.Offset, Want: m.Want, Got: m.Got}, p.stderr,
		fmt.Sprintf("client %s: %s\n", client, core.Under(m.Error())))
	return p.onMismatch == mismatchContinue
}

// ended counts a talk, and tells how it ended: people, if it broke off.
func (p *playPrinter) ended(client net.Addr, file string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	count := p.mismatches[client.String()]
	delete(p.mismatches, client.String())
	e := playEvent{Event: "ended", Client: client.String(), File: file, Result: resultSame, Mismatches: &count}
	words := ""
	var m *play.Mismatch
	switch {
	case err != nil && !errors.As(err, &m):
		p.failed++
		e.Result, e.Error = resultFailed, err.Error()
		words = fmt.Sprintf("client %s: %s\n", client, core.Under(err.Error()))
	case count > 0:
		p.different++
		e.Result = resultDifferent
	}
	p.print(e, p.stderr, words)
}
