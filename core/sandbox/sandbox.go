package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/sandbox/step"
)

// Mode says what happens where a mechanism does not hold. It is a flag's value.
// The zero Mode is Off.
type Mode string

// The modes.
const (
	Off        Mode = "off"         // nothing is held
	BestEffort Mode = "best-effort" // what the system offers
	Strict     Mode = "strict"      // all of it, or an error
)

// Set takes a mode by its name.
func (m *Mode) Set(name string) error {
	if !slices.Contains([]Mode{Off, BestEffort, Strict}, Mode(name)) {
		return errors.New("must be strict, best-effort or off")
	}
	*m = Mode(name)
	return nil
}

// String returns the name.
func (m *Mode) String() string { return string(*m) }

// Type is shown in a command's help.
func (m *Mode) Type() string { return "mode" }

// DefaultMemory is what a process may allocate, in bytes: enough for 10,000
// sessions.
const DefaultMemory = 1 << 30

// Config says how processes are held. The zero Config holds none.
type Config struct {
	Mode Mode
	// Path and Args start a program that calls step.Run with the arguments
	// that follow Args.
	Path string
	Args []string
	// Memory is what a process may allocate, in bytes; 0: DefaultMemory, but
	// no limit in a build with the race detector, which needs far more.
	Memory uint64
	// Without names mechanisms to do without, to see what the others are worth.
	Without []string
	// LandlockABI is the version of Landlock to be content with, as on an older
	// kernel; 0: the kernel's own.
	LandlockABI int

	patience []time.Duration // of the rounds of Probe; tests have less
}

// The mechanisms. The first five act from the start of a process, the others
// are package step's.
const (
	UserNamespace    = step.UserNamespace
	NetworkNamespace = step.NetworkNamespace
	PIDNamespace     = step.PIDNamespace
	IPCNamespace     = step.IPCNamespace
	Cgroup           = step.Cgroup
	Landlock         = step.Landlock
	Seccomp          = step.Seccomp
	Limits           = step.Limits
	NoNewPrivs       = step.NoNewPrivs // Landlock and Seccomp rest on it; Without cannot leave it out
)

// State says whether a mechanism holds here.
type State = step.State

// The states.
const (
	// Holds: a process was held by it.
	Holds = step.Holds
	// Missing: the system refused it, or Config.Without names it. Processes are
	// started without it.
	Missing = step.Missing
	// Unknown: it could not be told, as on a machine that is too busy to answer.
	// Processes are started with it: they are held by it, or do not start.
	Unknown = step.Unknown
)

// Mechanism is one of the ways by which a process is held.
type Mechanism struct {
	Name     string
	Stops    string // what it stops, in words
	Optional bool   // Strict does without it
	State    State
	Detail   string // how far it holds here, where that differs between systems
	Reason   string // why it is missing or unknown, in words
}

// mechanisms lists them all.
var mechanisms = []Mechanism{
	{Name: UserNamespace, Stops: "rights over anything outside of the process"},
	{Name: NetworkNamespace, Stops: "all network, and Unix sockets without a file"},
	{Name: PIDNamespace, Stops: "signals to other processes, and processes that outlive it"},
	{Name: IPCNamespace, Stops: "shared memory and queues of other processes"},
	{Name: Cgroup, Stops: "memory of any kind, processes and threads beyond a number, and too large a share of the processor", Optional: true},
	{Name: Landlock, Stops: "files, but for its own program and the system's libraries"},
	{Name: Seccomp, Stops: "sockets, new processes, other programs, signals, changes to files' owners and times, and all system calls that a plugin can do without"},
	{Name: Limits, Stops: "endless memory, open files, contents of files, core dumps"},
	{Name: NoNewPrivs, Stops: "rights gained by running another program, and all that are left"},
}

// Sandbox holds processes by what was found to work here. Its methods are safe
// for concurrent use.
type Sandbox struct {
	conf   Config
	system system // where things are on this machine

	mu     sync.Mutex
	report []Mechanism
}

// patience is how long one trial process of each round of Probe may take. One
// takes some milliseconds; on a machine with a load of 30, seconds. A plugin
// process has no more time to get ready.
var patience = [...]time.Duration{2 * time.Second, 10 * time.Second}

// settleEvery is between two rounds of Settle, and settlePatience how long one
// of its trial processes may take.
const (
	settleEvery    = 15 * time.Second
	settlePatience = 30 * time.Second
)

