// Package scaffold makes folders with plugins that work: they build, pass their
// tests and talk to the practice echo server as they are.
//
// The folders below templates are such plugins themselves, all of one small
// line mode that is named newmode. [New] copies one and writes the new name
// wherever that stands; for Go it adds a go.mod that finds the SDK, which is the
// module that this package is of. So what is copied is tested where it stands,
// and read like any other code.
//
// What this package is not for: it does not build, test or install what it
// made.
package scaffold
