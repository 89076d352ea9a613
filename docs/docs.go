// Package docs holds the documentation as it is written, in Markdown with its pictures, so
// that the binary has it with it.
package docs

import (
	"embed"
	"io/fs"
)

// The pictures are those that pages show; the site's test of links misses any other one.
//
//go:embed *.md modes/*.md plugins/*.md img/performance-*.svg img/compare.png img/ladder.png img/playback.png img/session.png img/start.png
var files embed.FS

// Files returns the pages and pictures. README.md is the table of contents.
func Files() fs.FS { return files }

// Mode returns the page of a line mode, if it has one.
func Mode(name string) (text string, ok bool) {
	data, err := files.ReadFile("modes/" + name + ".md")
	return string(data), err == nil && name != "README"
}
