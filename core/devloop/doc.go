// Package devloop is the loop of someone who writes a plugin: on each save the
// plugin is built, tried on its goldens, and put in the place of the build that
// serves, into sessions that are open.
//
// The duties of a caller, in order:
//
//  1. New, with what the loop needs of the rest.
//  2. First, with a host that runs, which returns when the plugin is in place.
//  3. Run, beside the gateway, until its context ends, and have what Observe
//     returns told of each session of the mode that begins meanwhile.
//  4. Show in the terminal what happens and take Orders there, and serve the
//     page by ServeHTTP.
//
// A build that fails, or whose process does not start, changes nothing: the one
// before goes on, or none is in place yet, and the next save is tried. A session
// whose past the new build answers differently goes on with the old one until
// Move.
//
// What this package is not for: it knows no way to start a process but the
// host's, and no flags.
package devloop
