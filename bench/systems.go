package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
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
	terminal  bool   // passes bytes through a terminal, in messages of its own kind
	handshake bool   // is told its target by the first message, and answers SUCC
	modes     bool   // takes ?mode=
	crowds    bool   // can hold many thousands of sessions, and lines
	slow      int64  // by how much less work it is given, at least 1
	missing   error  // why it cannot be measured here
	start     func(ctx context.Context) (*process, error)
}

const (
	workbenchName  = "workbench"
	unrecordedName = "unrecorded"
	lineName       = "line"
	copyName       = "copy"
	websockifyName = "websockify"
	websocatName   = "websocat"
	ttydName       = "ttyd"
)

// These are what -systems knows, and what is measured without it.
var (
	usualSystems = []string{workbenchName, lineName, copyName, unrecordedName, websockifyName}
	systemNames  = append(slices.Clone(usualSystems), websocatName, ttydName)
)

// allSystems lists the systems by the order of the table's columns. binary is
// the workbench, dir a folder for what they need.
func allSystems(binary, dir string, s *servers) []*system {
	return []*system{
		{
			name: workbenchName, title: "workbench",
			lines: true, raw: true, handshake: true, modes: true, crowds: true, slow: 1,
			start: func(ctx context.Context) (*process, error) { return startWorkbench(ctx, binary, dir) },
		},
		{
			name: lineName, title: "(a) line", lines: true, handshake: true, crowds: true, slow: 1,
			start: func(context.Context) (*process, error) { return startBaseline("line") },
		},
		{
			name: copyName, title: "(b) copy", raw: true, handshake: true, slow: 1,
			start: func(context.Context) (*process, error) { return startBaseline("copy") },
		},
		{
			name: unrecordedName, title: "(c) --no-record",
			lines: true, raw: true, handshake: true, modes: true, crowds: true, slow: 1,
			start: func(ctx context.Context) (*process, error) { return startWorkbench(ctx, binary, dir, "--no-record") },
		},
		{
			name: websockifyName, title: "websockify", raw: true, slow: 8, missing: installed("websockify"),
			start: func(ctx context.Context) (*process, error) { return startWebsockify(ctx, dir, s) },
		},
		{
			name: websocatName, title: "websocat", raw: true, slow: 2, missing: installed("websocat"),
			start: func(ctx context.Context) (*process, error) { return startWebsocat(ctx, s) },
		},
		{
			name: ttydName, title: "ttyd", terminal: true, slow: 8, missing: installed("ttyd", "stty", "nc"),
			start: func(ctx context.Context) (*process, error) { return startTtyd(ctx) },
		},
	}
}

// installed returns an error for what is not.
func installed(programs ...string) error {
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%w: no program %s in PATH", errNotInstalled, program)
		}
	}
	return nil
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
	args := []string{"serve", "--listen", address, "--echo-listen", echo, "--transcripts", filepath.Join(dir, "transcripts"),
		"--max-recording", "16"} // MiB: the reference was measured with this bound, which later became larger
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
	return s.dialAs(ctx, nil, p, target, mode, buffer)
}

// dialAs is dial by whom the header of the request names.
func (s *system) dialAs(ctx context.Context, who http.Header, p *process, target, mode string, buffer int) (*session, error) {
	query := url.Values{}
	switch {
	case s.modes:
		query.Set("mode", mode)
	case s.terminal:
		query["arg"] = strings.Split(target, ":")
	case !s.handshake:
		query.Set("token", websockifyToken(target))
	}
	address := p.url
	if own, ok := p.targets[target]; ok {
		address = own
	}
	d := websocket.Dialer{
		NetDialContext:   (&net.Dialer{}).DialContext,
		HandshakeTimeout: startLimit,
		ReadBufferSize:   1 << 10,
		WriteBufferSize:  1 << 10,
		Subprotocols:     s.subprotocols(),
	}
	ws, answer, err := d.DialContext(ctx, address+"?"+query.Encode(), who)
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
	if s.terminal {
		return opened, openTerminal(opened)
	}
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
