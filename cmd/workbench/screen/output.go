package screen

import (
	"errors"
	"io"
	"os"

	"github.com/protocol-workbench/workbench/core/plainfile"
)

// Standard is the name of standard input or output, where a file is named.
const Standard = "-"

// Output has write write to a file, replaced as one step, or to standard
// output if there is none.
func Output(file string, stdout io.Writer, binary bool, write func(io.Writer) error) error {
	if file == "" || file == Standard {
		switch {
		case !IsTerminal(stdout):
			return write(Unfiltered(stdout))
		case binary:
			return errors.New("this form is not for a terminal: name a file with -o, or send it to a program")
		}
		return write(stdout)
	}
	var err error
	if info, statErr := os.Stat(file); statErr == nil && !info.Mode().IsRegular() { // such as a named pipe
		err = writeInto(file, write)
	} else {
		err = plainfile.Write(file, 0o600, write)
	}
	if err != nil {
		return plainfile.Unwritable(file, err)
	}
	return nil
}

func writeInto(file string, write func(io.Writer) error) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
