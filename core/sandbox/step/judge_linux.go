package step

import (
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Judge says what an error means: that the system refused something, or that
// nothing can be told from it.
func Judge(err error) Finding {
	var errno unix.Errno
	switch {
	case errors.As(err, new(Inconclusive)):
		return Finding{State: Unknown, Reason: err.Error()}
	case errors.As(err, &errno) && !slices.Contains(refusals, errno):
		return Finding{State: Unknown, Reason: err.Error()}
	}
	return Finding{State: Missing, Reason: Refused(err)}
}

// refusals are the errors by which a system refuses. All others can pass, as
// EAGAIN and ENOMEM do.
var refusals = []unix.Errno{unix.EPERM, unix.EACCES, unix.EROFS, unix.EINVAL, unix.ENOSYS, unix.EOPNOTSUPP, unix.EUSERS, unix.E2BIG}

// Refused says in words why a process could not be started.
func Refused(err error) string {
	var start *os.PathError
	if !errors.As(err, &start) || start.Op != "fork/exec" {
		return err.Error()
	}
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return "this system does not let this user make one"
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EUSERS):
		return "this system allows no more of them; see the sysctl user.max_user_namespaces and its like"
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
		return "this kernel has none"
	}
	return err.Error()
}
