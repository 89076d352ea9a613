package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

var quiet = slog.New(slog.DiscardHandler)

func folder(t testing.TB) *Folder {
	t.Helper()
	f, err := OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func event(n int, kind core.EventKind, data string) wire.Event {
	return wire.Event{N: uint64(n), Event: core.Event{Kind: kind, Data: []byte(data)}}
}

func action(kind core.ActionKind, data string) core.Action {
	return core.Action{Kind: kind, Data: []byte(data)}
}

func closeAll(t testing.TB, a *Recordings) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := a.Close(ctx); err != nil {
		t.Error(err)
	}
}

func text(t testing.TB, s Store, id string) string {
	t.Helper()
	r, err := s.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestARecordingTellsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := Record(folder(t), quiet)
		r := a.Start(Header{Session: "s12", Mode: "http-line", Options: core.Options{"eol": "crlf", "charset": "utf-8"}, Target: "example.com:80"}, nil)
		r.Remark(0, "dialled 192.0.2.1:80")
		r.Done(0, wire.Event{}, []core.Action{action(core.Note, "hello")})
		r.Done(time.Second, event(1, core.ClientText, "GET /"), []core.Action{action(core.SendServer, "GET /\r\n")})
		r.Done(2*time.Second, event(2, core.ServerEOF, ""), nil)
		r.End(2500*time.Millisecond, "the server closed the connection")
		closeAll(t, a)
		want := `workbench transcript v1
mode http-line
option charset "utf-8"
option eol "crlf"
target "example.com:80"

0.000 -- recorded 2000-01-01T00:00:00Z, session s12
0.000 -- dialled 192.0.2.1:80
0.000 << note "hello"
1.000 >> client text "GET /"
1.000 << server "GET /\r\n"
2.000 >> server eof
2.500 -- ended: the server closed the connection
`
		got := text(t, a, r.ID())
		got = strings.Replace(got, time.Now().Format("Z07:00"), "Z", 1)
		if got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if _, err := transcript.Parse("x", []byte(got)); err != nil {
			t.Error(err)
		}
	})
}

func TestWithinASecondItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := Record(folder(t), quiet)
		r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
		synctest.Wait()
		for n := range 5 {
			payload := fmt.Sprintf("payload %d", n)
			r.Done(0, event(n+1, core.ServerBytes, payload), nil)
			time.Sleep(time.Second)
			if got := text(t, a, r.ID()); !strings.Contains(got, payload) {
				t.Fatalf("after a second %q is not there:\n%s", payload, got)
			}
		}
		r.End(0, "")
		closeAll(t, a)
	})
}

func TestWhatIsTooLongIsCounted(t *testing.T) {
	a := Record(folder(t), quiet)
	var remarks remarkList
	r := a.Start(Header{Session: "s1", Mode: "raw"}, remarks.add)
	r.most.Store(1 << 20)
	piece := strings.Repeat("0123456789abcde\n", 4<<10) // 64 KiB, and 24 bytes of text for each 16
	for n := range 100 {
		r.Done(0, event(2*n+1, core.ServerBytes, piece), nil)
		r.Done(0, event(2*n+2, core.ClientBinary, "ping"), nil)
	}
	r.Remark(0, "something behind it")
	r.End(0, "")
	closeAll(t, a)
	got := text(t, a, r.ID())
	if n := len(got); n > 1<<20+remarkRoom || n < 1<<19 {
		t.Errorf("%d bytes were written", n)
	}
	parsed, err := transcript.Parse("x", []byte(got))
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, e := range parsed.Entries {
		if e.Dir == transcript.Event && e.Event.Kind == core.ServerBytes {
			kept++
		}
	}
	want := []string{r.fullWords(), "something behind it", fmt.Sprintf(
		"not kept: %d bytes from the client, %d bytes from the server", 4*(100-kept), (100-kept)<<16), "ended"}
	for i, e := range parsed.Entries[len(parsed.Entries)-len(want):] {
		if e.Remark != want[i] {
			t.Errorf("got %q, want %q", e.Remark, want[i])
		}
	}
	if got := remarks.all(); got != r.fullWords() {
		t.Errorf("the session was told %q", got)
	}
	if n := a.Counters.Full.Load(); n != 1 {
		t.Errorf("%d are full", n)
	}
	if want := (State{Code: CodeFull, Part: 1, Most: 1 << 20}); r.State() != want {
		t.Errorf("stands as %+v, want %+v", r.State(), want)
	}
}

