package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/gorilla/websocket"
)

// What users might pick instead: programs of others, where they are installed.

var errNotInstalled = errors.New("not installed")

// startWebsockify gives it the targets by name, since it has no handshake to
// be told them.
func startWebsockify(ctx context.Context, dir string, s *servers) (*process, error) {
	var targets strings.Builder
	for _, t := range s.forBytes() {
		fmt.Fprintf(&targets, "%s: %s\n", websockifyToken(t), t)
	}
	file := filepath.Join(dir, "websockify.targets")
	if err := os.WriteFile(file, []byte(targets.String()), 0o600); err != nil {
		return nil, err
	}
	return startOther(ctx, func(address string) *exec.Cmd {
		return exec.Command("websockify", "--token-plugin", "TokenFile", "--token-source", file, address)
	})
}

// websockifyToken names a target in a file where a colon ends the name.
func websockifyToken(target string) string { return strings.ReplaceAll(target, ":", "-") }

// startWebsocat starts a process for each target: it has one.
func startWebsocat(ctx context.Context, s *servers) (*process, error) {
	var first *process
	for _, target := range s.forBytes() {
		p, err := startOther(ctx, func(address string) *exec.Cmd {
			return exec.Command("websocat", "--binary", "--exit-on-eof", "ws-l:"+address, "tcp:"+target)
		})
		switch {
		case err != nil && first != nil:
			first.stop()
			return nil, err
		case err != nil:
			return nil, err
		case first == nil:
			first = p
			p.targets = map[string]string{}
		default:
			first.others = append(first.others, p)
		}
		first.targets[target] = p.url
	}
	return first, nil
}

// startTtyd has it run nc on a terminal that changes no byte, for each session.
func startTtyd(ctx context.Context) (*process, error) {
	p, err := startOther(ctx, func(address string) *exec.Cmd {
		host, port, _ := strings.Cut(address, ":")
		return exec.Command("ttyd", "--interface", host, "--port", port, "--writable", "--url-arg",
			"sh", "-c", `stty raw -echo; exec nc "$0" "$1"`)
	})
	if err == nil {
		p.url += "ws"
	}
	return p, err
}

// openTerminal begins a session of ttyd's protocol, and skips what it says of
// itself: a title and preferences.
func openTerminal(s *session) error {
	err := s.WriteMessage(websocket.BinaryMessage, []byte(`{"AuthToken":"","columns":80,"rows":24}`))
	if err == nil {
		_, _, err = s.receive(2, 0)
	}
	if err != nil {
		s.drop()
	}
	return err
}

// subprotocols is what the system wants to be asked for.
func (system *system) subprotocols() []string {
	if system.terminal {
		return []string{"tty"}
	}
	return nil
}

// startOther starts a command that listens at a free address, and waits until
// it does.
func startOther(ctx context.Context, command func(address string) *exec.Cmd) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	p, err := startProcess(command(address), "ws://"+address+"/", nil)
	if err != nil {
		return nil, err
	}
	return p, ready(ctx, p, address)
}
