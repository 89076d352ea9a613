//go:build !linux

package pluginhost

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// Self returns the path of this program's own executable, for built-in modes.
func Self() (string, error) { return os.Executable() }

// dieWithHost does nothing: the process sees the end of its standard input.
func dieWithHost(*syscall.SysProcAttr) {}

func family(pid int) []int { return []int{pid} }

// starved returns 0: this system does not tell.
func starved(...int) time.Duration { return 0 }

func resident(...int) (uint64, error) { return 0, errors.ErrUnsupported }

// dying returns false: this system does not tell.
func dying(int) bool { return false }

// socketFile is a Unix socket that can be dialled after its file is removed, which
// this system does not offer.
type socketFile struct{}

func openSocket(string) (*socketFile, error) { return nil, errors.ErrUnsupported }

func (s *socketFile) dial(context.Context) (net.Conn, error) { return nil, errors.ErrUnsupported }
func (s *socketFile) close()                                 {}
