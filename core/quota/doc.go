// Package quota counts what the users of a workbench use, and refuses what would be
// more than they may: sessions that are open, new ones and dials a minute, costly
// requests at once, bytes a second.
//
// Each thing is counted in all, for its owner, and for the address that it comes
// from. An owner is an opaque key. Of IPv6 an address is a network of 64 bits, of
// which one subscriber has at least one (RFC 6177).
//
// What is counted costs constant time. Owners and addresses that have nothing open
// are remembered as long as there are at most [MaxIdle] of them; those that were
// idle the longest are forgotten, and start anew. What nothing bounds is not
// counted.
package quota
