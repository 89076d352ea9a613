// Package class keeps a class: who has joined, who raises a hand, whether it is paused, and
// what its teacher has sent to all.
//
// A [State] is the fold of [Event]s, and pure. A [Class] keeps the events of one class in a
// file of its folder, a line of JSON each, beside the file of its users: an event is on the
// disk before it counts, so a class is the same after a power cut as before. Only one
// process at a time can have a class open.
//
// Several workbenches can hold one class, each with a folder: [OpenShared] opens one of which
// the events are a value that they share, and [Class.Follow] takes in what others make of it.
//
// Students are users of role student. They join with the class's code and a name of their
// own choosing, from which their user name is derived.
//
// The package does not know who asks: its caller checks the code by [Class.Admits], bounds
// how often it is tried, and lets only a teacher pause the class or remove a student.
package class
