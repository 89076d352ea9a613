// Package modes holds the pages of line modes, for `workbench modes --describe`.
package modes

import "embed"

//go:embed *.md
var pages embed.FS

// Page returns the page of a line mode, if it has one.
func Page(mode string) (text string, ok bool) {
	data, err := pages.ReadFile(mode + ".md")
	return string(data), err == nil && mode != "README"
}
