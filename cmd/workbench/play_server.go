package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
)

type playServerOptions struct {
	listen     string
	fast       bool
	onMismatch string
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
		Use:   "server [flags] FILE",
		Short: "Answer clients as the recorded server did",
		Long: `play server listens, waits for what the recorded client sent, and answers as the
recorded server did, to any number of clients at once. What a client says
otherwise is told on standard error, with the line of the transcript, what was
expected and what came. A connection on which nothing is said is no client.

It speaks TCP, and with --tls TLS, whatever the session was recorded over. The
certificate is made for localhost, unless --tls-cert names one; its fingerprint
is printed, by which play client --tls-verify takes it.

Exit codes:
  0  it was stopped, or with --once has served a client
  1  with --verify: a client said something else, or broke off
  2  it could not be played: the file is no transcript (told as file:line: what
     was expected), or the address is taken`,
		Example: `  workbench play server walk.golden
  workbench play server --listen 127.0.0.1:2525 --fast smtp.golden
  workbench play server --tls --tls-alpn h2 walk.golden
  workbench play server --on-mismatch continue walk.golden    tell, and answer all the same
  workbench play server --once --verify --ready-file ready --listen 127.0.0.1:0 walk.golden
                                                              test a client: its address is in the file`,
		Args: oneTranscript,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.onMismatch != mismatchClose && o.onMismatch != mismatchContinue {
				return &exitCode{exitUnusable, fmt.Errorf("--on-mismatch %s: it must be close or continue", o.onMismatch)}
			}
			return playServer(cmd.Context(), o, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.SetFlagErrorFunc(playFlagError)
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:4001", "address to listen on; port 0 picks a free one")
	f.BoolVar(&o.fast, "fast", false, "leave the recorded pauses out")
	f.StringVar(&o.onMismatch, "on-mismatch", mismatchClose, "what a client gets that says something else: close, or continue")
	f.BoolVar(&o.once, "once", false, "end when the first client was served")
	f.BoolVar(&o.verify, "verify", false, "exit with code 1 if any client said something else, or broke off")
	f.StringVar(&o.readyFile, "ready-file", "", "write the address to `FILE` as soon as clients can connect")
	o.tls.add(f)
	f.BoolVar(&o.asJSON, "json", false, "print one JSON object for each thing that happens, a line each")
	return cmd
}

// playServer plays the server until ctx ends, or one client was served.
func playServer(ctx context.Context, o playServerOptions, path string, stdout, stderr io.Writer) error {
	script, _, err := loadScript(path, stderr)
	if err != nil {
		return err
	}
	config, fingerprint, err := o.tls.config()
	if err != nil {
		return &exitCode{exitUnusable, err}
	}
	listener, err := listenLoopback(o.listen, "--listen")
	if err != nil {
		return &exitCode{exitUnusable, err}
	}
	defer listener.Close()
	p := &playPrinter{playServerOptions: o, stdout: stdout, stderr: stderr, mismatches: map[string]int{}}
	p.listening(path, listener.Addr(), fingerprint)
	if o.readyFile != "" {
		if err := writeReady(o.readyFile, listener.Addr()); err != nil {
			return &exitCode{exitUnusable, fmt.Errorf("--ready-file: %w", err)}
		}
	}
	server := play.Server{Script: script, Fast: o.fast, TLS: config, Once: o.once, Mismatch: p.mismatch, Ended: p.ended}
	if err := server.Serve(ctx, listener); err != nil {
		return &exitCode{exitUnusable, fmt.Errorf("no more clients can be taken: %w", err)}
	}
	if o.verify && p.different+p.failed > 0 {
		return &exitCode{code: exitDifferent}
	}
	return nil
}

// writeReady writes the address to a file, as one step: who finds the file finds
// the whole address in it.
func writeReady(path string, address net.Addr) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".ready-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // when it was not renamed
	_, err = fmt.Fprintln(f, address)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// The results of a client's talk.
const resultFailed = "failed" // beside resultSame and resultDifferent

// playEvent is a line of --json. docs/play.md documents it.
type playEvent struct {
	Event   string `json:"event"` // listening, mismatch or ended
	Address string `json:"address,omitempty"`
	// Fingerprint is of the certificate: SHA-256, 64 hex digits.
	Fingerprint string `json:"fingerprint,omitempty"`
	Client      string `json:"client,omitempty"`
	File        string `json:"file,omitempty"`
	Line        int    `json:"line,omitempty"`
	Offset      *int64 `json:"offset,omitempty"`
	Want        string `json:"want,omitempty"`
	Got         string `json:"got,omitempty"`
	Result      string `json:"result,omitempty"`
	Mismatches  *int   `json:"mismatches,omitempty"`
	Error       string `json:"error,omitempty"`
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
func (p *playPrinter) listening(path string, address net.Addr, fingerprint string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := ""
	if fingerprint != "" {
		known = "Its certificate: --tls-verify sha256:" + fingerprint + "\n"
	}
	p.print(playEvent{Event: "listening", Address: address.String(), File: path, Fingerprint: fingerprint}, p.stdout,
		fmt.Sprintf("Playing the server of %s on %s\n%sPress Ctrl-C to stop.\n", core.Printable(path), address, known))
}

// mismatch tells of a mismatch, and says whether to go on behind it.
func (p *playPrinter) mismatch(client net.Addr, m *play.Mismatch) (goOn bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mismatches[client.String()]++
	p.print(playEvent{Event: "mismatch", Client: client.String(), File: m.File, Line: m.Line, Offset: &m.Offset, Want: m.Want, Got: m.Got}, p.stderr,
		fmt.Sprintf("client %s: %s\n", client, under(m.Error())))
	return p.onMismatch == mismatchContinue
}

// ended counts a talk, and tells how it ended: people, if it broke off.
func (p *playPrinter) ended(client net.Addr, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	count := p.mismatches[client.String()]
	delete(p.mismatches, client.String())
	e := playEvent{Event: "ended", Client: client.String(), Result: resultSame, Mismatches: &count}
	words := ""
	var m *play.Mismatch
	switch {
	case err != nil && !errors.As(err, &m):
		p.failed++
		e.Result, e.Error = resultFailed, err.Error()
		words = fmt.Sprintf("client %s: %s\n", client, under(err.Error()))
	case count > 0:
		p.different++
		e.Result = resultDifferent
	}
	p.print(e, p.stderr, words)
}
