package plainfile

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/protocol-workbench/workbench/core"
)

// Unreadable says that a path cannot be read, and why, without the name of a
// system call.
func Unreadable(path string, err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		err = e.Err
	}
	return fmt.Errorf("%s cannot be read: %w", core.Printable(path), err)
}