type remarkList struct {
	mu    sync.Mutex
	list  []string
	codes []string
}

func (l *remarkList) add(code, words string, _ State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, words)
	l.codes = append(l.codes, code)
}

func (l *remarkList) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.list, "|")
}

// badDisk is a store whose writers write somewhere else.
type badDisk struct {
	Store
	writer Writer
}

func (s badDisk) Create(string) (Writer, error) { return s.writer, nil }

func TestAFullDiskStopsTheRecordingOnly(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	a := Record(badDisk{folder(t), full}, quiet)
	var remarks remarkList
	r := a.Start(Header{Session: "s1", Mode: "raw"}, remarks.add)
	for n := range 1000 {
		r.Done(0, event(n+1, core.ServerBytes, strings.Repeat("x", 100_000)), nil)
	}
	r.End(0, "")
	closeAll(t, a)
	if got := remarks.all(); !strings.Contains(got, "the disk is full (no space left on device)") || !strings.Contains(got, "--transcripts") {
		t.Errorf("the session was told %q", got)
	}
	if a.Counters.Failed.Load() != 1 || a.waiting.Load() != 0 {
		t.Errorf("failed %d, waiting %d", a.Counters.Failed.Load(), a.waiting.Load())
	}
}

// noFolder is a store in which no file can be made.
type noFolder struct {
	Store
	err error
}

func (s noFolder) Create(string) (Writer, error) { return nil, s.err }

// Whose disk takes nothing is told why, and what to do.
func TestEachFaultInItsOwnWords(t *testing.T) {
	for err, words := range map[error]string{
		syscall.ENOSPC: "the disk is full (no space left on device); make room, or choose another folder with --transcripts",
		syscall.EDQUOT: "this user's share of the disk is used up (disk quota exceeded); make room, or choose another folder with --transcripts",
		syscall.EROFS:  "the file system can only be read (read-only file system); choose another folder with --transcripts",
		syscall.EACCES: "the folder cannot be written to (permission denied); make it writable, or choose another one with --transcripts",
		syscall.EPERM:  "the folder cannot be written to (operation not permitted); make it writable, or choose another one with --transcripts",
		syscall.ENOENT: "the folder is gone (no such file or directory); start the workbench again, or choose another one with --transcripts",
		syscall.EIO:    "the disk is faulty (input/output error): see the system's log, and choose another folder with --transcripts",
		syscall.ENXIO:  "the disk failed: no such device or address",
	} {
		a := Record(noFolder{folder(t), err}, quiet)
		var remarks remarkList
		r := a.Start(Header{Session: "s1", Mode: "raw"}, remarks.add)
		r.End(0, "")
		closeAll(t, a)
		if got := remarks.all(); got != "the recording stopped: "+words {
			t.Errorf("the session was told %q", got)
		}
	}
}

// stalled blocks until it is let go.
type stalled struct{ let chan struct{} }

func (w stalled) Write(p []byte) (int, error) { <-w.let; return len(p), nil }
func (w stalled) Sync() error                 { <-w.let; return nil }
func (w stalled) Close() error                { return nil }

func TestAStalledDiskHoldsUpNoSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := stalled{make(chan struct{})}
		a := Record(badDisk{folder(t), disk}, quiet)
		a.maxWaiting = 4 << 20
		var remarks remarkList
		var all []*Recorder
		for n := range 12 {
			all = append(all, a.Start(Header{Session: fmt.Sprint("s", n), Mode: "raw"}, remarks.add))
		}
		synctest.Wait()
		data := strings.Repeat("x", 100_000)
		for n := range 10 {
			for _, r := range all { // blocks for ever if one waits
				r.Done(0, event(n+1, core.ServerBytes, data), nil)
			}
		}
		if got := a.waiting.Load(); got > 5<<20 {
			t.Errorf("%d bytes wait", got)
		}
		synctest.Wait()
		if got := remarks.all(); !strings.Contains(got, "the disk does not keep up") {
			t.Errorf("the sessions were told %.200q", got)
		}
		for _, r := range all {
			r.End(0, "")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := a.Close(ctx); err == nil {
			t.Error("closed, though the disk has nothing")
		}
		close(disk.let)
		<-a.done
		if got := a.waiting.Load(); got != 0 {
			t.Errorf("%d bytes wait still", got)
		}
	})
}

// slow lets no byte through until it is told to, and keeps what it got.
type slow struct {
	let  chan struct{}
	text *bytes.Buffer
}

