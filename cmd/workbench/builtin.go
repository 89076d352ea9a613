package main

import (
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	echoquit "github.com/protocol-workbench/workbench/plugins/echo-quit"
	httpline "github.com/protocol-workbench/workbench/plugins/http-line"
	"github.com/protocol-workbench/workbench/plugins/raw"
)

// builtin lists the line modes that are in this binary; the first is the one
// that a client gets that names none.
var builtin = []core.Discipline{
	httpline.Discipline(),
	raw.Discipline(),
	echoquit.Discipline(),
}

// manifest returns a built-in mode's manifest.
func manifest(mode string) (core.Manifest, bool) {
	for _, d := range builtin {
		if d.Manifest.Name == mode {
			return d.Manifest, true
		}
	}
	return core.Manifest{}, false
}

// notBuiltIn refuses a plugin the name of a built-in line mode.
func notBuiltIn(name string) error {
	if _, taken := manifest(name); taken {
		return fmt.Errorf("%s is the name of a built-in line mode; give the plugin another one", name)
	}
	return nil
}
