//go:build unix

package store

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

var syllables = strings.Fields("a ab ac al an ar as at be ca ce co com con de di do e ed el en er es ex fi for ful ge gen hi i ic il im in ing is it la ly ma me mi mo na ne ni no o of on op or per po pre pro ra re ri ro sa se si so st sta su ta te ter the ti tion to tra tri ty u un up us ve vi y")

// corpus makes recordings of about so many bytes of lines, as servers send them: of
// words, of which few are common, and of numbers. Each knows one word of its own.
func corpus(tb testing.TB, dir string, recordings, size int) {
	words := make([]string, 20_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range words {
		for range 1 + r.IntN(4) {
			words[i] += syllables[r.IntN(len(syllables))]
		}
	}
	common := rand.NewZipf(r, 1.1, 4, uint64(len(words)-1))
	old := time.Now().Add(-time.Hour)
	for n := range recordings {
		began := old.Add(time.Duration(n-recordings) * time.Second)
		text := transcript.AppendHeader(nil, &transcript.Transcript{Mode: "http-line", Target: "host:1"})
		text = appendRemark(text, 0, beganRemark(began, "s1", ""))
		for at := time.Duration(0); len(text) < size; at += time.Millisecond {
			var line bytes.Buffer
			for range 10 {
				line.WriteString(words[common.Uint64()] + " ")
			}
			fmt.Fprintf(&line, "%x %d\r\n", r.Uint32(), at)
			e := transcript.Entry{Dir: transcript.Event, Time: at, Timed: true, Event: core.Event{Kind: core.ServerBytes, Data: line.Bytes()}}
			text = transcript.AppendEntry(text, &e)
		}
		text = appendRemark(text, 0, fmt.Sprintf("only_%d_here", n))
		text = appendRemark(text, 0, endedRemark("over"))
		name := filepath.Join(dir, NewID(began, "s1", "http-line")+suffix)
		if err := os.WriteFile(name, text, 0o600); err != nil {
			tb.Fatal(err)
		}
		os.Chtimes(name, old, old)
	}
}

// BenchmarkSearch searches 10,000 recordings of 1 GiB in all, once they are known;
// with -short a hundredth of it.
func BenchmarkSearch(b *testing.B) {
	recordings := 10_000
	if testing.Short() {
		recordings = 100
	}
	dir := b.TempDir()
	corpus(b, dir, recordings, 1<<30/10_000)
	f, err := OpenFolder(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	search := func(text string, want int) {
		found, err := f.List(context.Background(), Query{Text: text, Limit: 1000})
		if err != nil || want >= 0 && len(found) != min(want, 1000) {
			b.Fatalf("%q is found %d times, want %d: %v", text, len(found), want, err)
		}
	}
	f.List(context.Background(), Query{})
	began := time.Now()
	search("neither here nor there", 0)
	b.Logf("the index of %d recordings was made within %v", recordings, time.Since(began))
	f.text.Tidy(true)
	names, _ := filepath.Glob(filepath.Join(dir, ".search-*"))
	size := int64(0)
	for _, name := range names {
		info, _ := os.Stat(name)
		size += info.Size()
	}
	b.Logf("the index has %d bytes in %d files", size, len(names))
	for _, of := range []struct {
		name, text string
		want       int
	}{
		{"list", "", recordings}, {"absent", "no such words", 0}, {"rare", "only_77_here", 1}, {"common", "text", 0}, {"every", "server", recordings},
		{"three", "_7_", 1}, {"three absent", "Q7x", 0}, {"two", "_7", -1}, {"two absent", "QZ", 0},
	} {
		b.Run(of.name, func(b *testing.B) {
			var before, after syscall.Rusage
			syscall.Getrusage(0, &before)
			for b.Loop() {
				search(of.text, of.want)
			}
			syscall.Getrusage(0, &after)
			b.ReportMetric(float64(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano())/1e6/float64(b.N), "cpu-ms/op")
		})
	}
}
