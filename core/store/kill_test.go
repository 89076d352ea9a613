package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// childFolder names the folder in which a child of the test records, childPart the
// bytes of a part.
const (
	childFolder = "STORE_TEST_CHILD_FOLDER"
	childPart   = "STORE_TEST_CHILD_PART"
)

const killedSessions = 200

// recordForEver records sessions whose events say what time it is.
func recordForEver(dir string) {
	f, err := store.OpenFolder(dir)
	if err != nil {
		panic(err)
	}
	part, _ := strconv.ParseInt(os.Getenv(childPart), 10, 64)
	f.SetPart(part)
	recordings := store.Record(f, slog.New(slog.DiscardHandler))
	var all []*store.Recorder
	for n := range killedSessions {
		all = append(all, recordings.Start(store.Header{Session: "s" + strconv.Itoa(n), Mode: "raw"}, func(code, words string, _ store.State) {
			if code != store.CodePart {
				panic(words)
			}
		}))
	}
	start := time.Now()
	for n := uint64(1); ; n++ {
		for _, r := range all {
			now := time.Now()
			line := fmt.Appendf(nil, "%d\n%s", now.UnixMicro(), strings.Repeat("x", 200))
			r.Done(time.Since(start), wire.Event{N: n, Event: core.Event{Kind: core.ServerBytes, Data: line}},
				[]core.Action{{Kind: core.SendText, Data: line}, {Kind: core.SendText, Data: line}})
		}
		time.Sleep(5 * time.Millisecond) // as slow as peers are
	}
}

func TestKill9WhileSessionsAreRecorded(t *testing.T) { testKill9(t, 16<<20) }

// With such parts, each session begins some of them each second.
func TestKill9WhilePartsBegin(t *testing.T) { testKill9(t, 30_000) }

func testKill9(t *testing.T, part int64) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFolder+"="+dir, childPart+"="+strconv.FormatInt(part, 10))
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	stop := context.AfterFunc(t.Context(), func() { child.Process.Kill() })
	defer stop()
	f := openFolder(t, dir)
	f.SetPart(part)

	// Let every session have grown for a while: then no moment is special.
	deadline := time.Now().Add(30 * time.Second)
	for {
		infos, err := f.List(t.Context(), store.Query{})
		if err != nil {
			t.Fatal(err)
		}
		grown := 0
		for _, info := range infos {
			if info.Duration > 1.7 && info.Running {
				grown++
			}
		}
		if grown == killedSessions {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("only %d of %d sessions are recorded", grown, killedSessions)
		}
	}
	killed := time.Now()
	child.Process.Kill()
	child.Wait()

	infos, err := f.List(t.Context(), store.Query{})
	if err != nil || len(infos) != killedSessions {
		t.Fatalf("%d transcripts, %v", len(infos), err)
	}
	for range 2 { // unknown to the index of the text, then known
		found, err := f.List(t.Context(), store.Query{Text: strings.Repeat("x", 200)})
		if err != nil || len(found) != killedSessions {
			t.Errorf("a text that all hold is found in %d, %v", len(found), err)
		}
		files, _ := filepath.Glob(filepath.Join(dir, "*.transcript*"))
		if several := len(files) > killedSessions; several != (part < 1<<20) {
			t.Errorf("%d transcripts have %d files", killedSessions, len(files))
		}
		for _, path := range files {
			os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)) // old enough to be known
		}
	}
	var longest time.Duration
	for _, info := range infos {
		if info.Running || info.Ended != store.CutOff {
			t.Errorf("%s: running %v, ended %q", info.ID, info.Running, info.Ended)
		}
		file, err := f.Open(info.ID)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := store.Parse(info.ID, file, 64<<20)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		last, n := int64(0), uint64(0)
		for _, e := range parsed.Entries {
			if e.Dir == transcript.Event {
				if n++; e.N != n {
					t.Fatalf("%s: event %d is called %d", info.ID, n, e.N)
				}
				line, _, _ := strings.Cut(string(e.Event.Data), "\n")
				last, _ = strconv.ParseInt(line, 10, 64)
			}
		}
		longest = max(longest, killed.Sub(time.UnixMicro(last)))
	}
	t.Logf("at most %v are missing", longest) // a second, unless the machine has other things to do
}
