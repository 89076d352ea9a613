//go:build linux

package pluginhost

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func TestOutputIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no time passes by itself
		var log logs
		o := newOutput(log.logger())
		s := o.stream()
		for i := range 100_000 {
			fmt.Fprintf(s, "line %d of many\n", i)
		}
		if n := strings.Count(log.String(), "of many"); n < 500 || n > logBurst/lineWeight {
			t.Errorf("%d lines came through", n)
		}
		if last := o.last(); len(last) != keepLines || last[keepLines-1] != "line 99999 of many" || last[0] != "line 99980 of many" {
			t.Errorf("the last lines are %q", last)
		}
		time.Sleep(3 * time.Second) // fake
		fmt.Fprintln(s, "calm")
		got := log.String()
		var missed int
		if _, err := fmt.Sscanf(got[strings.LastIndex(got, "lines="):], "lines=%d", &missed); err != nil ||
			missed+strings.Count(got, "of many") != 100_000 {
			t.Errorf("%d lines were counted as left out, %v", missed, err)
		}
		if !strings.Contains(got, "msg=calm") {
			t.Error("the line after the noise is not there")
		}
	})
}

// Noise that does not end is remarked on now and then, not all the time.
func TestEndlessNoise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logs
		s := newOutput(log.logger()).stream()
		for range 10_000 { // 10 s
			s.Write(bytes.Repeat([]byte("noise\n"), 20))
			time.Sleep(time.Millisecond) // fake
		}
		if n := strings.Count(log.String(), "were left out"); n < 2 || n > 10 {
			t.Errorf("it was remarked on %d times", n)
		}
		if n := strings.Count(log.String(), "msg=noise"); n > (logBurst+10*logRate)/lineWeight {
			t.Errorf("%d lines came through", n)
		}
	})
}

func TestLinesAreBounded(t *testing.T) {
	var log logs
	o := newOutput(log.logger())
	s := o.stream()
	for range 1000 {
		s.Write(bytes.Repeat([]byte("z"), 1000))
	}
	if cap(s.line) > 2*maxLine {
		t.Errorf("the unfinished line holds %d bytes", cap(s.line))
	}
	s.Write([]byte("\nnext\n"))
	if got := log.String(); len(got) > maxLine+1000 || !strings.Contains(got, "(the line was longer)") || !strings.Contains(got, "msg=next") {
		t.Errorf("the log has %d bytes", len(got))
	}
	if last := o.last(); len(last[0]) != keepLine {
		t.Errorf("a kept line has %d bytes", len(last[0]))
	}
}

// Where one write ends and the next begins does not matter, and whatever a
// process writes the log stays whole.
func FuzzOutput(f *testing.F) {
	for _, s := range []string{
		"{\"@message\": 5}\n", `{"@message":"m","@level":7}`, "{\n[\n{}\n", "[INFO] x\r\n\r\n", "panic: \xff\x1b[2J\n", "null\n\"x\"\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var logs [2]bytes.Buffer
		for i := range logs {
			o := newOutput(slog.New(slog.NewJSONHandler(&logs[i], &slog.HandlerOptions{
				ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
					if a.Key == slog.TimeKey {
						return slog.Attr{}
					}
					return a
				},
			})))
			if i == 0 {
				o.copy(bytes.NewReader(b))
			} else {
				o.copy(iotest.OneByteReader(bytes.NewReader(b)))
			}
			for _, line := range o.last() {
				if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' }) {
					t.Errorf("%q could write over a terminal", line)
				}
			}
		}
		if a, b := logs[0].String(), logs[1].String(); a != b {
			t.Errorf("whole: %s\nbyte by byte: %s", a, b)
		}
	})
}

// The end of a process whose shell could not start a program says why.
func TestForking(t *testing.T) {
	for line, want := range map[string]string{
		"x.sh: 2: Cannot fork":                "may start no other program",
		"bash: fork: Operation not permitted": "may start no other program",
		"a knife and a fork: two":             "",
	} {
		o := newOutput(slog.New(slog.DiscardHandler))
		fmt.Fprintln(o.stream(), line)
		if got := o.why(); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%q: %q", line, got)
		}
	}
}

// What the reason says already is not said again below it.
func TestLastWords(t *testing.T) {
	r := &runner{out: newOutput(slog.New(slog.DiscardHandler))}
	fmt.Fprint(r.out.stream(), "Traceback\nit ended\n")
	for reason, want := range map[string]string{"exit status 1: it ended": "Traceback", "exit status 1": "Traceback|it ended"} {
		if got := strings.Join(r.lastWords(reason), "|"); got != want {
			t.Errorf("%q: got %q, want %q", reason, got, want)
		}
	}
}

func TestMisspoken(t *testing.T) {
	for line, want := range map[string]string{
		"1|1|unix|/x|netrpc|": "",
		"1|1|unix|/x":         "",
		"":                    `printed "" to standard output before plugins.Serve`,
		"a|b|c|d":             "before plugins.Serve",
		"2|1|unix|/x|netrpc|": "speaks version 2",
		"1|0|unix|/x|netrpc|": "update the plugin",
		"1|2|unix|/x|netrpc|": "update the workbench",
		"1|1|unix|/x|grpc|":   `speaks "grpc"`,
	} {
		got := ""
		if f := misspoken(line); f != nil {
			got = f.words
		}
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%q: %q", line, got)
		}
	}
}
