package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
)

// decodingModes are the line modes that say which messages they recognise, each with a
// BenchmarkWatch of its package for the kinds of traffic that it knows.
var decodingModes = []string{"dns", "frames", "ftp", "http", "imap", "lines", "mqtt", "pop3", "resp", "smtp", "telnet"}

// What a machine that watches is to decode at least on one processor: one or the other.
const (
	wantedMessages  = 300_000 // a second
	wantedMegabytes = 100     // (10⁶) a second
)

func modesMetrics() []metric {
	var all []metric
	for _, mode := range decodingModes {
		all = append(all, metric{
			Name: mode, Title: "decoding by " + mode + ", the slowest kind of traffic, beside 300,000 messages or 100 MB a second",
			Unit: "×", Digits: 1, MoreBetter: true, Bar: &bar{Limit: 1},
		})
	}
	return all
}

// measureModes has each mode's machine watch, within the process of its test, and returns
// for each how often it does what is wanted, with the kind of traffic that it does worst.
func measureModes(ctx context.Context, t *trial) ([]float64, error) {
	var all []float64
	for _, mode := range decodingModes {
		args := []string{
			"test", "-run", "^$", "-bench", "^BenchmarkWatch$", "-benchtime", t.sizes.decode.String(), "-cpu", "1",
			"github.com/protocol-workbench/workbench/plugins/" + mode,
		}
		out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
		}
		worst, err := slowest(out)
		if err != nil {
			return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
		}
		all = append(all, worst)
	}
	return all, nil
}

// slowest reads what benchmarks have printed, and returns how the slowest one does beside
// what is wanted.
func slowest(out []byte) (float64, error) {
	worst := math.Inf(1)
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || !strings.HasPrefix(words[0], "BenchmarkWatch/") {
			continue
		}
		best := 0.0
		for i := 1; i < len(words); i++ {
			wanted := 0.0
			switch words[i] {
			case "messages/s":
				wanted = wantedMessages
			case "MB/s":
				wanted = wantedMegabytes
			default:
				continue
			}
			n, err := strconv.ParseFloat(words[i-1], 64)
			if err != nil {
				return 0, err
			}
			best = max(best, n/wanted)
		}
		worst = min(worst, best)
	}
	if math.IsInf(worst, 1) {
		return 0, errors.New("no benchmark ran")
	}
	return worst, nil
}
