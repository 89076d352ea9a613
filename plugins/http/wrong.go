package http

// wrong is what is wrong with a part of a message.
type wrong uint8

const (
	wrongEnd wrong = iota + 1
	wrongLF
	wrongCR
	wrongLong
	wrongRequest
	wrongStatus
	wrongSimple
	wrongBlanks
	wrongMethod
	wrongTarget
	wrongVersion
	wrongHTTP2
	wrongCode
	wrongReason
	wrongHost
	wrongHosts
	wrongLead
	wrongFold
	wrongColon
	wrongSpace
	wrongName
	wrongLength
	wrongLengths
	wrongBoth
	wrongCoding
	wrongCodingOld
	wrongNoBody
	wrongSize
	wrongChunk
	wrongs
)

var wrongWords = [...]string{
	wrongEnd:       "RFC 9112, section 8: the stream ended before this was whole",
	wrongLF:        "RFC 9112, section 2.2: a line ends in CR LF; this one ends in LF alone",
	wrongCR:        "RFC 9112, section 2.2: a CR stands before LF alone, and a NUL nowhere",
	wrongLong:      "this line is longer than 32 KiB, of which the beginning is read",
	wrongRequest:   "RFC 9112, section 3: a request begins with a method, a target and HTTP/1.1, with a blank between them",
	wrongStatus:    "RFC 9112, section 4: a response begins with HTTP/1.1, a blank and a status code of three digits",
	wrongSimple:    "RFC 9112, section 3: there is no version, as in HTTP/0.9; HTTP/1.1 is missing",
	wrongBlanks:    "RFC 9112, section 3: one blank stands between the parts, and none before or after them",
	wrongMethod:    "RFC 9110, section 9.1: a method is a word of letters, digits and !#$%&'*+-.^_`|~",
	wrongTarget:    "RFC 9112, section 3.2: a target begins with /, or is a whole URL, * with OPTIONS, or host:port with CONNECT",
	wrongVersion:   "RFC 9112, section 2.3: a version is HTTP/, a digit, a dot and a digit; 1.0 and 1.1 are read here",
	wrongHTTP2:     "RFC 9113, section 3.4: this is HTTP/2, which is not decoded",
	wrongCode:      "RFC 9110, section 15: status codes are 100 to 599",
	wrongReason:    "RFC 9112, section 4: a blank stands after the code, even where no reason follows",
	wrongHost:      "RFC 9112, section 3.2: an HTTP/1.1 request has a field Host",
	wrongHosts:     "RFC 9112, section 3.2: there is one Host, not several",
	wrongLead:      "RFC 9112, section 2.2: no blank stands before the first field; the line is passed over",
	wrongFold:      "RFC 9112, section 5.2: a field is one line (obs-fold); what is folded is read as a blank",
	wrongColon:     "RFC 9112, section 5: a field is a name, a colon and a value",
	wrongSpace:     "RFC 9112, section 5.1: no blank stands before the colon",
	wrongName:      "RFC 9110, section 5.1: a name is a word of letters, digits and !#$%&'*+-.^_`|~",
	wrongLength:    "RFC 9110, section 8.6: Content-Length is a decimal number",
	wrongLengths:   "RFC 9112, section 6.3: there are two Content-Lengths, and they differ",
	wrongBoth:      "RFC 9112, section 6.1: there is no Content-Length beside Transfer-Encoding, which counts",
	wrongCoding:    "RFC 9112, section 6.3: chunked is the last coding, once, or nobody knows where the body of a request ends",
	wrongCodingOld: "RFC 9112, section 6.1: HTTP/1.0 has no Transfer-Encoding",
	wrongNoBody:    "RFC 9112, section 6.1, and RFC 9110, section 8.6: a response that has no body has no such field",
	wrongSize:      "RFC 9112, section 7.1: a chunk begins with its size in hex digits; what follows is shown as it is",
	wrongChunk:     "RFC 9112, section 7.1: CR LF stands after a chunk; what follows is shown as it is",
}
