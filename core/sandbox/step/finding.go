package step

// The mechanisms. The first five act from the start of a process, the others
// are Run's.
const (
	UserNamespace    = "user-namespace"
	NetworkNamespace = "network-namespace"
	PIDNamespace     = "pid-namespace"
	IPCNamespace     = "ipc-namespace"
	Cgroup           = "cgroup"
	Landlock         = "landlock"
	Seccomp          = "seccomp"
	Limits           = "limits"
	NoNewPrivs       = "no-new-privs" // Landlock and Seccomp rest on it, so it is never left out
)

// State says whether a mechanism holds; see package sandbox.
type State string

// The states.
const (
	Holds   State = "holds"
	Missing State = "missing"
	Unknown State = "unknown"
)

// Finding is what the trial of a mechanism found.
type Finding struct {
	State          State
	Detail, Reason string
}

// Inconclusive is an error from which nothing can be concluded.
type Inconclusive struct{ Err error }

// Error returns the error's words.
func (e Inconclusive) Error() string { return e.Err.Error() }

// GroupPrefix is what the names of processes' cgroups begin with.
const GroupPrefix = "plugin-"
