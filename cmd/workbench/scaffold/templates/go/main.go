// Command workbench-plugin-newmode is a line mode for the Protocol Workbench,
// which starts it.
package main

import "github.com/protocol-workbench/workbench/plugins"

func main() { plugins.Serve(discipline()) }
