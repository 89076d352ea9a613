package core

import "slices"

// Capabilities returns the names of all that a discipline may be able to do beyond what
// every one does: the later kinds of event, the client ends that are programs, and the rest.
func Capabilities() []string {
	var all []string
	for k := EventKind(1); k.Valid(); k++ {
		if k.IsLater() {
			all = append(all, k.String())
		}
	}
	return append(all, "client stream", "client datagrams", "server-eof stay", "messages", "secrets", "seeded")
}

// Has reports whether the discipline has a capability, one of [Capabilities].
func (m *Manifest) Has(capability string) bool {
	switch capability {
	case "client stream":
		return m.Serves(Stream)
	case "client datagrams":
		return m.Serves(Datagrams)
	case "server-eof stay":
		return m.AfterServerEOF
	case "messages":
		return m.Messages
	case "secrets":
		return m.Secrets
	case "seeded":
		return m.Seeded
	}
	return slices.Contains(m.Events, capability)
}
