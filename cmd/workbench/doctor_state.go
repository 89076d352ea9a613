package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
)

// Free space of the state directory's disk, in bytes.
const (
	tooLittleSpace = 64 << 20 // not even some recordings
	littleSpace    = 1 << 30  // what recordings may take
)

// examineState looks at the state directory and what is in it.
func examineState() []finding {
	const of = "state directory"
	dir, err := catalog.StateDir()
	if err != nil {
		return []finding{{of, isProblem, err.Error(), "nothing is recorded, and there is no token; set HOME or XDG_STATE_HOME"}}
	}
	shown := core.Printable(dir)
	if err := tryWriting(dir); err != nil {
		return []finding{{of, isProblem, shown + ": " + err.Error(),
			"nothing can be recorded or installed; let this user write there, or name another folder in XDG_STATE_HOME"}}
	}
	all := []finding{{of, isOK, shown + " can be written", ""}}
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		all[0] = finding{of, isNote, fmt.Sprintf("%s can be listed by others (mode %04o)", shown, info.Mode().Perm()),
			"what is in it cannot be read by them; chmod 700 it all the same"}
	}
	return append(all, examineDisk(dir), examineToken())
}

// tryWriting makes the folder, and a file in it that reaches the disk.
func tryWriting(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("workbench doctor\n")
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

func examineDisk(dir string) finding {
	const of = "disk"
	free, kind, err := diskOf(dir)
	if err != nil {
		return finding{of, isNote, "is not looked at: " + err.Error(), ""}
	}
	found := fmt.Sprintf("%d MiB are free", free>>20)
	if kind != "" {
		found += "; " + kind
	}
	switch {
	case free < tooLittleSpace:
		return finding{of, isProblem, found, "make room: recordings stop when the disk is full"}
	case free < littleSpace:
		return finding{of, isNote, found, fmt.Sprintf("recordings may take %d MiB; make room", littleSpace>>20)}
	case kind != "":
		return finding{of, isNote, found, ""}
	}
	return finding{of, isOK, found, ""}
}

func examineToken() finding {
	key, err := openKey()
	if err != nil {
		return finding{"token", isProblem, err.Error(), "without it only this account can use the workbench"}
	}
	return finding{"token", isOK, filepath.Base(key.Path()) + " can be read by this user alone", ""}
}
