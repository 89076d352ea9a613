package access

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what a user is here for.
type Role string

// The roles, from the one that may do most.
const (
	Admin   Role = "admin"   // runs the workbench
	Teacher Role = "teacher" // has listeners of his own, for others to connect to; runs a class
	Student Role = "student" // opens sessions, and keeps what he records
	Viewer  Role = "viewer"  // looks at what he has
)

// Roles returns all roles, from the one that may do most.
func Roles() []Role { return []Role{Admin, Teacher, Student, Viewer} }

// Action is a kind of thing that a request does.
type Action string

// What requests do. Whatever they read or change is the user's own: nobody reaches
// what belongs to another user, except for what Teach shows of a class.
const (
	Look   Action = "look"   // read the page, the modes, and what is recorded or live
	Change Action = "change" // change, delete or add to what is recorded; end sessions
	Dial   Action = "dial"   // open sessions, type in them, and connect as a played client
	Listen Action = "listen" // be connected to, as a played server or by a tap
	Teach  Action = "teach"  // see who is in the class and what they do, send to all, pause it, remove students
	Manage Action = "manage" // see how the workbench itself does: metrics, profiles, the mode in development
)

// Actions returns all actions.
func Actions() []Action { return []Action{Look, Change, Dial, Listen, Teach, Manage} }

// matrix says who may do what.
var matrix = map[Role][]Action{
	Admin:   {Look, Change, Dial, Listen, Teach, Manage},
	Teacher: {Look, Change, Dial, Listen, Teach},
	Student: {Look, Change, Dial},
	Viewer:  {Look},
}

// May reports whether the role may do something.
func (r Role) May(a Action) bool { return slices.Contains(matrix[r], a) }

// ParseRole reads a role's name.
func ParseRole(s string) (Role, error) {
	if r := Role(s); slices.Contains(Roles(), r) {
		return r, nil
	}
	var names []string
	for _, r := range Roles() {
		names = append(names, string(r))
	}
	return "", fmt.Errorf("unknown role %.40q; the roles are %s", s, strings.Join(names, ", "))
}
