package telnet

import (
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/telopt"
)

// Bounds of a message, so that it stays within core's however it is quoted.
const (
	maxSummary = 256
	maxValue   = 512 // bytes of a field's value
)

func clipped(s string) string { return core.CutWords(s, maxValue) }

// message returns the message of what was recognised on a flow, with its fields after dst.
func (it *item) message(flow core.Flow, dst []core.Field) core.Message {
	m := core.Message{Flow: flow, From: it.from, To: it.to}
	switch it.code {
	case 0:
		f := core.Field{Name: "telnet.data", From: it.from, To: it.to, Value: "***", Wrong: it.wrong}
		if m.Summary = f.Value; !it.secret {
			f.Value = clipped(string(it.data[:min(len(it.data), maxValue)]))
			m.Summary = f.Value
			if shown := view(it.data[:min(len(it.data), 4*maxSummary)], true); len(shown) > maxSummary || string(shown) != f.Value {
				m.Summary = core.CutWords(string(shown), maxSummary)
			}
		}
		m.Fields = append(dst, f)
		return m
	case telopt.Will, telopt.Wont, telopt.Do, telopt.Dont, telopt.SB:
		m.Summary = telopt.CommandName(it.code) + " " + telopt.OptionName(it.option)
		m.Fields = append(dst,
			core.Field{Name: "telnet.cmd", From: it.from, To: it.from + 2, Value: telopt.CommandName(it.code)},
			core.Field{Name: "telnet.option", From: it.from + 2, To: it.from + 3, Value: telopt.OptionName(it.option)})
	default:
		m.Summary = telopt.CommandName(it.code)
		m.Fields = append(dst, core.Field{Name: "telnet.cmd", From: it.from, To: it.to, Value: m.Summary})
	}
	if it.code == telopt.SB {
		fields, words := it.subFields()
		m.Fields = append(m.Fields, fields...)
		m.Summary = core.CutWords(m.Summary+words, maxSummary)
	}
	if last := &m.Fields[len(m.Fields)-1]; last.Wrong == "" {
		last.Wrong = it.wrong
	}
	return m
}
