package transcript

// tear drops the last action if part of it may be missing: compared, half an
// action would be wrong. A torn line that does not parse was never added, and
// the part of an event that is there did happen.
func (p *parser) tear(line string, number int, wasOpen, failed bool) {
	last := len(p.t.Entries) - 1
	if last < 0 || p.t.Entries[last].Dir != Action {
		return
	}
	e := &p.t.Entries[last]
	goesOn := wasOpen && line != "" && (line[0] == ' ' || line[0] == '\t')
	if e.Line != number && !goesOn || !failed && complete(e, line) {
		return
	}
	p.comments = append(e.allComments(), p.comments...)
	p.t.Entries, p.decoded = p.t.Entries[:last], false
}

// complete reports whether a last line without a newline still shows that its
// action was printed to the end: payloads go on after a line end and after
// maxPiece bytes, times with smaller units.
func complete(e *Entry, line string) bool {
	switch formOf(e).arg {
	case quoted:
		d := e.Action.Data
		return len(d) == 0 || d[len(d)-1] != '\n' && len(line) < maxPiece
	case upgraded, message: // what was left unread, or a field, may have followed
		return false
	case timerSet:
		return line[len(line)-1] == 's'
	}
	return true
}
