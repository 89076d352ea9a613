//go:build !linux

package pluginhost

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// Self returns the path of this program's own executable, for built-in modes.
func Self() (string, error) { return os.Executable() }

// dieWithHost does nothing: the end of its standard input tells the process.
func dieWithHost(*syscall.SysProcAttr) {}

func family(pid int) []int { return []int{pid} }

// starved is not told by this system.
func starved(...int) time.Duration { return 0 }

func resident(...int) (uint64, error) { return 0, errors.ErrUnsupported }
