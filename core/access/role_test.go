package access

import (
	"maps"
	"slices"
	"testing"
)

// Who may do what, once more and by hand: a change of the matrix is seen here.
func TestMatrix(t *testing.T) {
	want := map[Role]string{Admin: "look change dial listen teach manage ", Teacher: "look change dial listen teach ", Student: "look change dial ", Viewer: "look "}
	if got := slices.Sorted(maps.Keys(matrix)); len(got) != len(want) || len(Roles()) != len(want) {
		t.Errorf("roles are %q and %q", got, Roles())
	}
	for role, allowed := range want {
		got := ""
		for _, a := range Actions() {
			if role.May(a) {
				got += string(a) + " "
			}
		}
		if got != allowed {
			t.Errorf("a %s may %s; want %s", role, got, allowed)
		}
	}
	if Role("").May(Look) || Role("root").May(Look) {
		t.Error("a role that is none may look")
	}
	if r, err := ParseRole("teacher"); r != Teacher || err != nil {
		t.Error(r, err)
	}
	if _, err := ParseRole("root"); err == nil {
		t.Error("root is a role")
	}
}
