// Package plugins turns a line discipline into a plugin process of the
// workbench. A plugin's main is one call:
//
//	package main
//
//	import (
//		"bytes"
//
//		"github.com/protocol-workbench/workbench/core"
//		"github.com/protocol-workbench/workbench/plugins"
//	)
//
//	type shout struct{}
//
//	func (shout) Handle(ev core.Event, out *core.Out) error {
//		switch ev.Kind {
//		case core.ClientText:
//			out.Server(bytes.ToUpper(ev.Data), []byte("\r\n"))
//		case core.ServerBytes:
//			out.Binary(ev.Data)
//		}
//		return nil
//	}
//
//	func main() {
//		plugins.Serve(core.Discipline{
//			Manifest: core.Manifest{Name: "shout", Title: "Shout", Input: core.InputLine},
//			Open:     func(core.Opening, *core.Out) (core.Machine, error) { return shout{}, nil },
//		})
//	}
//
// The duties of an author, beside those that package core lists:
//
//  1. Print nothing to standard output before Serve: it carries the handshake.
//  2. Log with log/slog, or write lines to standard error: both appear in the
//     workbench's log under the plugin's name, at most 64 KiB a second.
//  3. Leave standard input alone: its end tells that the workbench is gone.
//  4. Keep nothing on disk or in globals: the process is killed and started
//     again at any time.
//
// What this package is not for: testing a machine needs no process, and
// package core alone is enough to write one.
package plugins
