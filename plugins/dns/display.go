package dns

import (
	"bytes"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
)

// appendMessage appends a message as dig shows it, without a line end.
func appendMessage(dst []byte, m *message) []byte {
	if len(m.data) < headerSize {
		return fmt.Appendf(dst, ";; no DNS message: %s\n;; wrong: %s", core.Plural(len(m.data), "byte"), wrongWords[wrongShort])
	}
	dst = fmt.Appendf(dst, ";; ->>HEADER<<- opcode: %s, status: %s, id: %d\n;; flags:", opcodeName(m.opcode()), rcodeName(m.rcode()), m.id)
	for _, flag := range flags {
		if flag.name != "" && m.bits&flag.bit != 0 {
			dst = append(append(dst, ' '), flag.name...)
		}
	}
	dst = fmt.Appendf(dst, "; QUERY: %d, ANSWER: %d, AUTHORITY: %d, ADDITIONAL: %d\n",
		m.counts[inQuestion], m.counts[inAnswer], m.counts[inAuthority], m.counts[inAdditional])
	if m.edns >= 0 {
		r := &m.records[m.edns]
		dst = append(append(dst, "\n;; OPT PSEUDOSECTION:\n; EDNS: "...), m.texts[r.words[1]:r.words[2]-1]...)
		dst = append(dst, '\n')
		options := 0
		m.ednsOptions(r, func(o ednsOption) {
			if options++; options <= 32 {
				dst = append(appendOption(append(dst, "; "...), o), '\n')
			}
		})
	}
	last := -1
	for i := range m.records {
		r := &m.records[i]
		if i == m.edns {
			continue
		}
		if int(r.section) != last {
			last = int(r.section)
			if m.edns < 0 || last > inQuestion {
				dst = append(dst, '\n')
			}
			dst = fmt.Appendf(dst, ";; %s SECTION:\n", sectionNames[last])
		}
		dst = append(m.appendRecord(dst, r), '\n')
	}
	for s, n := range m.unread {
		if n > 0 {
			dst = fmt.Appendf(dst, ";; %d more in the %s section\n", n, sectionNames[s])
		}
	}
	return bytes.TrimSuffix(m.appendWrong(dst), []byte("\n"))
}

var sectionNames = [sections]string{"QUESTION", "ANSWER", "AUTHORITY", "ADDITIONAL"}

// appendTransfer appends a response of a zone transfer as dig shows it: its records, and
// after the last one what came in all.
func appendTransfer(dst []byte, m *message, tr *transfer, done bool) []byte {
	for i := range m.records {
		if r := &m.records[i]; r.section == inAnswer {
			dst = append(m.appendRecord(dst, r), '\n')
		}
	}
	if n := m.unread[inAnswer]; n > 0 {
		dst = fmt.Appendf(dst, ";; %d more\n", n)
	}
	if dst = m.appendWrong(dst); done {
		dst = fmt.Appendf(dst, ";; XFR size: %d records (messages %d, bytes %d)\n", tr.Records, tr.Messages, tr.Bytes)
	}
	return bytes.TrimSuffix(dst, []byte("\n"))
}

// truncatedWords are shown below an answer that is not all there. That is no mistake: the
// server has sent what there was room for.
const truncatedWords = ";; truncated: the datagram has no room for all of the answer (RFC 1035, section 4.1.1); ask again by TCP (RFC 2181, section 9)\n"

// appendWrong appends what is wrong with a message, each once, and that it was truncated.
func (m *message) appendWrong(dst []byte) []byte {
	var said [wrongs]bool
	say := func(w wrong) {
		if w != 0 && !said[w] {
			said[w] = true
			dst = append(append(append(dst, ";; wrong: "...), wrongWords[w]...), '\n')
		}
	}
	if m.broken {
		say(wrongBroken)
	}
	say(m.wrongQR)
	switch {
	case m.wrongTC():
		say(wrongTruncated)
	case m.truncated():
		dst = append(dst, truncatedWords...)
	}
	if m.bits&bitZ != 0 {
		say(wrongZero)
	}
	for _, w := range m.wrongCount {
		say(w)
	}
	for i := range m.records {
		say(m.records[i].wrong)
	}
	if m.edns >= 0 && !m.ednsOptions(&m.records[m.edns], func(ednsOption) {}) {
		say(wrongData)
	}
	say(m.wrongRest)
	return dst
}

// The columns in which dig writes the words of a record.
const (
	ttlColumn   = 24
	classColumn = 32
	typeColumn  = 40
	dataColumn  = 48
)

// appendRecord appends a record, or a question, as dig shows it.
func (m *message) appendRecord(dst []byte, r *record) []byte {
	columns := []int{ttlColumn, classColumn, typeColumn, dataColumn}
	if r.section == inQuestion {
		columns, dst = columns[1:], append(dst, ';')
	}
	at := 0
	for w := range r.many {
		word := m.texts[r.words[w] : r.words[w+1]-1]
		if w > 0 {
			dst, at = indent(dst, at, columns[w-1])
		}
		dst = append(dst, word...)
		at += len(word)
	}
	return dst
}

// indent moves to a column by tabs and blanks, and by a blank at least.
func indent(dst []byte, at, to int) ([]byte, int) {
	to = max(to, at+1)
	if tabs := to/8 - at/8; tabs > 0 {
		dst = append(dst, "\t\t\t\t\t\t\t\t"[:tabs]...)
		at = to / 8 * 8
	}
	for ; at < to; at++ {
		dst = append(dst, ' ')
	}
	return dst, to
}
