package certificate

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// maxNamed is for how many sets of names certificates are kept.
const maxNamed = 256

// Named makes certificates for whatever names are asked for, which an [Authority] signs.
// Their keys are only in memory. It is safe for concurrent use.
type Named struct {
	authority *Authority

	mu   sync.Mutex
	kept map[string]*Server // by their names
}

// Named returns certificates for names that are not known yet.
func (a *Authority) Named() *Named {
	return &Named{authority: a, kept: map[string]*Server{}}
}

// NotPermitted says that an authority may not vouch for a name.
type NotPermitted struct{ Name string }

func (e *NotPermitted) Error() string {
	return fmt.Sprintf("the local authority may not vouch for %s", e.Name)
}

// Get returns a certificate for a server of the first name, and of those of the others that
// the authority may vouch for. Without a first name, one of the others is enough. Its error
// is a *NotPermitted if the authority may not vouch for what is wanted.
func (n *Named) Get(hello *tls.ClientHelloInfo, first string, others ...string) (*tls.Certificate, error) {
	var names []string
	for _, name := range append([]string{first}, others...) {
		if name = strings.ToLower(name); name != "" && !slices.Contains(names, name) && n.authority.Permits(name) {
			names = append(names, name)
		}
	}
	if first != "" && !slices.Contains(names, strings.ToLower(first)) {
		return nil, &NotPermitted{first}
	}
	if names == nil {
		return nil, &NotPermitted{strings.Join(others, " or ")}
	}
	server, err := n.server(names)
	if err != nil {
		return nil, err
	}
	return server.Get(hello)
}

// server returns the certificates for names, and keeps those that were asked for last.
func (n *Named) server(names []string) (*Server, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := strings.Join(names, " ")
	if s := n.kept[key]; s != nil {
		return s, nil
	}
	s, err := n.authority.Server(names)
	if err != nil {
		return nil, err
	}
	if len(n.kept) >= maxNamed {
		clear(n.kept)
	}
	n.kept[key] = s
	return s, nil
}
