// Package pcap turns transcripts into captures, and captures into transcripts.
//
// [Write] makes a pcapng from one transcript. The bytes are those that crossed
// the connection to the server; the packets around them are synthetic, and the
// file says so. [Import] reads pcap and pcapng, reassembles every TCP connection,
// and writes a transcript of each.
//
// Import takes captures of any size from anyone. It holds a bounded part of them
// in memory, and ends with its context. Its caller decides where each transcript
// is written.
//
// This package captures nothing and opens no file. It reassembles IP and TCP, and knows
// no protocol above; it counts tunnels, and IP fragments of packets that are not whole,
// and leaves them out. Bytes of a connection that are left out have a remark.
package pcap