func (w slow) Write(p []byte) (int, error) { <-w.let; return w.text.Write(p) }
func (w slow) Sync() error                 { return nil }
func (w slow) Close() error                { return nil }

// When much waits the session makes its text itself, and it is the same text.
func TestWhoeverMakesTheText(t *testing.T) {
	record := func(t *testing.T, most int64) (text string) {
		synctest.Test(t, func(t *testing.T) {
			disk := slow{make(chan struct{}), new(bytes.Buffer)}
			a := Record(badDisk{folder(t), disk}, quiet)
			a.maxWaiting = most
			r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
			time.Sleep(gatherFor)
			synctest.Wait() // the header is with the writer
			for n := range 400 {
				line := strings.Repeat(fmt.Sprintf("line %d ", n), 1+n*5)
				r.Done(time.Duration(n)*time.Millisecond, event(n+1, core.ServerBytes, line), []core.Action{action(core.SendText, line)})
				if n%100 == 50 {
					r.Remark(0, "in between")
				}
			}
			r.mu.Lock()
			made := len(r.made) > 0
			r.mu.Unlock()
			if made != (most < MaxWaiting) {
				t.Errorf("at most %d may wait; the session made text: %v", most, made)
			}
			close(disk.let)
			r.End(time.Second, "done")
			closeAll(t, a)
			text = disk.text.String()
		})
		return text
	}
	byWriter, bySession := record(t, MaxWaiting), record(t, 20<<20)
	if byWriter != bySession || !strings.Contains(byWriter, "line 399") {
		t.Errorf("%d bytes by the writer, %d by the session", len(byWriter), len(bySession))
	}
}

// The writer makes the file, with those of the sessions that begin meanwhile; who
// asks for it has it at once.
func TestAFileIsMadeByTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := folder(t)
		a := Record(dir, quiet)
		synctest.Wait()
		listed := func(s Store) int {
			all, err := s.List(t.Context(), Query{})
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
		synctest.Wait()
		if n := listed(dir); n != 0 {
			t.Errorf("%d files were made by the opener", n)
		}
		if n := listed(a); n != 1 {
			t.Errorf("%d transcripts are listed of a session that has just begun", n)
		}
		other := a.Start(Header{Session: "s2", Mode: "raw"}, nil)
		if got := text(t, a, other.ID()); !strings.Contains(got, "session s2") {
			t.Errorf("of a session that has just begun this is read: %q", got)
		}
		r.End(0, "over")
		if all, _ := a.List(t.Context(), Query{}); len(all) != 2 || all[1].Ended != "over" {
			t.Errorf("after its end: %+v", all)
		}
		third := a.Start(Header{Session: "s3", Mode: "raw"}, nil)
		time.Sleep(gatherFor)
		synctest.Wait()
		if n := listed(dir); n != 3 {
			t.Errorf("%d files are there after %v", n, gatherFor)
		}
		third.End(0, "")
		closeAll(t, a)
	})
}

// A session that is over before its file was made is there whole for who lists it.
func TestAShortSessionIsWrittenInOneGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := slow{make(chan struct{}), new(bytes.Buffer)}
		a := Record(badDisk{folder(t), disk}, quiet)
		synctest.Wait()
		r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
		r.Done(0, event(1, core.ServerBytes, "hello"), nil)
		r.End(0, "over")
		listed := make(chan struct{})
		go func() {
			defer close(listed)
			a.settle(t.Context())
		}()
		disk.let <- struct{}{} // one write
		<-listed
		if got := disk.text.String(); !strings.Contains(got, "hello") || !strings.Contains(got, "ended: over") {
			t.Errorf("the list was made when this was there: %q", got)
		}
		close(disk.let)
		closeAll(t, a)
	})
}

// failing fails at Sync, as a broken disk does.
type failing struct{}

func (failing) Write(p []byte) (int, error) { return len(p), nil }
func (failing) Sync() error                 { return syscall.EIO }
func (failing) Close() error                { return nil }

func TestABrokenDiskIsToldAt10Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := Record(badDisk{folder(t), failing{}}, quiet)
		var remarks remarkList
		a.Start(Header{Session: "s1", Mode: "raw"}, remarks.add)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if got := remarks.all(); got != "the recording stopped: the disk is faulty (input/output error): see the system's log, and choose another folder with --transcripts" {
			t.Errorf("the session was told %q", got)
		}
		closeAll(t, a)
	})
}

