// Command workbench-plugin-go-records is a line mode for the Protocol Workbench, which
// starts it. It takes apart a protocol of records that hold items.
package main

import "github.com/protocol-workbench/workbench/plugins"

func main() { plugins.Serve(discipline()) }
