package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// system is one gateway that is measured.
type system struct {
	name      string // as -systems takes it
	title     string // as the table shows it
	lines     bool   // can split and end lines
	raw       bool   // can pass bytes as they are
	handshake bool   // is told its target by the first message, and answers SUCC
	modes     bool   // takes ?mode=
	slow      int64  // by how much less work it is given, at least 1
	start     func(ctx context.Context) (*process, error)
}

const (
	workbenchName  = "workbench"
	unrecordedName = "unrecorded"
	lineName       = "line"
	copyName       = "copy"
	websockifyName = "websockify"
)

var systemNames = []string{workbenchName, lineName, copyName, unrecordedName, websockifyName}

// allSystems lists the systems by the order of the table's columns. binary is
// the workbench, dir a folder for what they need.
func allSystems(binary, dir string, s *servers) []*system {
	return []*system{
		{
			name: workbenchName, title: "workbench",
			lines: true, raw: true, handshake: true, modes: true, slow: 1,
			start: func(ctx context.Context) (*process, error) { return startWorkbench(ctx, binary, dir) },
		},
		{
			name: lineName, title: "(a) line", lines: true, handshake: true, slow: 1,
			start: func(context.Context) (*process, error) { return startBaseline("line") },
		},
		{
			name: copyName, title: "(b) copy", raw: true, handshake: true, slow: 1,
			start: func(context.Context) (*process, error) { return startBaseline("copy") },
		},
		{
			name: unrecordedName, title: "(c) --no-record",
			lines: true, raw: true, handshake: true, modes: true, slow: 1,
			start: func(ctx context.Context) (*process, error) { return startWorkbench(ctx, binary, dir, "--no-record") },
		},
		{
			name: websockifyName, title: "websockify", raw: true, slow: 8,
			start: func(ctx context.Context) (*process, error) { return startWebsockify(ctx, dir, s) },
		},
	}
}

// buildWorkbench builds the workbench into dir and returns the binary's path.
func buildWorkbench(ctx context.Context, dir string) (string, error) {
	const pkg = "github.com/protocol-workbench/workbench/cmd/workbench"
	binary := filepath.Join(dir, "workbench.exe") // the ending matters on one system and harms on none
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, pkg).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("the workbench does not build, so there is nothing to measure; see go build ./cmd/workbench, or name a binary with -workbench: %w\n%s", err, out)
	}
	return binary, nil
}

// launchWorkbench starts the workbench, which records into dir, and does not wait
// for it.
func launchWorkbench(binary, dir string, flags ...string) (p *process, address string, err error) {
	address, err = freeAddress()
	if err != nil {
		return nil, "", err
	}
	echo, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	args := []string{"serve", "--listen", address, "--echo-listen", echo, "--transcripts", filepath.Join(dir, "transcripts")}
	command := exec.Command(binary, append(args, flags...)...)
	p, err = startProcess(command, "ws://"+address+"/websocket/ws", nil)
	return p, address, err
}

func startWorkbench(ctx context.Context, binary, dir string, flags ...string) (*process, error) {
	p, address, err := launchWorkbench(binary, dir, flags...)
	if err != nil {
		return nil, err
	}
	return p, ready(ctx, p, address)
}

func findWebsockify() (string, error) { return exec.LookPath("websockify") }

// startWebsockify gives it the targets by name, since it has no handshake to
// be told them.
func startWebsockify(ctx context.Context, dir string, s *servers) (*process, error) {
	program, err := findWebsockify()
	if err != nil {
		return nil, err
	}
	var targets strings.Builder
	for _, t := range []string{s.echo, s.bulk, s.sink} {
		fmt.Fprintf(&targets, "%s: %s\n", websockifyToken(t), t)
	}
	file := filepath.Join(dir, "websockify.targets")
	if err := os.WriteFile(file, []byte(targets.String()), 0o600); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	command := exec.Command(program, "--token-plugin", "TokenFile", "--token-source", file, address)
	p, err := startProcess(command, "ws://"+address+"/", nil)
	if err != nil {
		return nil, err
	}
	return p, ready(ctx, p, address)
}

// websockifyToken names a target in a file where a colon ends the name.
func websockifyToken(target string) string { return strings.ReplaceAll(target, ":", "-") }

func ready(ctx context.Context, p *process, address string) error {
	if err := p.waitListening(ctx, address); err != nil {
		p.stop()
		return err
	}
	return nil
}

// dial opens a session to target and returns when the system has said that
// the target is reached, where it says so. The session ends when ctx does.
func (s *system) dial(ctx context.Context, p *process, target, mode string, buffer int) (*session, error) {
	query := url.Values{}
	switch {
	case s.modes:
		query.Set("mode", mode)
	case !s.handshake:
		query.Set("token", websockifyToken(target))
	}
	d := websocket.Dialer{
		NetDialContext:   (&net.Dialer{}).DialContext,
		HandshakeTimeout: startLimit,
		ReadBufferSize:   1 << 10,
		WriteBufferSize:  1 << 10,
	}
	ws, answer, err := d.DialContext(ctx, p.url+"?"+query.Encode(), nil)
	if err != nil {
		if answer != nil {
			err = fmt.Errorf("%w: the answer was %s", err, answer.Status)
		}
		return nil, err
	}
	conn := ws.NetConn()
	release := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	// What the library has read ahead is not lost: no target speaks before it is
	// spoken to.
	opened := &session{Conn: ws, r: bufio.NewReaderSize(conn, buffer), release: release}
	if !s.handshake {
		return opened, nil
	}
	var reply []byte
	err = ws.WriteMessage(websocket.TextMessage, []byte(target))
	if err == nil {
		_, reply, err = ws.ReadMessage()
	}
	if err == nil && string(reply) != "SUCC" {
		err = errors.New(string(reply))
	}
	if err != nil {
		opened.drop()
		return nil, err
	}
	return opened, nil
}
