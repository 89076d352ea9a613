// Package workbench carries the source that line modes in Go import, the SDK, so that
// the program can give it out where there is no checkout: `workbench plugin new`.
//
// The SDK is core, core/framing, core/conformance, plugins and plugins/plugintest, and
// what these import. It knows nothing of the program.
package workbench

import (
	"embed"
	"io/fs"
)

// The folders that hold the SDK's packages, without the folders within; TestSDKIsWhole
// says which are missing. Patterns cannot leave tests out; who writes the files does.
//
//go:embed go.mod go.sum LICENSE
//go:embed core/*.go core/catalog/*.go core/conformance/*.go core/conformance/abridge/*.go
//go:embed core/conformance/streams/*.go core/drive/*.go core/feed/*.go core/framing/*.go
//go:embed core/golden/*.go core/plainfile/*.go core/pluginproto/*.go core/replay/*.go
//go:embed core/secret/*.go core/store/parts/*.go core/transcript/*.go core/wire/*.go
//go:embed plugins/*.go plugins/plugintest/*.go
var sdk embed.FS

// SDK returns the SDK's files and their tests, as they lie in the module's folder.
func SDK() fs.FS { return sdk }