// Probe tries all mechanisms on processes of its own: together, which takes some
// milliseconds, and each by itself if that is not conclusive. What stays unknown is
// tried again with more patience, half a minute in all. With Strict the error
// names each mechanism that is missing or unknown, and why.
func Probe(ctx context.Context, conf Config) (*Sandbox, error) {
	s := &Sandbox{conf: conf}
	s.conf.Mode = cmp.Or(conf.Mode, Off)
	if s.conf.patience == nil {
		s.conf.patience = patience[:]
	}
	s.look()
	if s.conf.Mode == Off {
		return s, nil
	}
	s.report = slices.Clone(mechanisms)
	for i := range s.report {
		m := &s.report[i]
		m.State, m.Reason = Unknown, "not tried"
		if slices.Contains(conf.Without, m.Name) {
			m.State, m.Reason = Missing, leftOut
		}
	}
	s.probe(ctx)
	if lacking := slices.Concat(s.Missing(), s.Unknown()); conf.Mode == Strict && len(lacking) > 0 {
		return nil, fmt.Errorf("the sandbox for plugin processes does not hold here: %s; see docs/security.md, or use best-effort", strings.Join(lacking, "; "))
	}
	return s, nil
}

// Settle tries what is unknown again and again, with much patience, and returns
// when nothing is or ctx ends.
func (s *Sandbox) Settle(ctx context.Context) {
	for len(s.Unknown()) > 0 {
		select {
		case <-time.After(settleEvery):
		case <-ctx.Done():
			return
		}
		s.round(ctx, settlePatience, true)
	}
}

// Mode returns how serious the sandbox is.
func (s *Sandbox) Mode() Mode { return s.conf.Mode }

// Report returns all mechanisms, those that are missing too; nothing when the
// sandbox is off.
func (s *Sandbox) Report() []Mechanism {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.report)
}

// Missing returns what does not hold here, each as "mechanism (reason)", except what
// is optional.
func (s *Sandbox) Missing() []string { return s.words(Missing) }

// Unknown returns what may hold here or may not, in the form of Missing.
func (s *Sandbox) Unknown() []string { return s.words(Unknown) }

func (s *Sandbox) words(state State) []string {
	var all []string
	for _, m := range s.Report() {
		if m.State == state && (!m.Optional || state == Unknown) {
			all = append(all, m.Name+" ("+m.Reason+")")
		}
	}
	return all
}

// names returns the mechanisms in one of the states.
func (s *Sandbox) names(states ...State) []string {
	var names []string
	for _, m := range s.Report() {
		if slices.Contains(states, m.State) {
			names = append(names, m.Name)
		}
	}
	return names
}

// state returns a mechanism's.
func (s *Sandbox) state(name string) State {
	for _, m := range s.Report() {
		if m.Name == name {
			return m.State
		}
	}
	return Missing
}

// note records what a trial found. What holds or is missing stays so: a later
// trial that was not conclusive changes nothing.
func (s *Sandbox) note(name string, f step.Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.report {
		m := &s.report[i]
		if m.Name == name && (f.State != Unknown || m.State == Unknown) {
			m.State, m.Detail, m.Reason = f.State, f.Detail, f.Reason
		}
	}
}

// leftOut is why a mechanism of Config.Without is missing.
const leftOut = "left out by request"

// Grant is what one process may use beside what every one may.
type Grant struct {
	// Sockets is an existing directory where it may make files and sockets.
	Sockets string
	// Read are files and folders that it may read and run, for a plugin of more
	// than one file, or whose interpreter is not the system's.
	Read []string
	// Calls are system calls that it may make beside those that every one may,
	// by their names; see KnowsCall.
	Calls []string
	// Refusals, if not nil, learns which calls it made in vain.
	Refusals *Refusals
}

// Hold changes a command that is not started yet so that its process is held.
// Its path must not depend on PATH or on the working directory, which becomes
// the root directory. The process may run no other program in its place. What is
// returned goes with the process to its end. An error says that a mechanism
// which may hold here does not now: the process must not be started.
func (s *Sandbox) Hold(cmd *exec.Cmd, g Grant) (*Held, error) {
	if s.conf.Mode == Off || !supported {
		return s.enclose(cmd, step.Order{Without: allMechanisms()})
	}
	o := s.order(s.names(Holds, Unknown))
	o.Sockets, o.Read, o.Calls, o.Refusals = g.Sockets, g.Read, g.Calls, g.Refusals.socket()
	program := append([]string{cmd.Path}, cmd.Args[1:]...)
	cmd.Args = slices.Concat([]string{s.conf.Path}, s.conf.Args, o.Args(), []string{"--"}, program)
	cmd.Path = s.conf.Path
	return s.enclose(cmd, o)
}

func allMechanisms() []string {
	var names []string
	for _, m := range mechanisms {
		names = append(names, m.Name)
	}
	return names
}
