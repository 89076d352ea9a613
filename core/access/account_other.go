//go:build !linux

package access

import (
	"errors"
	"net"
	"runtime"
)

// anyMode says that a file's mode does not tell who may read it.
const anyMode = runtime.GOOS == "windows"

func tellsAccounts() bool { return false }

func accountOf(_, _ net.Addr) (uid int, err error) { return 0, errors.ErrUnsupported }
