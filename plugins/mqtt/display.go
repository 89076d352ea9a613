package mqtt

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// message returns the message of a packet.
func (p *parser) message(flow core.Flow, answers core.MessageRef) core.Message {
	p.words = p.summary(p.words[:0], maxSummary)
	return core.Message{Flow: flow, From: p.from, To: p.from + int64(p.size), Answers: answers,
		Summary: core.CutWords(core.Printable(string(p.words)), maxSummary), Fields: p.fields}
}

// summary appends what a packet says, in words, with so much of a payload.
func (p *parser) summary(dst []byte, most int) []byte {
	dst = append(dst, typeNames[p.kind]...)
	if p.header == 0 {
		return dst
	}
	switch p.kind {
	case connect:
		return p.connectSummary(dst)
	case publish:
		return p.publishSummary(dst, most)
	}
	if p.id != 0 {
		dst = strconv.AppendUint(append(dst, ' '), uint64(p.id), 10)
	}
	switch p.kind {
	case subscribe, unsubscribe:
		dst = append(append(dst, ':'), p.filters...)
		if dst[len(dst)-1] == ',' {
			dst = dst[:len(dst)-1]
		}
	case suback, unsuback:
		for i, code := range p.entries {
			dst = append(dst, ":,"[min(i, 1)], ' ')
			words, _ := codeWords(p.kind, code, p.version)
			dst = append(dst, words...)
		}
	default:
		if p.hasCode {
			words, _ := codeWords(p.kind, p.code, p.version)
			dst = append(append(dst, ' '), words...)
		}
		if p.kind == connack && p.session {
			dst = append(dst, ", session present"...)
		}
	}
	if p.reason != "" {
		dst = append(append(dst, ": "...), p.reason...)
	}
	return dst
}

func (p *parser) connectSummary(dst []byte) []byte {
	if dst = append(dst, " without a client identifier"...); len(p.text) > 0 {
		dst = append(append(dst[:len("CONNECT")], " as "...), strconv.Quote(clipped(p.text))...)
	}
	if p.user != nil {
		dst = append(append(dst, ", user "...), strconv.Quote(clipped(p.user))...)
	}
	if p.session {
		dst = append(dst, ", clean"...)
	}
	dst = fmt.Appendf(dst, ", keep alive %d s", p.keepAlive)
	if p.will != nil {
		dst = append(append(dst, ", will on "...), strconv.Quote(clipped(p.will))...)
	}
	return dst
}

func (p *parser) publishSummary(dst []byte, most int) []byte {
	if dst = append(append(dst, ' '), p.text[:min(len(p.text), most)]...); len(p.text) == 0 && p.hasAlias {
		dst = fmt.Appendf(dst, "by alias %d", p.alias)
	}
	how := ""
	if p.qos > 0 {
		how = ", QoS " + qosNames[p.qos] + ", id " + strconv.Itoa(int(p.id))
	}
	if p.retain {
		how += ", retained"
	}
	if p.dup {
		how += ", again"
	}
	if how != "" {
		dst = append(append(append(dst, " ("...), how[2:]...), ')')
	}
	from, to := p.payload[0], p.payload[1]
	kept := p.kept[min(from, len(p.kept)):min(to, len(p.kept))]
	shown := kept[:min(len(kept), most)]
	if dst = append(dst, ": "...); isText(shown, len(shown) < to-from) {
		dst = append(dst, shown...)
	} else {
		if most == maxSummary {
			shown = shown[:min(len(shown), 32)]
		}
		dst = fmt.Appendf(dst, "0x%x", shown)
	}
	if left := to - from - len(shown); left > 0 {
		dst = fmt.Appendf(dst, "… (%s more)", core.Plural(left, "byte"))
	}
	return dst
}

// isText reports whether a payload, or the beginning of one, is text that can be shown.
func isText(data []byte, cut bool) bool {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 && !(cut && len(data)-i < utf8.UTFMax && !utf8.FullRune(data[i:])) || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		i += n
	}
	return true
}

// shown appends what a person sees of a packet.
func (p *parser) shown(dst []byte) []byte {
	dst = p.summary(dst, maxKept)
	if p.wrongs > 0 {
		dst = append(append(dst, "\n(wrong) "...), p.firstWrong.in(p.version)...)
	}
	return dst
}
