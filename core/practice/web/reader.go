package web

import (
	"bytes"
	"strconv"
)

// Bounds of a request. What is over them is refused.
const (
	maxLine      = 8000     // bytes of the request line, and of each field line; RFC 9112, section 3, wants that much
	maxHead      = 16 << 10 // bytes of all lines of a head, and of trailers, without their ends
	maxLines     = 100      // lines of a head, and of trailers
	maxBody      = 16 << 10 // bytes
	maxChunkLine = 256      // bytes of the line before a chunk
)

// reader takes requests from a client's stream. Where the stream is cut changes nothing.
type reader struct {
	lenient bool // LF alone ends a line too
	counted bool // the request before had a Content-Length
	at      place
	line    []byte // what has come of the line
	lines   int    // of the head or of the trailers that have come
	head    int    // bytes of those
	left    int    // bytes of the body, or of the chunk, that are still to come
	req     request
}

// place is what comes next in the stream.
type place uint8

const (
	atStart place = iota
	atFields
	atBody
	atChunkLine
	atChunk
	atChunkEnd
	atTrailers
)

// found is what next has come to.
type found uint8

const (
	nothing found = iota // more must come
	headEnd              // the head is there, the body may follow
	end                  // the request is there
)

// next takes data up to the next thing to do, and returns how much that was. After end or
// a refusal, reset begins another request.
func (r *reader) next(data []byte) (used int, what found, bad *answer) {
	for {
		n, what, more, bad := r.step(data[used:])
		used += n
		if what != nothing || bad != nil || !more {
			return used, what, bad
		}
	}
}

// reset begins another request.
func (r *reader) reset() { *r = reader{lenient: r.lenient, counted: r.req.length != ""} }

// step takes one line, or a piece of a body; more says whether to go on.
func (r *reader) step(data []byte) (used int, what found, more bool, bad *answer) {
	switch r.at {
	case atBody, atChunk:
		used = min(r.left, len(data))
		r.req.body = append(r.req.body, data[:used]...)
		r.left -= used
		switch {
		case r.left > 0:
			return used, nothing, false, nil
		case r.at == atBody:
			return used, end, false, nil
		}
		r.at = atChunkEnd
		return used, nothing, true, nil
	}
	if r.at == atStart && len(r.line) == 0 && len(data) > 0 && data[0] == 0x16 {
		return 0, nothing, false, refuse(400, "this is TLS, and the server speaks none; use http:// and not https://")
	}
	used, line, whole, bad := r.takeLine(data)
	if !whole || bad != nil {
		return used, nothing, false, bad
	}
	what, bad = r.took(line)
	return used, what, true, bad
}

// took takes a line, without its end.
func (r *reader) took(line string) (what found, bad *answer) {
	switch r.at {
	case atStart:
		if line == "" {
			return nothing, nil // RFC 9112, section 2.2
		}
		r.at, r.lines, r.head = atFields, 1, len(line)
		bad = r.req.start(line)
		if bad != nil && r.counted {
			bad = refuse(400, "after the body that the Content-Length counted comes a request line, not %s; make the length count the whole body", shown(line))
		}
		return nothing, bad
	case atFields, atTrailers:
		return r.tookField(line)
	case atChunkLine:
		return nothing, r.tookChunkLine(line)
	}
	r.at = atChunkLine // after the line end at atChunkEnd
	return nothing, nil
}

// tookField takes a field line of the head or of the trailers, or the empty line after
// them.
func (r *reader) tookField(line string) (what found, bad *answer) {
	switch {
	case line == "" && r.at == atTrailers:
		return end, nil
	case line == "":
		return headEnd, r.begin()
	}
	r.lines++
	r.head += len(line)
	if r.head > maxHead || r.lines > maxLines {
		return nothing, refuse(431, "a head may have at most %d lines and %d bytes here; leave fields out", maxLines, maxHead)
	}
	name, value, bad := field(r.lines, line)
	if bad == nil && r.at == atFields { // trailers change nothing (RFC 9110, section 6.5.1)
		bad = r.req.set(name, value)
	}
	return nothing, bad
}

