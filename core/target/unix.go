package target

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxPath bounds a Unix socket's path in bytes: it fits into sun_path of
// sockaddr_un with its NUL (unix(7)). Other systems than Linux may take less.
const MaxPath = 107

// parseUnix reads what follows unix: or tls+unix: in an address.
func parseUnix(t Target, rest string) (Target, error) {
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		rest = after
		if !strings.HasPrefix(rest, "/") {
			return Target{}, fail(nil, "the path of a Unix socket is absolute, and no host stands before it: write %s:///run/app.sock, with three slashes", t.Kind)
		}
	}
	rest = strings.TrimSpace(rest)
	if !strings.HasPrefix(rest, "/") {
		return Target{}, fail(nil, "the path of a Unix socket is absolute, as in %s:///run/app.sock", t.Kind)
	}
	if err := checkPath(rest, "the path"); err != nil {
		return Target{}, err
	}
	if len(rest) > MaxPath {
		return Target{}, fail(nil, "the path of the Unix socket has %d bytes; at most %d fit", len(rest), MaxPath)
	}
	t.Path = rest
	return t, nil
}

// checkPath refuses what one line cannot show, which is in no path that a person
// means.
func checkPath(path, what string) error {
	for _, r := range path {
		switch {
		case r == utf8.RuneError:
			return fail(nil, "%s is not UTF-8", what)
		case !unicode.IsPrint(r):
			return fail(nil, "%s has the character %U, which does not show: delete it", what, r)
		}
	}
	return nil
}

// dialUnix connects to a Unix socket.
func (d *Dialer) dialUnix(ctx context.Context, t Target, limit time.Duration) (*Conn, error) {
	if err := d.Policy.CheckLocal(t); err != nil {
		return nil, err
	}
	raw, err := new(net.Dialer).DialContext(ctx, "unix", t.Path)
	if err != nil {
		return nil, explainUnix(err, t, limit)
	}
	return d.over(raw.(*net.UnixConn), t.place(), d.Policy.DecideLocal(t).By), nil
}

// explainUnix says in the user's words why a connect to a Unix socket failed.
func explainUnix(err error, t Target, limit time.Duration) error {
	where := t.shown()
	var errno syscall.Errno
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail(err, "there is no Unix socket at %s", where).as(CodeNoSuchPath)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fail(err, "connection refused by %s: nothing listens there", where).as(CodeRefused)
	case errors.Is(err, syscall.EAGAIN):
		return fail(err, "no answer from %s: others wait there already", where).as(CodeNoAnswer)
	case errors.Is(err, syscall.EPROTOTYPE):
		return fail(err, "%s is not a Unix socket for streams", where).as(CodeDial)
	case errors.As(err, &errno) && (errno == syscall.ENOTDIR || errno == syscall.ENOTSOCK):
		return fail(err, "there is no Unix socket at %s", where).as(CodeNoSuchPath)
	case errors.Is(err, fs.ErrPermission):
		return fail(err, "the account of the workbench may not use %s", where).as(CodeNotPermitted)
	}
	return explainDial(err, t, where, limit)
}
