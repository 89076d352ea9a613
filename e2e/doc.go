// Package e2e tests the workbench as its users meet it: the built binary, over
// real TCP and TLS, against real servers (Go's, nginx, cmd/echo), and the page
// in a real Chromium. Nothing here looks inside.
//
// The tests build ./cmd/workbench and ./cmd/echo once, with plain go build. Set
// WORKBENCH_BINARY to test another build of the workbench.
//
// They need Linux (memory and processes are read from /proc), nginx and Chromium. A
// missing one is an error that says what to install; nothing is skipped. They use only
// loopback addresses, and no fixed port. Nothing sleeps for a fixed time: the tests wait
// for conditions, with a limit.
//
// The tests of the page share one Chromium, in which each has browser contexts of its own.
// In the short form (testing.Short) one of each thing is tried; the full form has the
// matrices: all lessons, screens and sizes, and longer floods and storms.
//
// Most tests share one running workbench. A test that signals, kills or measures it
// starts its own. Every workbench that a test starts is stopped by SIGTERM at the end; it
// must then exit with code 0 and leave no process and no file.
package e2e
