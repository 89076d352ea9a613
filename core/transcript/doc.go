// Package transcript holds the text form of a session's log, format v1: it
// parses it, prints it, writes its entries as JSON and shows how two logs
// differ. A golden test is a transcript that is kept.
//
// # Writing one by hand
//
// A transcript is UTF-8 text, an entry a line:
//
//	workbench transcript v1
//	mode http-line
//	option eol "crlf"
//	target "example.com:80"
//
//	# a comment sticks to the entry below it
//	>> client text "GET / HTTP/1.0"
//	<< server "GET / HTTP/1.0\r\n"
//	>> server "HTTP/1.0 302 Found\r\n"
//	          "Location: http://www.example.com/\r\n"
//	<< client text "HTTP/1.0 302 Found"
//	<< client text "Location: http://www.example.com/"
//	>> server eof
//
// The first line names the format. mode comes next, then any options, then the
// target, which may be left out. >> is an event, a fact from the side that it
// names; << is an action, an order toward that side, and answers the event
// above it; actions above the first event answer the opening. -- is a remark
// of the workbench.
//
// # Grammar
//
//	transcript = "workbench transcript v1" mode {option} [target] {tls} {entry}
//	mode       = "mode" NAME
//	option     = "option" NAME STRING
//	target     = "target" STRING
//	tls        = "tls" NAME STRING
//	entry      = {"~~" rule} [SECONDS] (">>" event | "<<" action | "--" WORDS)
//	event      = "client" ("text" BYTES | "binary" BYTES | "eof" | "closed")
//	           | "server" (BYTES | "eof" | "failed" BYTES)
//	           | "timer" NAME
//	action     = "server" (BYTES | "eof")
//	           | "client" ("text" | "binary") BYTES
//	           | "close" BYTES | "note" BYTES | "failed" BYTES
//	           | "timer" NAME (DURATION | "off")
//	           | "pass-through" ("client" | "server")
//	           | "secret" ("event" | "action") FROM TO
//	rule       = "match" STRING | "any" [FROM TO] | "until" STRING | "use" NAME
//	BYTES      = STRING {newline and indent STRING}
//
// STRING is a Go string in double quotes: \r \n \t \" \\ \xNN \uNNNN and the
// rest. One that stands indented on a line of its own continues the payload
// above it. NAME is as [core.ValidName] says. SECONDS is a decimal number
// since the session's start, such as 0.510, kept to the microsecond; times
// need not rise. DURATION is Go's, such as 100ms or 2s. WORDS is the rest of
// the line.
//
// A rule is a line of its own above an entry with bytes that can go over the
// wire: << server, >> server, >> client text or binary. It says which of those
// bytes a live peer may say otherwise, and means something to package play
// only. It has no time. FROM and TO count the payload's bytes.
//
// Blank lines and comments (# first on their line) may stand anywhere but
// inside a payload. Lines may end with CR LF. Bounds are core's: 1 MiB an
// event, 1 MiB + 64 KiB an action, 4 KiB for the words of close, note and
// failed, 1 ms to 24 h a timer, 64 rules above an entry, 4 KiB a rule, and
// [MaxLines] a file. A timer may only fire when an action above has armed it.
//
// # What [Parse] and print promise
//
// Printing what was parsed gives the same transcript in one settled form,
// with its comments; printing that again changes nothing.
//
// # What this package is not for
//
// It knows no line mode and no network. What the answers should have been is
// for the replay to find out.
package transcript
