// Package transcript holds the text form of a session's log, format v1: it
// parses it, prints it, writes its entries as JSON and shows how two logs
// differ. A golden test is a transcript that is kept in a repository.
//
// # Writing one by hand
//
// A transcript is UTF-8 text, one entry per line:
//
//	workbench transcript v1
//	mode http-line
//	option eol "crlf"
//	target "example.com:80"
//
//	# a comment belongs to the entry below it
//	>> client text "GET / HTTP/1.0"
//	<< server "GET / HTTP/1.0\r\n"
//	>> server "HTTP/1.0 302 Found\r\n"
//	          "Location: http://www.example.com/\r\n"
//	<< client text "HTTP/1.0 302 Found"
//	<< client text "Location: http://www.example.com/"
//	>> server eof
//
// The first line names the format. Then come the mode, any options, and the
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
//	           | "secret" "value" LENGTH
//	rule       = "match" STRING | "any" [FROM TO] | "until" STRING | "use" NAME
//	BYTES      = STRING {newline and indent STRING}
//
// STRING is a Go string in double quotes: \r \n \t \" \\ \xNN \uNNNN and the
// others. An indented STRING on its own line continues the payload above it.
// NAME is as in [core.ValidName]. SECONDS is a decimal number since the
// session's start, such as 0.510, kept to the microsecond; times need not rise.
// DURATION is Go's, such as 100ms or 2s. WORDS is the rest of the line.
//
// A rule is a line of its own above an entry with bytes that can cross the
// network: << server, >> server, >> client text or binary. It says which of those
// bytes a live peer may send differently, and only package play interprets it.
// It has no time. FROM and TO count the payload's bytes.
//
// Blank lines and comments (# first on their line) may be anywhere except
// inside a payload. Lines may end with CR LF. Bounds are core's: 1 MiB for an
// event, 1 MiB + 64 KiB for an action, 4 KiB for the words of close, note and
// failed, 1 ms to 24 h for a timer; 64 rules above an entry, 4 KiB for a rule,
// and [MaxLines] for a file. A timer may fire only if an action above armed it.
//
// # What [Parse] and printing promise
//
// Printing what was parsed gives the same transcript in one settled form,
// with its comments; printing that again changes nothing.
//
// # What this package does not do
//
// It knows no line mode and no network. Package replay finds out what the
// answers should have been.
package transcript
