package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core/quota"
)

func boundsOf(t *testing.T, args ...string) *boundFlags {
	t.Helper()
	var f boundFlags
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.add(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &f
}

// A flag counts wherever the workbench listens, 0 too; the rest depends on that.
func TestBoundFlags(t *testing.T) {
	if got, want := boundsOf(t).limits(false), (quota.Limits{All: quota.Bounds{Sessions: 16384}}); got != want {
		t.Errorf("%+v", got)
	}
	want := quota.Limits{
		All:       quota.Bounds{Sessions: 16384, Opens: 6000, Dials: 6000},
		Owner:     quota.Bounds{Sessions: 64, Opens: 60, Dials: 60, Requests: 8},
		Address:   quota.Bounds{Sessions: 1024, Opens: 1200},
		OwnerRate: 8 << 20,
	}
	if got := boundsOf(t).limits(true); got != want {
		t.Errorf("%+v", got)
	}
	f := boundsOf(t, "--max-sessions-user", "0", "--max-rate-user=2", "--max-sessions=3")
	want.Owner.Sessions, want.OwnerRate, want.All.Sessions = 0, 2<<10, 3
	if got := f.limits(true); got != want {
		t.Errorf("%+v", got)
	}
}

// What open files allow is a bound too. Who asked for more, or can have only few
// sessions, is told.
func TestSessionsFitOpenFiles(t *testing.T) {
	for _, c := range []struct {
		wanted, files int
		asked         bool
		fits          int
		told          string
	}{
		{16384, 1 << 20, false, 16384, ""},
		{16384, noFiles, true, 16384, ""},
		{16384, 20000, false, 6198, ""},
		{16384, 20000, true, 6198, "files=20000 sessions=6198 files-needed=50558"},
		{16384, 1024, false, 192, "files=1024 sessions=192 files-needed=50558"},
		{100, 1024, true, 100, ""},
		{0, 1024, true, 192, "files-needed=more"},
		{5, 64, false, 1, "sessions=1"},
	} {
		var told bytes.Buffer
		fits := fit(c.wanted, c.files, c.asked, slog.New(slog.NewTextHandler(&told, nil)))
		if fits != c.fits || !strings.Contains(told.String(), c.told) || (told.Len() > 0) != (c.told != "") {
			t.Errorf("%+v: %d, told %q", c, fits, told.String())
		}
	}
	for _, files := range []int{1024, 4096, 20000, 1 << 20} {
		if n := sessionsWith(files); filesFor(n) > files || filesFor(n+1) <= files {
			t.Errorf("%d files: %d sessions have %d, one more %d", files, n, filesFor(n), filesFor(n+1))
		}
	}
}
