package command

import (
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/protocol-workbench/workbench/core/loopback"
)

// Listen listens on the address that the flag names, on this machine alone. Where it
// names none that is the usual one or, with a line of the log, a free port.
func Listen(named, usual, flag string, log *slog.Logger) (net.Listener, error) {
	l, taken, err := loopback.Open(named, usual)
	var why *loopback.Error
	switch {
	case errors.As(err, &why):
		return nil, ExplainListen(why, flag)
	case err == nil && taken != nil:
		log.Warn(fmt.Sprintf("%s is taken by another program; a free port takes its place", taken.Addr), "flag", flag, "address", l.Addr().String())
	}
	return l, err
}

// ExplainListen says what to do about an error of package loopback.
func ExplainListen(why *loopback.Error, flag string) error {
	switch why.Reason {
	case loopback.NoAddress, loopback.NoPort:
		return fmt.Errorf("%s %q is no address; write it as 127.0.0.1:8000", flag, why.Address)
	case loopback.NoHost, loopback.NotLoopback:
		return fmt.Errorf("%s %s is refused: it can be reached from other machines; use 127.0.0.1 or [::1]", flag, why.Address)
	case loopback.Taken:
		return fmt.Errorf("%s is taken by another program; stop it, or choose another port with %s 127.0.0.1:PORT", why.Addr, flag)
	case loopback.Forbidden:
		return fmt.Errorf("this user may not listen on %s; choose a port over 1023 with %s 127.0.0.1:PORT", why.Addr, flag)
	}
	if why.Reason == loopback.Missing {
		return fmt.Errorf("%s %s is not an address of this machine", flag, why.Address)
	}
	return fmt.Errorf("cannot listen on %s (%s): %w", why.Addr, flag, why.Err)
}
