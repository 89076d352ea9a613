package pluginhost

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/pluginproto"
)

// refusal says why the process did not get ready: the limit that cut it off, if
// one did, else what it printed, else how it ended, else the error.
func (r *runner) refusal(limit, err error) *fault {
	if limit != nil {
		return fail(codeOf(limit), "%v%s%s", limit, r.adapterSaid(), r.refused())
	}
	if line := r.line.Load(); line != nil {
		if f := misspoken(*line); f != nil {
			return f
		}
	}
	if f := r.end(); f != nil {
		return fail(CodeEndedEarly, "ended before it was ready, with %s%s%s", f.words, r.hint(), r.refused())
	}
	return fail(codeOf(err), "%v", err)
}

// refused says which system calls the process made that the sandbox refuses,
// or "". They need not be the reason for anything.
func (r *runner) refused() string {
	names := r.refusals.Names()
	if len(names) == 0 {
		return ""
	}
	words := "; it called " + strings.Join(names, ", ") + ", which the sandbox refuses; if you trust it, allow that with"
	for _, name := range names {
		words += " --allow-syscall " + r.build.conf.Manifest.Name + ":" + name
	}
	return words
}

// adapterSaid returns the last words of a process that has an adapter, which are the
// adapter's own; "": there are none.
func (r *runner) adapterSaid() string {
	if last := r.out.last(); r.via != nil && len(last) > 0 {
		return ": " + last[len(last)-1]
	}
	return ""
}

// hint explains the end of a process that wrote nothing to standard output, where
// it can.
func (r *runner) hint() string {
	said := r.adapterSaid()
	switch {
	case said != "":
		return said
	case r.state != nil && r.state.ExitCode() == 0 && r.line.Load() == nil:
		return "; its main has to call plugins.Serve, or to print a hello and read JSON lines"
	}
	return ""
}

// lastWords returns the last lines that the process wrote, without the very last
// one if the reason quotes it.
func (r *runner) lastWords(reason string) []string {
	lines := r.out.last()
	if n := len(lines); n > 0 && strings.Contains(reason, lines[n-1]) {
		return lines[:n-1]
	}
	return lines
}

// misspoken says what is wrong with the handshake's line and what to do about it;
// nil if the line is right. It is
//
//	go-plugin's version | our version | network | address | protocol | …
func misspoken(line string) *fault {
	fields := strings.Split(line, "|")
	if len(fields) < 4 || !number(fields[0]) || !number(fields[1]) {
		return fail(CodeNoHandshake, "printed %q to standard output before plugins.Serve; "+
			"nothing may be printed there before, write to standard error instead", clean(core.CutWords(line, 80)))
	}
	switch version, _ := strconv.Atoi(fields[1]); {
	case fields[0] != "1":
		return fail(CodeVersion, "built with a go-plugin that speaks version %s, this workbench speaks 1; "+
			"build the plugin again with the workbench's own version of go-plugin", fields[0])
	case version > pluginproto.Version:
		return fail(CodeVersion, "speaks protocol version %d, this workbench %d; update the workbench", version, pluginproto.Version)
	case version < pluginproto.Version:
		return fail(CodeVersion, "speaks protocol version %d, this workbench %d; "+
			"update the plugin, or build it again with this workbench's module", version, pluginproto.Version)
	case len(fields) > 4 && fields[4] != "netrpc":
		return fail(CodeVersion, "speaks %q where net/rpc is spoken; let plugins.Serve do the speaking", clean(core.CutWords(fields[4], 20)))
	}
	return nil
}

// speaksJSON reports whether what the process printed first may be JSON, for which
// it needs the adapter.
func (r *runner) speaksJSON() bool {
	line := r.line.Load()
	return line != nil && strings.HasPrefix(*line, "{")
}

func number(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

var signalNames = map[syscall.Signal]string{
	syscall.SIGABRT: "SIGABRT", syscall.SIGBUS: "SIGBUS", syscall.SIGFPE: "SIGFPE", syscall.SIGHUP: "SIGHUP",
	syscall.SIGILL: "SIGILL", syscall.SIGINT: "SIGINT", syscall.SIGKILL: "SIGKILL", syscall.SIGPIPE: "SIGPIPE",
	syscall.SIGQUIT: "SIGQUIT", syscall.SIGSEGV: "SIGSEGV", syscall.SIGTERM: "SIGTERM",
}

// ending says in words how a process ended.
func ending(s *os.ProcessState) (how string, signalled bool) {
	signal := signalOf(s)
	switch name, known := signalNames[signal]; {
	case s == nil:
		return "an unknown status", false
	case known:
		return "killed (" + name + ")", true
	case signal != 0:
		return fmt.Sprintf("killed (signal %d)", int(signal)), true
	}
	return fmt.Sprintf("exit status %d", s.ExitCode()), false
}

// wasKilled reports whether a signal that people and supervisors send ended the
// process.
func wasKilled(s *os.ProcessState) bool {
	return slices.Contains([]syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}, signalOf(s))
}

// signalOf returns the signal that ended a process, 0 if none did.
func signalOf(s *os.ProcessState) syscall.Signal {
	if s == nil {
		return 0
	}
	if status, ok := s.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal()
	}
	return 0
}
