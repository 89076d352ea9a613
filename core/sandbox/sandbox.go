package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
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
		return errors.New("it is strict, best-effort or off")
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
	// Path and Args start a program whose main calls Step with the arguments
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
}

// The mechanisms. The first four act from the start of a process, the others
// are Step's.
const (
	UserNamespace    = "user-namespace"
	NetworkNamespace = "network-namespace"
	PIDNamespace     = "pid-namespace"
	IPCNamespace     = "ipc-namespace"
	Landlock         = "landlock"
	Seccomp          = "seccomp"
	Limits           = "limits"
	NoNewPrivs       = "no-new-privs" // Landlock and Seccomp rest on it; Without can not leave it out
)

// Mechanism is one of the ways by which a process is held.
type Mechanism struct {
	Name   string
	Stops  string // what it stops, in words
	Detail string // how far it holds here, where that differs between systems
	// Missing says why it does not hold here. Empty: it holds.
	Missing string
}

// mechanisms lists them all.
var mechanisms = []Mechanism{
	{Name: UserNamespace, Stops: "rights over anything outside of the process"},
	{Name: NetworkNamespace, Stops: "all network, and Unix sockets without a file"},
	{Name: PIDNamespace, Stops: "signals to other processes, and processes that outlive it"},
	{Name: IPCNamespace, Stops: "shared memory and queues of other processes"},
	{Name: Landlock, Stops: "files, but for its own program and the system's libraries"},
	{Name: Seccomp, Stops: "sockets, new processes, other programs, signals, changes to files' owners and times, and all system calls that a plugin can do without"},
	{Name: Limits, Stops: "endless memory, open files, contents of files, core dumps"},
	{Name: NoNewPrivs, Stops: "rights gained by running another program, and all that are left"},
}

// Sandbox holds processes by what was found to work here.
type Sandbox struct {
	conf   Config
	report []Mechanism
	order  order
}

// Probe tries all mechanisms on a process of its own, which takes some
// milliseconds. With Strict the error names each one that does not hold, and
// why.
func Probe(ctx context.Context, conf Config) (*Sandbox, error) {
	s := &Sandbox{conf: conf}
	if conf.Mode == "" || conf.Mode == Off {
		s.conf.Mode = Off
		return s, nil
	}
	s.report = slices.Clone(mechanisms)
	s.probe(ctx)
	if missing := s.Missing(); conf.Mode == Strict && len(missing) > 0 {
		return nil, fmt.Errorf("the sandbox for plugin processes does not hold here: %s; see docs/security.md, or use best-effort", strings.Join(missing, "; "))
	}
	return s, nil
}

// Report returns all mechanisms, those that are missing too; nothing when the
// sandbox is off.
func (s *Sandbox) Report() []Mechanism { return slices.Clone(s.report) }

// Missing returns what does not hold here, each as "mechanism (reason)".
func (s *Sandbox) Missing() []string {
	var missing []string
	for _, m := range s.report {
		if m.Missing != "" {
			missing = append(missing, m.Name+" ("+m.Missing+")")
		}
	}
	return missing
}

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
// the root directory. The process may run no other program in its place.
func (s *Sandbox) Hold(cmd *exec.Cmd, g Grant) {
	if s.conf.Mode == Off || !supported {
		return
	}
	o := s.order
	o.grant, o.refusals = g, g.Refusals.socket()
	program := append([]string{cmd.Path}, cmd.Args[1:]...)
	cmd.Args = slices.Concat([]string{s.conf.Path}, s.conf.Args, o.args(), []string{"--"}, program)
	cmd.Path = s.conf.Path
	s.enclose(cmd)
}

// miss notes why a mechanism does not hold.
func (s *Sandbox) miss(name, why string) {
	for i := range s.report {
		if s.report[i].Name == name {
			s.report[i].Missing = why
		}
	}
}

// leftOut is why a mechanism of Config.Without does not hold.
const leftOut = "left out by request"