func TestSecretsNeverReachTheDisk(t *testing.T) {
	a := Record(folder(t), quiet)
	r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
	pass := []byte("PASS hünter2")
	r.Done(0, wire.Event{N: 1, Event: core.Event{Kind: core.ClientText, Data: pass}}, []core.Action{
		action(core.Secret, core.Span{From: 5, To: 7}.String()), // cuts the ü
		action(core.Secret, core.Span{From: 7, To: 100}.String()),
		action(core.SendServer, "PASS hünter2\r\n"),
		action(core.Secret, core.Span{From: 0, To: 0}.String()), // no span
		action(core.Secret, core.Span{OfAction: true, From: 5, To: 13}.String()),
		action(core.SendText, "sent"),
	})
	r.End(0, "")
	closeAll(t, a)
	got := text(t, a, r.ID())
	if strings.Contains(got, "nter2") || !strings.Contains(got, `client text "PASS ********"`) || !strings.Contains(got, `<< server "PASS ********\r\n"`) ||
		!strings.Contains(got, `client text "sent"`) || !strings.Contains(got, "<< secret event 5 7\n") {
		t.Error(got)
	}
	if string(pass) != "PASS hünter2" {
		t.Errorf("the session's own bytes became %q", pass)
	}
}

func TestAQuietSessionHoldsNoBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := Record(badDisk{folder(t), noDisk{}}, quiet)
		r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
		for n := range 8 {
			r.Done(0, event(n+1, core.ServerBytes, strings.Repeat("x", 1<<20)), nil)
			synctest.Wait()
		}
		time.Sleep(11 * time.Second)
		r.mu.Lock()
		if r.pending.chunks != nil || r.made != nil {
			t.Errorf("it holds %d texts and %d chunks", len(r.made), len(r.pending.chunks))
		}
		r.mu.Unlock()
		r.End(0, "")
		closeAll(t, a)
	})
}

func TestTheOldestGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := folder(t)
		put := func(age time.Duration, session string, size int) string {
			id := NewID(time.Now().Add(-age), session, "raw")
			w, err := f.Create(id)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(w, "workbench transcript v1\nmode raw\n\n")
			w.Write(bytes.Repeat([]byte("# x\n"), size/4))
			if session == "running" {
				t.Cleanup(func() { w.Close() })
			} else {
				w.Close()
			}
			return id
		}
		old := put(31*24*time.Hour, "old", 10)
		running := put(32*24*time.Hour, "running", 10)
		big := put(3*time.Hour, "big", 60_000)
		small := put(2*time.Hour, "small", 60_000)
		a := Record(f, quiet)
		synctest.Wait()
		for id, want := range map[string]error{old: ErrNotFound, running: nil, big: nil, small: nil} {
			if r, err := f.Open(id); !errors.Is(err, want) {
				t.Errorf("at the start: %s: %v, want %v", id, err, want)
			} else if err == nil {
				r.Close()
			}
		}
		a.maxAll = 100_000
		r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
		r.End(0, "")
		closeAll(t, a)
		for id, want := range map[string]error{running: nil, big: ErrNotFound, small: nil, r.ID(): nil} {
			if r, err := f.Open(id); !errors.Is(err, want) {
				t.Errorf("as one ended: %s: %v, want %v", id, err, want)
			} else if err == nil {
				r.Close()
			}
		}
	})
}

// The bound is on what the disk gives, which is a block for the smallest file
// and nothing for a hole.
func TestTheBoundCountsTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := folder(t)
		var ids []string
		for i := range 10 {
			id := NewID(time.Now().Add(time.Duration(i-20)*time.Second), "s1", "raw")
			w, err := f.Create(id)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(w, "workbench transcript v1\nmode raw\n\n")
			w.Close()
			ids = append(ids, id)
		}
		hole, _ := f.Path(ids[9])
		if err := os.Truncate(hole, 1<<30); err != nil {
			t.Fatal(err)
		}
		all, err := f.List(t.Context(), Query{})
		if err != nil || len(all) != 10 {
			t.Fatalf("%d, %v", len(all), err)
		}
		block := all[5].Disk
		if block < 512 || all[0].Disk > 2*block {
			t.Skipf("here a small file takes %d bytes, and one with a hole %d", block, all[0].Disk)
		}
		a := Record(f, quiet)
		synctest.Wait()
		a.maxAll = 5 * block
		a.trim(t.Context())
		closeAll(t, a)
		if all, _ := f.List(t.Context(), Query{}); len(all) < 2 || len(all) > 5 || all[0].ID != ids[9] {
			t.Errorf("%d transcripts are left of 10, where the disk has room for 5", len(all))
		}
	})
}

