// Command hungry is a plugin that takes as much memory as it is told, in bytes,
// and keeps it.
package main

import (
	"strconv"
	"syscall"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins"
)

func main() {
	plugins.Serve(core.Discipline{
		Manifest: core.Manifest{Name: "hungry", Title: "Hungry", Input: core.InputLine},
		Open:     func(core.Opening, *core.Out) (core.Machine, error) { return hungry{}, nil },
	})
}

type hungry struct{}

func (hungry) Handle(ev core.Event, out *core.Out) error {
	if ev.Kind != core.ClientText {
		return nil
	}
	size, err := strconv.Atoi(string(ev.Data))
	if err != nil {
		return err
	}
	// Not Go's heap, which grows by 64 MiB.
	const kind = syscall.MAP_PRIVATE | syscall.MAP_ANONYMOUS | syscall.MAP_POPULATE
	if _, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, kind); err != nil {
		return err
	}
	out.Text([]byte("full"))
	return nil
}
