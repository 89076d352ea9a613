package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tapPause is between two kills of a plugin process.
const tapPause = time.Second

// measureTap has redis-benchmark talk to a Redis server through a tap whose line mode
// watches. It returns the requests a second through the mode raw and through socat, the
// ratios of these and of the 99th percentiles; and for http-line, which is fed all of it,
// the requests a second, and what of them is left while its process is killed again and
// again, while it is stopped, and with a mode in its place that takes 200 ms for an event.
func measureTap(ctx context.Context, t *trial) ([]float64, error) {
	if err := installed("redis-server", "redis-benchmark", "socat"); err != nil {
		return nil, err
	}
	redis, err := startListening(ctx, func(host, port string) *exec.Cmd {
		return exec.Command("redis-server", "--bind", host, "--port", port, "--save", "", "--dir", t.dir)
	})
	if err != nil {
		return nil, err
	}
	defer redis.stop()
	relay, err := startListening(ctx, func(host, port string) *exec.Cmd {
		return exec.Command("socat", fmt.Sprintf("TCP-LISTEN:%s,bind=%s,fork,reuseaddr,backlog=128", port, host), "TCP:"+redis.url)
	})
	if err != nil {
		return nil, err
	}
	defer relay.stop()
	through := func(mode string, disturb func(pid int) (rest func())) (speed, error) {
		tap, err := startListening(ctx, func(host, port string) *exec.Cmd {
			return exec.Command(t.binary, "tap", "--listen", host+":"+port, "--to", redis.url, "--mode", mode,
				"--plugin-dir", t.dir, "--transcripts", filepath.Join(t.dir, "transcripts"), "--max-recording", "16")
		})
		if err != nil {
			return speed{}, err
		}
		defer tap.stop()
		defer disturb(tap.pid)()
		return t.ask(ctx, tap.url)
	}
	calm := func(int) func() { return func() {} }

	raw, err := through("raw", calm)
	if err != nil {
		return nil, err
	}
	plain, err := t.ask(ctx, relay.url)
	if err != nil {
		return nil, err
	}
	fed, err := through("http-line", calm)
	if err != nil {
		return nil, err
	}
	values := []float64{raw.rate, plain.rate, raw.rate / plain.rate, raw.p99 / plain.p99, fed.rate}
	for _, disturb := range []func(int) func(){killing, stopping} {
		s, err := through("http-line", disturb)
		if err != nil {
			return nil, err
		}
		values = append(values, s.rate/fed.rate)
	}
	if err := installed("python3"); err != nil {
		t.note("no slow line mode: " + err.Error())
		return append(values, math.NaN()), nil
	}
	if err := os.WriteFile(filepath.Join(t.dir, "workbench-plugin-slow"), []byte(slowMode), 0o755); err != nil {
		return nil, err
	}
	slow, err := through("slow", calm)
	return append(values, slow.rate/fed.rate), err
}

// slowMode is a line mode that takes its time.
const slowMode = `#!/usr/bin/env python3
import json, sys, time

def say(what):
    print(json.dumps(what), flush=True)

say({"workbench": 1, "manifest": {"name": "slow", "title": "Slow", "input": "bytes", "clients": ["messages", "stream"],
     "events": ["client bytes", "client unseen", "server unseen"]}})
for line in sys.stdin:
    said = json.loads(line)
    if "open" in said:
        say({"session": said["session"], "done": 0})
    for event in said.get("events", []):
        time.sleep(0.2)
        say({"session": said["session"], "done": event["n"]})
`

// killing kills the process that serves below a tap, each time it has served for a while.
func killing(pid int) func() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for wait(ctx, tapPause) == nil {
			if all, err := family(pid); err == nil && len(all) > 1 {
				kill(min(all[1], all[len(all)-1])) // the older one: the other is its spare
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// stopping stops the processes below a tap.
func stopping(pid int) func() {
	all, _ := family(pid)
	signal := func(name string) {
		for _, child := range all[min(1, len(all)):] {
			exec.Command("kill", "-"+name, strconv.Itoa(child)).Run() // one that hung may have been killed
		}
	}
	signal("STOP")
	return func() { signal("CONT") }
}

// speed is what redis-benchmark found.
type speed struct{ rate, p99 float64 }

// ask has redis-benchmark make its requests.
func (t *trial) ask(ctx context.Context, address string) (speed, error) {
	host, port, _ := strings.Cut(address, ":")
	out, err := exec.CommandContext(ctx, "redis-benchmark", "-h", host, "-p", port, "-P", "16", "-c", "50", "-n", fmt.Sprint(t.sizes.requests), "-t", "get", "--csv").Output()
	if err != nil {
		return speed{}, fmt.Errorf("redis-benchmark: %w", err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(out))).ReadAll()
	if err != nil || len(rows) < 2 {
		return speed{}, fmt.Errorf("redis-benchmark says %q", out)
	}
	found := map[string]float64{}
	for i, name := range rows[0] {
		found[name], _ = strconv.ParseFloat(rows[1][i], 64)
	}
	s := speed{found["rps"], found["p99_latency_ms"]}
	if s.rate == 0 || s.p99 == 0 {
		return speed{}, errors.New("redis-benchmark does not say how fast it was: " + string(out))
	}
	return s, nil
}

// startListening starts a command that listens at a free address, and waits until it
// does. The address is the process's URL.
func startListening(ctx context.Context, command func(host, port string) *exec.Cmd) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	host, port, _ := strings.Cut(address, ":")
	p, err := startProcess(command(host, port), address, nil)
	if err != nil {
		return nil, err
	}
	return p, ready(ctx, p, address)
}
