package transcript

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// field takes a line below a message, which is one of its fields.
func (p *parser) field(line string) *SyntaxError {
	e := &p.t.Entries[len(p.t.Entries)-1]
	if len(e.Action.Data)+len(line) >= core.MaxActionPayload {
		return final("expected at most %d bytes in one message", core.MaxActionPayload)
	}
	e.Action.Data = append(append(e.Action.Data, '\n'), strings.TrimRight(line, " \t")...)
	return nil
}

// endMessage checks a message once all its fields are there.
func (p *parser) endMessage() *SyntaxError {
	if !p.decoded {
		return nil
	}
	p.decoded = false
	e := &p.t.Entries[len(p.t.Entries)-1]
	if _, err := core.ParseMessage(e.Action.Data); err != nil {
		wrong := errorf("expected a message such as << message from-server 0-5 \"+OK\", and below it a line for each field, two blanks further in than what it is a part of, such as status 0-3 \"+OK\": %v", err)
		wrong.Line = e.Line
		return wrong
	}
	return nil
}

// appendMessage appends a message as a JSON object. Text that is no message is none.
func appendMessage(dst, text []byte) []byte {
	m, _ := core.ParseMessage(text)
	dst = append(append(append(dst, `{"flow":"`...), m.Flow.String()...), '"')
	dst = appendSpan(dst, m.From, m.To)
	if m.Answers.Flow != 0 {
		dst = append(append(append(dst, `,"answers":{"flow":"`...), m.Answers.Flow.String()...), `","from":`...)
		dst = append(strconv.AppendInt(dst, m.Answers.From, 10), '}')
	}
	dst = appendText(append(dst, `,"summary`...), m.Summary)
	return append(appendFields(dst, m.Fields), '}')
}

func appendFields(dst []byte, fields []core.Field) []byte {
	if len(fields) == 0 {
		return dst
	}
	dst = append(dst, `,"fields":[`...)
	for i := range fields {
		f := &fields[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, `{"name":"`...), f.Name...), '"')
		dst = appendSpan(dst, f.From, f.To)
		dst = appendText(append(dst, `,"value`...), f.Value)
		if f.Wrong != "" {
			dst = appendText(append(dst, `,"wrong`...), f.Wrong)
		}
		dst = append(appendFields(dst, f.Fields), '}')
	}
	return append(dst, ']')
}

func appendSpan(dst []byte, from, to int64) []byte {
	dst = strconv.AppendInt(append(dst, `,"from":`...), from, 10)
	return strconv.AppendInt(append(dst, `,"to":`...), to, 10)
}

// appendText appends what follows a name whose closing quote is missing: text, or in
// base64 what is not UTF-8, under the name with B64 behind it.
func appendText(dst []byte, text string) []byte {
	if utf8.ValidString(text) {
		return append(appendJSONText(append(dst, `":"`...), text), '"')
	}
	return append(base64.StdEncoding.AppendEncode(append(dst, `B64":"`...), []byte(text)), '"')
}
