package practice

import (
	"net/netip"
	"sync"
)

// Doors say where the ends of a connection within this process wait for each other's
// further connections, such as FTP's data connections. Neither end is to connect to anything
// else: the client may act for somebody elsewhere, who must not reach other programs of
// this machine through it. The zero value has none, and is ready to use by several
// goroutines.
type Doors struct {
	mu             sync.Mutex
	server, client netip.AddrPort
}

// OpenServer says that the server waits at an address; the zero AddrPort: nowhere any more.
func (d *Doors) OpenServer(at netip.AddrPort) { d.open(&d.server, at) }

// OpenClient says that the client waits at an address; the zero AddrPort: nowhere any more.
func (d *Doors) OpenClient(at netip.AddrPort) { d.open(&d.client, at) }

// Server reports whether the server waits at an address.
func (d *Doors) Server(at netip.AddrPort) bool { return d.isOpen(&d.server, at) }

// Client reports whether the client waits at an address.
func (d *Doors) Client(at netip.AddrPort) bool { return d.isOpen(&d.client, at) }

func (d *Doors) open(door *netip.AddrPort, at netip.AddrPort) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*door = unmapped(at)
}

func (d *Doors) isOpen(door *netip.AddrPort, at netip.AddrPort) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return at.IsValid() && *door == unmapped(at)
}

// unmapped returns the address as IPv4 has it where it is one.
func unmapped(at netip.AddrPort) netip.AddrPort {
	if !at.IsValid() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
