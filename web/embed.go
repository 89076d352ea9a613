// Package web holds the workbench's page: plain ES modules, styles and the
// libraries they use, embedded as they are. There is no build step: what stands
// in this folder is what a browser gets, tests and npm's files left out, the modules of
// a first visit joined into one. app.js says what its folders hold.
//
// It knows nothing of Go or of the gateway that serves it. The page speaks only
// to /api and /websocket of the place that it came from, and runs under
// a Content-Security-Policy of 'self' without inline scripts or styles.
package web

import (
	"embed"
	"io/fs"
)

//go:embed index.html *.css favicon.svg *.js wire/*.js model/*.js ui/*.js vendor/*.js vendor/*.LICENSE
var files embed.FS

// Files returns what is served, with index.html at its root.
func Files() fs.FS { return join(files) }
