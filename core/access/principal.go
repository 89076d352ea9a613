package access

import (
	"fmt"
	"strings"
)

// Principal is whom a request comes from. What belongs to the same Name belongs to
// the same user.
type Principal struct {
	Name string // of the user; "": the account that runs the workbench
	Role Role
	By   By
}

// By is how a gate knows a principal.
type By string

// How a gate knows a principal.
const (
	Account By = "account" // its process belongs to the account that runs the workbench, or to root
	Token   By = "token"   // it has a token
	Browser By = "browser" // a link was opened in it, or its user has signed in
	Anyone  By = "anyone"  // nobody asks
)

// Own returns the principal of the account that runs the workbench.
func Own(by By) Principal { return Principal{Role: Admin, By: by} }

// IsAccount reports that the principal is known to be the account that runs the
// workbench, and so may do what that account may do on its machine.
func (p Principal) IsAccount() bool { return p.Name == "" && p.By != Anyone }

// String returns how the audit log names the principal.
func (p Principal) String() string {
	if p.Name != "" {
		return p.Name
	}
	return string(p.By)
}

// maxName bounds a user's name, in bytes.
const maxName = 64

// CheckName reports what is wrong with a user's name. A name is that of a folder, too.
func CheckName(name string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789._@+-"
	switch {
	case name == "" || len(name) > maxName:
		return fmt.Errorf("name %.40q has %d bytes; it must have 1 to %d", name, len(name), maxName)
	case strings.Trim(name, allowed) != "" || strings.ContainsAny(name[:1], ".-"):
		return fmt.Errorf("name %.40q is not allowed; it may have small letters, digits and . _ @ + -, and begins with none of . and -", name)
	}
	return nil
}
