package pluginhost

import (
	"errors"
	"fmt"
)

// Code tells programs what a mode's process does, why one did not start or how
// one died. People get words, which may change; codes do not. docs/websocket.md
// lists them.
type Code string

// What a mode's process does.
const (
	CodeIdle       Code = "idle"     // there is none until it is used
	CodeStarting   Code = "starting" // or waits for its turn to
	CodeReady      Code = "ready"
	CodeOverloaded Code = "overloaded"  // ready, with more to do than it gets done
	CodeBackingOff Code = "backing-off" // it pauses before it is started again
	CodeStopped    Code = "stopped"
)

// Why a process did not start.
const (
	CodeNotStarted  Code = "not-started" // the system, or the sandbox, did not let it
	CodeNotReady    Code = "not-ready"   // in time
	CodeEndedEarly  Code = "ended-early"
	CodeNoHandshake Code = "no-handshake" // it printed something else
	CodeVersion     Code = "version"      // of the protocol, or of go-plugin
	CodeAddress     Code = "address"      // it listens where it was not told to
	CodeManifest    Code = "manifest"     // not valid, or of another name
	CodeRestless    Code = "restless"     // each one died before it answered anything
	CodeFailed      Code = "failed"       // anything else
)

// How a process died.
const (
	CodeExited      Code = "exited" // by itself, a crash too
	CodeKilled      Code = "killed" // from outside
	CodeOutOfMemory Code = "out-of-memory"
	CodeHung        Code = "hung"       // it did not answer in time
	CodeConnection  Code = "connection" // it let go of it
	CodeStopping    Code = "stopping"   // the workbench stops
	CodeUnneeded    Code = "unneeded"
)

// String returns the code.
func (c Code) String() string { return string(c) }

// fault is what went wrong with a process: a code, and words that continue a
// sentence which begins with the plugin's name.
type fault struct {
	code  Code
	words string
}

func fail(code Code, format string, args ...any) *fault {
	return &fault{code, fmt.Sprintf(format, args...)}
}

func (f *fault) Error() string   { return f.words }
func (f *fault) errorCode() Code { return f.code }

// codeOf returns the code of an error of this package, "" of none.
func codeOf(err error) Code {
	var coded interface {
		error
		errorCode() Code
	}
	switch {
	case err == nil:
		return ""
	case errors.As(err, &coded):
		return coded.errorCode()
	}
	return CodeFailed
}
