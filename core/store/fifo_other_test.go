//go:build !unix

package store_test

import "os"

// mkfifo makes a folder, where there are no pipes with names.
func mkfifo(path string) error { return os.Mkdir(path, 0o700) }
