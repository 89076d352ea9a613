package pcap

import "fmt"

// String says whose connection it is, and how many bytes its transcript has.
func (c Connection) String() string {
	words := fmt.Sprintf("%v to %v, %d bytes sent, %d received", c.Client, c.Server, c.Sent, c.Received)
	if c.Lost > 0 {
		words += fmt.Sprintf(", %d lost", c.Lost)
	}
	if c.Stray > 0 {
		words += fmt.Sprintf(", %d left out", c.Stray)
	}
	return words
}

// Warnings say what of the capture is in no transcript, and what of it is not
// whole.
func (r *Report) Warnings() (all []string) {
	warn := func(n int64, format string, args ...any) {
		if n > 0 {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	if r.Truncated {
		all = append(all, "the capture ends within a packet; what is before it was read")
	}
	warn(r.Late, "left out %d bytes that came after their connection had ended", r.Late)
	warn(r.Fragments, "left out %d fragments of IP packets of which others are missing; their bytes count as lost", r.Fragments)
	warn(r.Damaged, "left out %d TCP packets with a damaged header; their bytes count as lost", r.Damaged)
	warn(r.Unread, "left out %d packets of link type %s; Ethernet, Linux cooked, loopback and plain IP are read", r.Unread, r.LinkType)
	warn(r.Tunnelled, "left out %d packets that hold others (PPPoE, MPLS, GRE); these are not looked into", r.Tunnelled)
	warn(int64(r.LeftOut), "left out %d connections: one import writes %d transcripts. Filter the capture, as with tshark -r FILE -Y FILTER -w OUT", r.LeftOut, MaxTranscripts)
	return all
}
