package imap

import (
	"bufio"
	"bytes"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message/textproto"

	"github.com/protocol-workbench/workbench/core/practice/mail"
)

// writeMessage writes what a FETCH asks of a message except its UID and flags.
func writeMessage(w *imapserver.FetchResponseWriter, m mail.Message, options *imap.FetchOptions) error {
	if options.InternalDate {
		w.WriteInternalDate(m.Arrived)
	}
	if options.RFC822Size {
		w.WriteRFC822Size(int64(len(m.Data)))
	}
	if options.Envelope {
		w.WriteEnvelope(imapserver.ExtractEnvelope(header(m.Data)))
	}
	if options.BodyStructure != nil {
		w.WriteBodyStructure(structure(m.Data))
	}
	for _, s := range options.BodySection {
		b := part(section(m.Data, s), s.Partial)
		literal := w.WriteBodySection(s, int64(len(b)))
		_, err := literal.Write(b)
		if closed := literal.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// header reads as much of the header as is one.
func header(data []byte) textproto.Header {
	h, _ := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(data)))
	return h
}

// section returns a part of the message. What the whole message, its header and its
// text are does not depend on whether the header is well formed: a student may
// have sent anything.
func section(data []byte, s *imap.FetchItemBodySection) []byte {
	if len(s.Part) == 0 && len(s.HeaderFields)+len(s.HeaderFieldsNot) == 0 {
		text := textOf(data)
		switch s.Specifier {
		case imap.PartSpecifierNone:
			return data
		case imap.PartSpecifierText:
			return text
		case imap.PartSpecifierHeader:
			return data[:len(data)-len(text)]
		}
	}
	if len(s.Part) > 0 && !simple(data) {
		return nil
	}
	whole := *s
	whole.Partial = nil
	return imapserver.ExtractBodySection(bytes.NewReader(data), &whole)
}

// textOf returns what follows the header and its empty line.
func textOf(data []byte) []byte {
	if text, ok := bytes.CutPrefix(data, []byte("\r\n")); ok {
		return text
	}
	_, text, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	return text
}

// part returns the bytes of b that were asked for; all of them if p is nil.
func part(b []byte, p *imap.SectionPartial) []byte {
	if p == nil {
		return b
	}
	size := int64(len(b))
	from := min(p.Offset, size)
	return b[from : from+min(p.Size, size-from)]
}

// simple reports whether the message cannot have more than MaxParts parts, one in
// the other: the library copies each of them.
func simple(data []byte) bool {
	lower := bytes.ToLower(data)
	return bytes.Count(lower, []byte("multipart"))+bytes.Count(lower, []byte("message/")) <= MaxParts
}

// structure returns the MIME structure, that of a plain text if the message claims
// parts and has none.
func structure(data []byte) imap.BodyStructure {
	if simple(data) {
		if s := imapserver.ExtractBodyStructure(bytes.NewReader(data)); writable(s) {
			return s
		}
	}
	text := textOf(data)
	return &imap.BodyStructureSinglePart{
		Type: "text", Subtype: "plain", Size: uint32(len(text)),
		Text:     &imap.BodyStructureText{NumLines: int64(bytes.Count(text, []byte("\n")))},
		Extended: &imap.BodyStructureSinglePartExt{},
	}
}

// writable reports whether each part that should have others has some, without
// which the library panics.
func writable(s imap.BodyStructure) bool {
	switch s := s.(type) {
	case *imap.BodyStructureMultiPart:
		return len(s.Children) > 0 && !slices.ContainsFunc(s.Children, func(c imap.BodyStructure) bool { return !writable(c) })
	case *imap.BodyStructureSinglePart:
		return s.MessageRFC822 == nil || writable(s.MessageRFC822.BodyStructure)
	}
	return true
}
