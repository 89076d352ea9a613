// Package scaffold makes folders with working plugins: they build, pass their
// tests and talk to the practice echo server.
//
// The folders below templates are such plugins, all of one small line mode named
// newmode. [New] copies one and replaces that name; for Go it adds a go.mod that
// finds the SDK, which is the module of this package. So the templates are tested
// where they are, and read like any other code.
//
// This package does not build, test or install what it made.
package scaffold
