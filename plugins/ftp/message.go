package ftp

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a message, so that it stays within core's however it is quoted.
const (
	maxSummary = 256
	maxValue   = 512 // bytes of a field's value
)

func clipped(s string) string { return core.CutWords(s, maxValue) }

// text returns what is shown of a reply, as one message.
func (r *reply) text() []byte {
	text := bytes.Clone(r.First)
	if r.Lines > 0 {
		text = append(append(text, '\n'), bytes.TrimSuffix(r.Body, []byte("\n"))...)
	}
	if r.Left > 0 {
		text = fmt.Appendf(text, "\n… (%d more bytes)", r.Left)
	}
	return text
}

// message returns the message of a reply.
func (r *reply) message() core.Message {
	m := core.Message{Flow: core.FromServer, From: r.From, To: r.To, Answers: r.answers, Summary: core.CutWords(string(r.First), maxSummary)}
	m.Fields = make([]core.Field, 0, 3)
	rest, at := r.First, r.From
	if c := code(rest); c != "" {
		m.Fields = append(m.Fields, core.Field{Name: "ftp.code", From: at, To: at + 3, Value: c})
		rest = rest[min(len(rest), 4):]
		at += int64(len(r.First) - len(rest))
	}
	if len(rest) > 0 || len(m.Fields) == 0 {
		f := core.Field{Name: "ftp.text", From: at, To: at + int64(len(rest)), Value: clipped(string(rest))}
		switch code(r.First) {
		case "227":
			says(&f, sixNumbers(rest, passiveAt(rest)), "ftp.passive", "RFC 959, section 4.1.2: six numbers, h1,h2,h3,h4,p1,p2, say host and port")
		case "229":
			says(&f, extendedPort(rest), "ftp.passive", "RFC 2428, section 3: (|||port|) says the port")
		}
		m.Fields = append(m.Fields, f)
	}
	if r.Wrong != "" {
		m.Fields[0].Wrong = r.Wrong
	}
	if r.Lines >= 0 {
		f := core.Field{Name: "ftp.lines", From: r.From, To: r.To, Value: strconv.FormatInt(r.Lines+1, 10)}
		if r.Bare > 0 {
			f.Wrong = fmt.Sprintf("RFC 959, section 4.2: lines end in CR LF; %d of these end in LF alone", r.Bare)
		}
		m.Summary += " (" + core.Plural(int(r.Lines+1), "line") + ")"
		m.Fields = append(m.Fields, f)
	}
	if r.cut {
		m.Fields[len(m.Fields)-1].Wrong = "the stream ended before this was whole"
	}
	return m
}

// says adds to a field of an address which it is, or what is wrong with it.
func says(f *core.Field, a address, name, wrong string) {
	if a.port == 0 {
		f.Wrong = wrong
		return
	}
	if a.host != "" {
		f.Fields = append(f.Fields, core.Field{Name: name + ".ip", From: f.From + int64(a.from), To: f.From + int64(a.mid), Value: a.host})
	}
	f.Fields = append(f.Fields, core.Field{Name: name + ".port", From: f.From + int64(a.portFrom), To: f.From + int64(a.to), Value: strconv.Itoa(a.port)})
}
