//go:build !unix

package local

import "github.com/protocol-workbench/workbench/core/target"

// startProgram starts nothing: what stands for a process group here would have to be
// found out.
func startProgram([]string) (target.Stream, error) {
	return nil, fail(nil, target.CodeOff, "programs are not started on this system")
}
