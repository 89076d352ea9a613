package main

import (
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/quota"
)

// bound is a bound on what users may use, which a flag sets. 0 is none.
type bound struct {
	flag    string
	unit    string // what the flag's help calls its value
	help    string
	local   int // of the account, where only this machine can connect, and the flag is not given
	exposed int // where others can, and of users beside the account
	most    int // that the flag may say
	of      func(*quota.Limits) *int
}

// bounds returns all that are counted. An exposed workbench knows its users, so an
// address may be that of a whole class.
func bounds() []bound {
	const many = 1 << 20
	return []bound{
		{"max-sessions", "N", "open at most `N` sessions at a time, or as many as there can be open files for", 16384, 16384, many,
			func(l *quota.Limits) *int { return &l.All.Sessions }},
		{"max-sessions-user", "N", "open at most `N` sessions of one user at a time", 0, 64, many,
			func(l *quota.Limits) *int { return &l.Owner.Sessions }},
		{"max-sessions-address", "N", "open at most `N` sessions from one address (IPv6: one /64) at a time", 0, 1024, many,
			func(l *quota.Limits) *int { return &l.Address.Sessions }},
		{"max-new-sessions", "N", "open at most `N` new sessions a minute", 0, 6000, many,
			func(l *quota.Limits) *int { return &l.All.Opens }},
		{"max-new-sessions-user", "N", "open at most `N` new sessions a minute of one user", 0, 60, many,
			func(l *quota.Limits) *int { return &l.Owner.Opens }},
		{"max-new-sessions-address", "N", "open at most `N` new sessions a minute from one address", 0, 1200, many,
			func(l *quota.Limits) *int { return &l.Address.Opens }},
		{"max-dials", "N", "dial at most `N` targets a minute", 0, 6000, many,
			func(l *quota.Limits) *int { return &l.All.Dials }},
		{"max-dials-user", "N", "dial at most `N` targets a minute for one user", 0, 60, many,
			func(l *quota.Limits) *int { return &l.Owner.Dials }},
		{"max-requests-user", "N", "answer at most `N` costly requests of one user at a time: search, compare, replay, play, convert, import, redact", 0, 8, many,
			func(l *quota.Limits) *int { return &l.Owner.Requests }},
		{"max-rate-user", "KIB", "take at most `KIB` KiB a second from clients and servers of one user; what comes faster waits", 0, 8192, many,
			func(l *quota.Limits) *int { return &l.OwnerRate }},
	}
}

// boundFlags are the bounds that flags have set.
type boundFlags struct {
	set  map[string]int
	idle time.Duration // 0: none
	time time.Duration // likewise
}

func (f *boundFlags) add(flags *pflag.FlagSet) {
	f.set = map[string]int{}
	for _, b := range bounds() {
		flags.Var(&boundFlag{b, f.set}, b.flag, b.help)
	}
	flags.DurationVar(&f.idle, "idle", 0, "end a session in which neither side sends anything for `TIME`; 0 never does")
	flags.DurationVar(&f.time, "max-time", 0, "end a session that has lasted for `TIME`; 0 never does")
}

// boundFlag is the flag of a bound.
type boundFlag struct {
	bound
	set map[string]int
}

func (f *boundFlag) String() string { return "" }
func (f *boundFlag) Type() string   { return f.unit }

func (f *boundFlag) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > f.most {
		return fmt.Errorf("must be from 0 (no bound) to %d", f.most)
	}
	f.set[f.flag] = n
	return nil
}

// minTime is the least that --idle and --max-time may say.
const minTime = time.Second

// read returns the bounds, of which those that no flag sets depend on who can
// connect.
func (f *boundFlags) read(exposed bool, log *slog.Logger) (gateway.Bounds, error) {
	for name, d := range map[string]time.Duration{"--idle": f.idle, "--max-time": f.time} {
		if d != 0 && d < minTime {
			return gateway.Bounds{}, fmt.Errorf("%s is %v; it must be 0, or %v or more, as in: %s 1h", name, d, minTime, name)
		}
	}
	l, users := f.limits(exposed), f.limits(true)
	l.Account, l.AccountRate = l.Owner, l.OwnerRate
	l.Owner, l.OwnerRate = users.Owner, users.OwnerRate
	_, set := f.set["max-sessions"]
	l.All.Sessions = fit(l.All.Sessions, maxFiles(), set, log)
	return gateway.Bounds{Quota: quota.New(l), Idle: f.idle, Longest: f.time}, nil
}

func (f *boundFlags) limits(exposed bool) (l quota.Limits) {
	for _, b := range bounds() {
		n, set := f.set[b.flag]
		switch {
		case set:
		case exposed:
			n = b.exposed
		default:
			n = b.local
		}
		*b.of(&l) = n
	}
	l.OwnerRate <<= 10
	return l
}

// Open files of this process: of each session those of its client, its server and
// its recording, and of the first sessions of a mode one more, the lane to its
// process.
const (
	filesOfSession = 3
	lanes          = 1150
	otherFiles     = 256
	fewSessions    = 1024 // fewer are worth a warning
)

// filesFor returns how many files are open with so many sessions, of one mode.
func filesFor(sessions int) int {
	return otherFiles + filesOfSession*sessions + min(sessions, lanes)
}

// sessionsWith returns how many sessions there can be with so many open files.
func sessionsWith(files int) int {
	files -= otherFiles
	return max(1, files/(filesOfSession+1), (files-lanes)/filesOfSession)
}

// fit returns how many sessions may be open with so many open files, and says so if
// it is not as many as were wanted. 0: any number.
func fit(wanted, files int, asked bool, log *slog.Logger) int {
	fits := sessionsWith(files)
	if wanted > 0 && wanted <= fits {
		return wanted
	}
	if asked || fits < fewSessions {
		need := "more"
		if wanted > 0 {
			need = strconv.Itoa(filesFor(wanted))
		}
		log.Warn("this process may have few files open, so fewer sessions can be open than --max-sessions allows; start it with a higher limit (ulimit -n, or LimitNOFILE of systemd)",
			"files", files, "sessions", fits, "files-needed", need)
	}
	return fits
}

// noFiles is how many files may be open where no limit is known.
const noFiles = math.MaxInt32