// noneFreeYet has no file to open at first.
type noneFreeYet struct {
	*Folder
	free  chan struct{}
	err   error
	tries atomic.Int32
}

func (s *noneFreeYet) Create(id string) (Writer, error) {
	s.tries.Add(1)
	select {
	case <-s.free:
		return s.Folder.Create(id)
	default:
		return nil, &fs.PathError{Op: "open", Path: id, Err: s.err}
	}
}

// That no file can be opened just now costs no recording a byte.
func TestRecordingsWaitForAFile(t *testing.T) {
	for err, words := range map[error]string{
		syscall.EMFILE: "the workbench has as many files open as it may (too many open files); let it have more with ulimit -n before it starts, or hold fewer sessions at a time",
		syscall.ENFILE: "all programs together have as many files open as the system lets them (too many open files in system); end some of them, or raise fs.file-max",
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &noneFreeYet{Folder: folder(t), free: make(chan struct{}), err: err}
			var log bytes.Buffer
			a := Record(s, slog.New(slog.NewTextHandler(&log, nil)))
			var remarks remarkList
			going := a.Start(Header{Session: "s1", Mode: "raw"}, remarks.add)
			over := a.Start(Header{Session: "s2", Mode: "raw"}, nil)
			over.Done(0, event(1, core.ServerBytes, "all of it"), nil)
			over.End(0, "over")
			for n := range 20 {
				going.Done(0, event(n+1, core.ServerBytes, "hello"), nil)
				time.Sleep(flushEvery)
			}
			if n := s.tries.Load(); n > 100 {
				t.Errorf("%d tries in 10 s", n)
			}
			if got := remarks.all(); got != "the recording has to wait: "+words {
				t.Errorf("the session was told %q", got)
			}
			if want := (State{Code: CodeWaits, Part: 1}); going.State() != want {
				t.Errorf("stands as %+v, want %+v", going.State(), want)
			}
			close(s.free)
			time.Sleep(2 * flushEvery)
			synctest.Wait()
			if want := (State{Part: 1}); going.State() != want || remarks.codes[len(remarks.codes)-1] != CodeGoesOn {
				t.Errorf("stands as %+v, want %+v; told %q", going.State(), want, remarks.codes)
			}
			going.End(0, "over")
			closeAll(t, a)
			if got := text(t, s, going.ID()); strings.Count(got, "hello") != 20 || !strings.Contains(got, "ended: over") {
				t.Errorf("got %s", got)
			}
			if got := text(t, s, over.ID()); !strings.Contains(got, "all of it") || !strings.Contains(got, "ended: over") {
				t.Errorf("got %s", got)
			}
			if n := strings.Count(log.String(), "recordings have to wait"); n != 1 || a.Counters.Failed.Load() != 0 || a.waiting.Load() != 0 {
				t.Errorf("%d lines of the log, %d failed, %d bytes wait:\n%s", n, a.Counters.Failed.Load(), a.waiting.Load(), log.String())
			}
		})
	}
}

// … until the workbench ends; then it is said.
func TestNoFileUntilTheEnd(t *testing.T) {
	a := Record(&noneFreeYet{Folder: folder(t), err: syscall.EMFILE}, quiet)
	var remarks remarkList
	a.Start(Header{Session: "s1", Mode: "raw"}, remarks.add).End(0, "")
	closeAll(t, a)
	if got := remarks.all(); !strings.Contains(got, "the recording stopped: the workbench has as many files open as it may") || a.Counters.Failed.Load() != 1 {
		t.Errorf("the session was told %q", got)
	}
}

// openFiles counts the files that are open.
type openFiles struct {
	Store
	let  chan struct{} // closed: the disk takes something
	open atomic.Int64
}

type openFile struct{ of *openFiles }

func (s *openFiles) Create(string) (Writer, error) {
	s.open.Add(1)
	return openFile{s}, nil
}
func (s *openFiles) List(context.Context, Query) ([]Info, error) { return nil, nil }
func (f openFile) Write(p []byte) (int, error)                   { return len(p), nil }
func (f openFile) Sync() error                                   { <-f.of.let; return nil }
func (f openFile) Close() error                                  { f.of.open.Add(-1); return nil }

