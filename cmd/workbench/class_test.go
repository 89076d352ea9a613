package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rsc.io/qr"

	"github.com/protocol-workbench/workbench/core/class"
)

// Ending a class deletes it once somebody has said yes, and it is not running.
func TestEndingAClass(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	folder, err := classFolder("tuesday")
	if err != nil {
		t.Fatal(err)
	}
	end := func(stdin string, args ...string) error {
		root := newRoot()
		root.SetArgs(append([]string{"class", "end", "--class", "tuesday"}, args...))
		root.SetIn(strings.NewReader(stdin))
		root.SetOut(new(bytes.Buffer))
		root.SetErr(new(bytes.Buffer))
		return root.ExecuteContext(context.Background())
	}
	if err := end("yes\n"); err == nil || err.Error() != "there is no class tuesday" {
		t.Errorf("one that is not there: %v", err)
	}
	held, err := class.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := end("", "--yes"); err == nil || !strings.Contains(err.Error(), "is running") {
		t.Errorf("one that is running: %v", err)
	}
	held.Close()
	for _, answer := range []string{"", "no\n", "y\n"} {
		if err := end(answer); err == nil || !strings.Contains(err.Error(), "nothing was deleted") {
			t.Errorf("after %q: %v", answer, err)
		}
	}
	if err := end("Yes\n"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", folder, err)
	}
}

// What a class decides itself cannot be said by flags of serve, and all else can.
func TestFlagsOfAClass(t *testing.T) {
	cmd := newClassCommand()
	for _, flag := range []string{"users", "transcripts", "auth", "practice", "oidc-issuer"} {
		if cmd.Flags().Lookup(flag) != nil {
			t.Errorf("class has the flag --%s", flag)
		}
	}
	for _, flag := range []string{"listen", "plain-http", "tls", "behind-proxy", "policy", "max-sessions-user", "no-qr"} {
		if cmd.Flags().Lookup(flag) == nil {
			t.Errorf("class has no flag --%s", flag)
		}
	}
	if usage := cmd.Flags().Lookup("policy").Usage; !strings.HasSuffix(usage, "(default practice)") {
		t.Errorf("--policy: %s", usage)
	}
}

// Every module of a QR code is drawn where it belongs, with a light margin around.
func TestPrintQR(t *testing.T) {
	const text = "http://192.168.1.5:8000/join?code=ABC347"
	var b bytes.Buffer
	if err := printQR(&b, text); err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	for row, line := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
		cells := []rune(line)
		if len(cells) != code.Size+2*quietZone {
			t.Fatalf("line %d has %d cells", row, len(cells))
		}
		for column, c := range cells {
			x, y := column-quietZone, 2*row-quietZone
			if upper, lower := c == '█' || c == '▀', c == '█' || c == '▄'; upper == code.Black(x, y) || lower == code.Black(x, y+1) {
				t.Errorf("%q at %d, %d", c, x, y)
			}
		}
	}
}

func TestParseDeleteAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{"14d": 14 * day, "36h": 36 * time.Hour, "2h": 2 * time.Hour, "0": 0, "0d": 0, "3650d": 3650 * day} {
		if got, err := parseDeleteAfter(text); got != want || err != nil {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1.5d", "3651d", "99999d", "119m", "-36h", "14", "14 d"} {
		if got, err := parseDeleteAfter(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// While a class is held, others that are due go, and its own use is noted.
func TestTending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		classes := t.TempDir()
		hold := func(name string) *class.Class {
			held, err := class.Open(filepath.Join(classes, name))
			if err == nil {
				err = held.DeleteAfter(minDeleteAfter)
			}
			if err == nil { // files have real times, and the bubble has its own
				err = os.Chtimes(filepath.Join(classes, name, "events.jsonl"), time.Now(), time.Now())
			}
			if err != nil {
				t.Fatal(err)
			}
			return held
		}
		hold("before").Close()
		own := hold("own")
		ctx, cancel := context.WithCancel(t.Context())
		var out bytes.Buffer
		ended := make(chan struct{})
		go func() { defer close(ended); tend(ctx, own, classes, &out, &out) }()
		time.Sleep(minDeleteAfter + tendEvery + time.Second)
		cancel()
		<-ended
		if want := "Class before is deleted: "; !strings.HasPrefix(out.String(), want) || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("it said %s", &out)
		}
		info, err := os.Stat(filepath.Join(classes, "own", "lock"))
		if err != nil || time.Since(info.ModTime()) > tendEvery {
			t.Errorf("its use was noted at %v: %v", info.ModTime(), err)
		}
		if entries, _ := os.ReadDir(classes); len(entries) != 1 {
			t.Errorf("there are %v", entries)
		}
		own.Close()
	})
}
