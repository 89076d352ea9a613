// Command hungry is a plugin that takes as much memory as it is told, in bytes,
// and keeps it; after "hide", in a way that RLIMIT_DATA does not count.
package main

import (
	"strconv"
	"strings"
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
	words, hide := strings.CutPrefix(string(ev.Data), "hide ")
	size, err := strconv.Atoi(words)
	if err != nil {
		return err
	}
	// Not Go's heap, which grows by 64 MiB.
	const kind = syscall.MAP_PRIVATE | syscall.MAP_ANONYMOUS | syscall.MAP_POPULATE
	piece := size
	if hide {
		piece = 16 << 20
	}
	for ; size > 0; size -= piece {
		m, err := syscall.Mmap(-1, 0, piece, syscall.PROT_READ|syscall.PROT_WRITE, kind)
		if err == nil && hide {
			err = syscall.Mprotect(m, syscall.PROT_READ)
		}
		if err != nil {
			return err
		}
	}
	out.Text([]byte("full"))
	return nil
}