// However many sessions end while the disk stalls, few files stay open.
func TestFewFilesWaitForTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &openFiles{let: make(chan struct{})}
		a := Record(s, quiet)
		for n := range 10 * maxUnclosed {
			a.Start(Header{Session: "s" + strconv.Itoa(n), Mode: "raw"}, nil).End(0, "")
		}
		time.Sleep(syncEvery)
		if n := s.open.Load(); n > maxUnclosed {
			t.Errorf("%d files are open", n)
		}
		close(s.let)
		closeAll(t, a)
		if n := s.open.Load(); n != 0 || len(a.active) != 0 || a.unclosed.Load() != 0 {
			t.Errorf("at the end %d files are open, %d recordings active", n, len(a.active))
		}
	})
}

func TestFollowIsLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := Record(folder(t), quiet)
		r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
		r.Done(0, event(1, core.ServerBytes, "before"), nil)
		start := time.Now()
		var d Decoder
		n, got := 1, ""
		for block, err := range a.Follow(t.Context(), r.ID()) {
			if err != nil {
				t.Fatal(err)
			}
			entries, err := d.Entries("x", block)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				got += fmt.Sprintf(" %d%s%s%s", e.N, e.Dir, e.Event.Data, e.Action.Data)
			}
			switch n++; {
			case n < 6:
				r.Done(0, event(n, core.ServerBytes, "live\n"), []core.Action{{Kind: core.SetTimer, After: time.Second, Data: []byte("t")}, action(core.SendText, "x")})
			case n == 6:
				r.Done(0, event(n, core.TimerFired, "t"), nil)
			default:
				r.End(0, "")
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %v", took)
		}
		if !strings.HasSuffix(got, " 1>>before 2>>live\n 2<<t 2<<x 3>>live\n 3<<t 3<<x 4>>live\n 4<<t 4<<x 5>>live\n 5<<t 5<<x 6>>t 6--") {
			t.Errorf("got %q", got)
		}
		closeAll(t, a)
	})
}

func TestStartsAfterTheEnd(t *testing.T) {
	a := Record(folder(t), quiet)
	closeAll(t, a)
	r := a.Start(Header{Session: "s1", Mode: "raw"}, nil)
	r.Done(0, event(1, core.ServerBytes, "x"), nil)
	r.End(0, "")
	if infos, err := a.List(t.Context(), Query{}); err != nil || len(infos) != 0 {
		t.Errorf("%+v, %v", infos, err)
	}
	closeAll(t, a)
}

// noDisk takes all at once.
type noDisk struct{}

func (noDisk) Write(p []byte) (int, error) { return len(p), nil }
func (noDisk) Sync() error                 { return nil }
func (noDisk) Close() error                { return nil }

func BenchmarkDone(b *testing.B) {
	a := Record(badDisk{folder(b), noDisk{}}, quiet)
	defer closeAll(b, a)
	line := []byte("GET /index.html HTTP/1.1 and some more of it to be a usual line of text")
	sent := append(bytes.Clone(line), '\r', '\n')
	client := []core.Action{{Kind: core.SendServer, Data: sent}}
	answer := bytes.Repeat(sent, 8)
	var server []core.Action
	for range 8 {
		server = append(server, core.Action{Kind: core.SendText, Data: line})
	}
	start := func() *Recorder {
		r := a.Start(Header{Session: "s1", Mode: "http-line"}, nil)
		r.most.Store(1 << 62)
		return r
	}
	for name, run := range map[string]func(r *Recorder, n uint64){
		"a client's line": func(r *Recorder, n uint64) {
			r.Done(time.Duration(n), wire.Event{N: n, Event: core.Event{Kind: core.ClientText, Data: line}}, client)
		},
		"8 lines from the server": func(r *Recorder, n uint64) {
			r.Done(time.Duration(n), wire.Event{N: n, Event: core.Event{Kind: core.ServerBytes, Data: answer}}, server)
		},
	} {
		b.Run(name, func(b *testing.B) {
			r := start()
			defer r.End(0, "")
			b.ReportAllocs()
			n := uint64(0)
			for b.Loop() {
				n++
				run(r, n)
			}
			if r.dead {
				b.Error("the disk does not keep up")
			}
		})
	}
	b.Run("full", func(b *testing.B) {
		r := a.Start(Header{Session: "s2", Mode: "raw"}, nil)
		defer r.End(0, "")
		r.most.Store(0)
		data := make([]byte, 256<<10)
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			r.Done(0, wire.Event{N: 1, Event: core.Event{Kind: core.ServerBytes, Data: data}}, nil)
		}
	})
}
