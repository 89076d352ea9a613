// Package pcap turns transcripts into captures, and captures into transcripts.
//
// [Write] makes a pcapng of one transcript: the bytes are those that crossed
// the connection to the server, the packets around them are made up, and the
// file says so. [Import] reads pcap and pcapng, puts every TCP connection
// in order, and writes a transcript of each.
//
// The caller's duties: Import is told where a transcript is written to, and
// takes captures of any size from anyone. It holds a bounded part of them in
// memory, and ends with its context.
//
// What this package is not for: it captures nothing and opens no file. It
// knows TCP's order and no protocol above it; IP fragments and tunnels are
// counted and left out. Bytes of a connection that are left out have a remark.
package pcap
