package imap

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message"
	gomail "github.com/emersion/go-message/mail"

	"github.com/protocol-workbench/workbench/core/practice/mail"
)

func (v *view) search(kind imapserver.NumKind, criteria *imap.SearchCriteria, options *imap.SearchOptions) (*imap.SearchData, error) {
	if keys(criteria) > MaxKeys {
		return nil, no(imap.ResponseCodeLimit, "More than %d keys in one SEARCH", MaxKeys)
	}
	if options.ReturnSave {
		return nil, &imap.Error{Type: imap.StatusResponseTypeBad, Text: "SEARCHRES is not offered: see CAPABILITY"}
	}
	data := &imap.SearchData{}
	var numbers imap.SeqSet
	var uids imap.UIDSet
	all := v.box.Messages()
	for i, k := range v.told {
		at, found := slices.BinarySearchFunc(all, k.uid, byUID)
		if !found || !v.matches(i, &searched{Message: all[at]}, criteria) {
			continue
		}
		n := uint32(i + 1)
		numbers.AddNum(n)
		uids.AddNum(imap.UID(k.uid))
		if kind == imapserver.NumKindUID {
			n = k.uid
		}
		if data.Count++; data.Count == 1 {
			data.Min = n
		}
		data.Max = n
	}
	data.All = numbers
	if kind == imapserver.NumKindUID {
		data.All = uids
	}
	return data, nil
}

// keys counts those that take a look at each message.
func keys(c *imap.SearchCriteria) int {
	n := len(c.SeqNum) + len(c.UID) + len(c.Flag) + len(c.NotFlag) + len(c.Header) + len(c.Body) + len(c.Text)
	for i := range c.Not {
		n += 1 + keys(&c.Not[i])
	}
	for i := range c.Or {
		n += 1 + keys(&c.Or[i][0]) + keys(&c.Or[i][1])
	}
	return n
}

// searched is a message while it is looked at.
type searched struct {
	mail.Message
	lower []byte         // its data in lower case, once needed
	head  *gomail.Header // once needed
}

func (m *searched) text() []byte {
	if m.lower == nil {
		m.lower = bytes.ToLower(m.Data)
	}
	return m.lower
}

func (m *searched) header() *gomail.Header {
	if m.head == nil {
		m.head = &gomail.Header{Header: message.Header{Header: header(m.Data)}}
	}
	return m.head
}

// matches reports whether the message at place i meets the criteria (RFC 3501,
// section 6.4.4). Texts are looked for in the message as it was sent.
func (v *view) matches(i int, m *searched, c *imap.SearchCriteria) bool {
	size := int64(len(m.Data))
	if m.Flags&flagsOf(c.NotFlag) != 0 ||
		c.Larger > 0 && size <= c.Larger || c.Smaller > 0 && size >= c.Smaller ||
		!dated(m.Arrived, c.Since, c.Before) {
		return false
	}
	if !c.SentSince.IsZero() || !c.SentBefore.IsZero() {
		if sent, err := m.header().Date(); err != nil || !dated(sent, c.SentSince, c.SentBefore) {
			return false
		}
	}
	return !slices.ContainsFunc(c.SeqNum, func(s imap.SeqSet) bool { return !v.has(s, i) }) &&
		!slices.ContainsFunc(c.UID, func(s imap.UIDSet) bool { return !v.has(s, i) }) &&
		!slices.ContainsFunc(c.Flag, func(f imap.Flag) bool { return m.Flags&flagsOf([]imap.Flag{f}) == 0 }) &&
		!slices.ContainsFunc(c.Header, func(h imap.SearchCriteriaHeaderField) bool { return !hasField(m.header(), h) }) &&
		!slices.ContainsFunc(c.Body, func(s string) bool { return !bytes.Contains(textOf(m.text()), lower(s)) }) &&
		!slices.ContainsFunc(c.Text, func(s string) bool { return !bytes.Contains(m.text(), lower(s)) }) &&
		!slices.ContainsFunc(c.Not, func(n imap.SearchCriteria) bool { return v.matches(i, m, &n) }) &&
		!slices.ContainsFunc(c.Or, func(o [2]imap.SearchCriteria) bool {
			return !v.matches(i, m, &o[0]) && !v.matches(i, m, &o[1])
		})
}

func lower(s string) []byte { return bytes.ToLower([]byte(s)) }

// hasField reports whether a field of this name has the text, decoded, in any case.
func hasField(h *gomail.Header, want imap.SearchCriteriaHeaderField) bool {
	for fields := h.FieldsByKey(want.Key); fields.Next(); {
		text, err := fields.Text()
		if err != nil {
			text = fields.Value()
		}
		if strings.Contains(strings.ToLower(text), strings.ToLower(want.Value)) {
			return true
		}
	}
	return false
}

// dated reports whether the day of t is from since until the day before before. The
// time of day and its zone do not count; a zero time is no bound.
func dated(t, since, before time.Time) bool {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return (since.IsZero() || !day.Before(since)) && (before.IsZero() || day.Before(before))
}
