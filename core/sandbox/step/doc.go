// Package step is the sandbox's half inside the process: a program that was started in
// front of a plugin takes its rights away, and becomes the plugin. Package sandbox has
// the other half, and the reasons.
//
// It imports little, so that a binary can call Run before its other packages are
// initialised: no os/exec and no path/filepath, whose turn comes late, and no
// crypto/rand.
package step
