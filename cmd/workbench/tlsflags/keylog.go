package tlsflags

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core"
)

const keyLogFlag = prefix + "keylog"

// AddKeyLog adds the flag that names the file for OpenKeyLog.
func AddKeyLog(flags *pflag.FlagSet, path *string) {
	flags.StringVar(path, keyLogFlag, "", "append the secrets of TLS sessions to `FILE`, for Wireshark: who reads it can read what crosses")
}

// OpenKeyLog opens the file to which the secrets of TLS sessions are appended, as
// NSS writes them (SSLKEYLOGFILE), and sees to it that only its owner may read it.
// It returns a nil writer for no file. warn is what people should be told at the
// start.
func OpenKeyLog(path string) (w io.Writer, done func(), warn string, err error) {
	if path == "" {
		return nil, func() {}, "", nil
	}
	if at, err := os.Stat(path); err == nil && !at.Mode().IsRegular() {
		return nil, nil, "", fmt.Errorf("--%s %s: not a regular file", keyLogFlag, core.Printable(path))
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err == nil {
		if err = f.Chmod(0o600); err != nil {
			f.Close()
		}
	}
	if err != nil {
		return nil, nil, "", fmt.Errorf("--%s: %w", keyLogFlag, err)
	}
	return f, func() { f.Close() }, "the secrets of TLS sessions are written to a file: who reads it can read what crosses", nil
}
