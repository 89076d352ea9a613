package plainfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/protocol-workbench/workbench/core"
)

// Unwritable says that a path could not be written, and why, without the name of
// a system call.
func Unwritable(path string, err error) error {
	var e *fs.PathError
	var link *os.LinkError
	if errors.As(err, &e) {
		err = e.Err
	} else if errors.As(err, &link) {
		err = link.Err
	}
	return fmt.Errorf("%s could not be written: %w", core.Printable(path), err)
}