// begin goes on to the body.
func (r *reader) begin() *answer {
	length, chunked, bad := r.req.framing()
	r.at, r.left = atBody, length
	if chunked {
		r.at = atChunkLine
	}
	return bad
}

// tookChunkLine takes the line before a chunk (RFC 9112, section 7.1).
func (r *reader) tookChunkLine(line string) *answer {
	digits, _, extended := bytes.Cut([]byte(line), []byte(";"))
	if extended {
		digits = bytes.TrimRight(digits, " \t")
	}
	if !isHex(string(digits)) {
		return refuse(400, "a chunk begins with its size in hexadecimal digits and CR LF, not with %s; type 5, then HELLO", shown(line))
	}
	size, err := strconv.ParseUint(string(digits), 16, 64)
	if err != nil || size > uint64(maxBody-len(r.req.body)) {
		return refuse(413, "a body may have at most %d bytes here; send fewer or shorter chunks", maxBody)
	}
	r.at, r.left = atChunk, int(size)
	if size == 0 {
		r.at, r.lines, r.head = atTrailers, 0, 0
	}
	return nil
}

// takeLine takes data up to the end of a line. It searches each byte once.
func (r *reader) takeLine(data []byte) (used int, line string, whole bool, bad *answer) {
	most := r.most()
	window := data[:min(len(data), most+2-len(r.line))]
	lf := bytes.IndexByte(window, '\n')
	if lf < 0 {
		r.line = append(r.line, window...)
		if len(r.line) > most+1 {
			return len(window), "", false, r.tooLong()
		}
		return len(window), "", false, nil
	}
	r.line = append(r.line, window[:lf]...)
	text, cr := bytes.CutSuffix(r.line, []byte("\r"))
	switch {
	case len(text) > most:
		return lf + 1, "", false, r.tooLong()
	case !cr && !r.lenient:
		return lf + 1, "", false, refuse(400, "%s ended in LF alone at byte %d; HTTP wants CR LF", r.place(), len(text)+1)
	}
	if at := bytes.IndexByte(text, '\r'); at >= 0 {
		return lf + 1, "", false, refuse(400, "%s has CR without LF at byte %d; HTTP ends lines with CR LF", r.place(), at+1)
	}
	line = string(text)
	r.line = r.line[:0]
	return lf + 1, line, true, nil
}

// most is how many bytes a line may have here, without its end.
func (r *reader) most() int {
	switch r.at {
	case atChunkLine:
		return maxChunkLine
	case atChunkEnd:
		return 0
	}
	return maxLine
}

// tooLong refuses a line of more bytes than that.
func (r *reader) tooLong() *answer {
	switch r.at {
	case atStart:
		return refuse(414, "a request line may have at most %d bytes here; type a shorter target", maxLine)
	case atChunkLine:
		return refuse(400, "the line with a chunk's size may have at most %d bytes here; type hexadecimal digits and CR LF", maxChunkLine)
	case atChunkEnd:
		return refuse(400, "after the chunk's bytes comes CR LF, not more of them; make the size before it count them all")
	}
	return refuse(431, "a field line may have at most %d bytes here; type a shorter one", maxLine)
}

// place names the line that comes, for people.
func (r *reader) place() string {
	switch r.at {
	case atChunkLine:
		return "the line with a chunk's size"
	case atChunkEnd:
		return "the line after a chunk's bytes"
	case atTrailers:
		return "trailer line " + strconv.Itoa(r.lines+1)
	}
	return "line " + strconv.Itoa(r.lines+1)
}

// cut returns the refusal of a request that ended before it was whole, or nil if none has
// begun.
func (r *reader) cut() *answer {
	switch r.at {
	case atStart:
		if len(r.line) == 0 {
			return nil
		}
		return refuse(400, "your side of the connection ended within the request line; end it with CR LF, and the head with an empty line")
	case atFields:
		return refuse(400, "your side of the connection ended within the head; end it with an empty line, CR LF alone")
	case atBody:
		return refuse(400, "your side of the connection ended after %d bytes of the body, and its Content-Length is %s; make both the same", len(r.req.body), r.req.length)
	}
	return refuse(400, "your side of the connection ended within the chunks; end them with a chunk of size 0 and an empty line")
}
