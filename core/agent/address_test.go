package agent

import "testing"

// Without a scheme the way to another machine is TLS, and what would be in clear is known.
func TestCheckAddress(t *testing.T) {
	for at, want := range map[string]struct {
		url   string
		clear bool
	}{
		"127.0.0.1:8000": {"http://127.0.0.1:8000", false}, "[::1]:8000": {"http://[::1]:8000", false}, ":8000": {"http://:8000", false},
		"localhost:8000": {"http://localhost:8000", false}, "wb-1.LOCALHOST:8000": {"http://wb-1.LOCALHOST:8000", false},
		"192.0.2.2:8443": {"https://192.0.2.2:8443", false}, "school.example": {"https://school.example", false},
		"localhost.example:1": {"https://localhost.example:1", false}, "[2001:db8::1]:8443": {"https://[2001:db8::1]:8443", false},
		"http://127.0.0.9:1/": {"http://127.0.0.9:1", false}, "http://192.0.2.2:8000": {"http://192.0.2.2:8000", true}, "HTTP://a.example": {"http://a.example", true},
		"https://192.0.2.2": {"https://192.0.2.2", false},
	} {
		u, err := CheckAddress(at)
		if err != nil || u.String() != want.url || IsClear(u) != want.clear {
			t.Errorf("%s: %v, %v", at, u, err)
		}
	}
	for _, at := range []string{"", "ftp://host", "http://a/b", "user@host:1", "http://host?x", "a b"} {
		if u, err := CheckAddress(at); err == nil {
			t.Errorf("%q is taken for %v", at, u)
		}
	}
}
