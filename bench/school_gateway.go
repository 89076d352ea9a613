package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// gateway is a workbench of a school.
type gateway struct {
	*process
	echo string // its practice echo server
}

// startGateway starts a workbench whose files are all in a folder of its own.
func startGateway(ctx context.Context, binary, dir string, flags ...string) (*gateway, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	echo, err := freeAddress()
	if err != nil {
		return nil, err
	}
	args := []string{"serve", "--listen", listen, "--echo-listen", echo, "--auth", "none", "--drain", "0s", "--transcripts", filepath.Join(dir, "transcripts")}
	command := exec.Command(binary, append(args, flags...)...)
	command.Env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(dir, "state"), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))
	p, err := startProcess(command, "ws://"+listen+"/websocket/ws", nil)
	if err != nil {
		return nil, err
	}
	return &gateway{p, echo}, ready(ctx, p, listen)
}

// dial opens a session by way of the gateway.
func (g *gateway) dial(ctx context.Context, t *trial, target, mode string) (*session, error) {
	return t.system.dial(ctx, g.process, target, mode, smallBuffer)
}

// metric returns one of the figures of /metrics that has no labels.
func (g *gateway) metric(ctx context.Context, name string) (float64, error) {
	text, err := getText(ctx, g.address()+"/metrics")
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		if value, ok := strings.CutPrefix(string(line), name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, errors.New("/metrics has no " + name)
}

// usage is what processes have used so far.
type usage struct {
	seconds float64 // of processors
	peak    int64   // most memory that one of them had, in bytes
}

// usageOf adds up what processes have used, with those below them.
func usageOf(pids []int) (sum usage, err error) {
	for _, pid := range pids {
		spent, err := familyTime(pid)
		if err != nil {
			return sum, err
		}
		peak, err := peakMemory(pid)
		if err != nil {
			return sum, err
		}
		sum.seconds += spent.Seconds()
		sum.peak = max(sum.peak, peak)
	}
	return sum, nil
}
