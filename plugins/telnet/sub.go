package telnet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/telopt"
)

// subcommands are the first bytes of subnegotiations, by their numbers.
var subcommands = map[byte][]string{
	telopt.Status: {"IS", "SEND"},
	telopt.TTYPE:  {"IS", "SEND"},
	telopt.Speed:  {"IS", "SEND"},
	telopt.XDisp:  {"IS", "SEND"},
	telopt.OldEnv: {"IS", "SEND", "INFO"},
	telopt.NewEnv: {"IS", "SEND", "INFO"},
	telopt.Line:   {1: "MODE", "FORWARDMASK", "SLC"},
	telopt.Char:   {1: "REQUEST", "ACCEPTED", "REJECTED", "TTABLE-IS", "TTABLE-REJECTED", "TTABLE-ACK", "TTABLE-NAK"},
	telopt.Port: {"SIGNATURE", "SET-BAUDRATE", "SET-DATASIZE", "SET-PARITY", "SET-STOPSIZE", "SET-CONTROL", "NOTIFY-LINESTATE", "NOTIFY-MODEMSTATE",
		"FLOWCONTROL-SUSPEND", "FLOWCONTROL-RESUME", "SET-LINESTATE-MASK", "SET-MODEMSTATE-MASK", "PURGE-DATA"},
}

// The first bytes that ask for a value and give it, in most options.
const (
	subIs   = 0
	subSend = 1
)

// subcommandName returns the name of the first byte of a subnegotiation, "" if it is none.
func subcommandName(opt, code byte) string {
	if opt == telopt.Port && code >= 100 { // the server's (RFC 2217)
		code -= 100
	}
	if names := subcommands[opt]; int(code) < len(names) {
		return names[code]
	}
	return ""
}

// subFields returns the fields of a subnegotiation after its option, and how it ends its
// summary.
func (it *item) subFields() (fields []core.Field, summary string) {
	at := func(i int) int64 { // where byte i stands: 0xFF before it are doubled
		i = min(i, len(it.data))
		return min(it.from+3+int64(i+bytes.Count(it.data[:i], []byte{telopt.IAC})), it.to)
	}
	end := at(len(it.data))
	rest := it.data
	if it.option == telopt.NAWS {
		f := core.Field{Name: "telnet.naws", From: at(0), To: end}
		if it.size != 4 {
			f.Value = strconv.Quote(clipped(string(rest)))
			f.Wrong = fmt.Sprintf("RFC 1073: NAWS has a width and a height of two bytes each; this one has %s", core.Plural(int(it.size), "byte"))
			return []core.Field{f}, " " + f.Value
		}
		width, height := strconv.Itoa(int(binary.BigEndian.Uint16(rest))), strconv.Itoa(int(binary.BigEndian.Uint16(rest[2:])))
		f.Value = width + "x" + height
		f.Fields = []core.Field{
			{Name: "telnet.naws.width", From: at(0), To: at(2), Value: width},
			{Name: "telnet.naws.height", From: at(2), To: at(4), Value: height},
		}
		return []core.Field{f}, " " + f.Value
	}
	if len(rest) == 0 {
		return nil, ""
	}
	value := 0
	if name := subcommandName(it.option, rest[0]); name != "" {
		fields = append(fields, core.Field{Name: "telnet.subcmd", From: at(0), To: at(1), Value: name})
		summary, value, rest = " "+name, 1, rest[1:]
	}
	if len(rest) == 0 {
		return fields, summary
	}
	f := core.Field{Name: "telnet.value", From: at(value), To: end, Value: valueOf(it.option, it.data[0], rest)}
	if more := it.size - int64(len(it.data)); more > 0 {
		f.Value += fmt.Sprintf(" … (%d more bytes)", more)
	}
	return append(fields, f), summary + " " + f.Value
}

// valueOf shows what a subnegotiation has after its first byte.
func valueOf(opt, code byte, data []byte) string {
	switch opt {
	case telopt.OldEnv, telopt.NewEnv:
		return environment(data)
	case telopt.Line:
		return fmt.Sprintf("%x", data[:min(len(data), maxValue/2)])
	case telopt.Status:
		if code == subIs {
			return status(data)
		}
	case telopt.Port:
		if n := len(data); code%100 != 0 && (n == 1 || n == 4) {
			return strconv.FormatUint(uint64(binary.BigEndian.Uint32(append(make([]byte, 4-n), data...))), 10)
		}
	}
	return strconv.Quote(clipped(string(data)))
}

// environment shows variables (RFC 1572).
func environment(data []byte) string {
	var b strings.Builder
	for i := 0; i < len(data) && b.Len() < maxValue; i++ {
		switch c := data[i]; {
		case c == 1:
			b.WriteByte('=')
		case c == 0 || c == 3:
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString([]string{0: "VAR ", 3: "USERVAR "}[c])
		case c == 2 && i+1 < len(data):
			i++
			b.WriteByte(data[i])
		default:
			b.WriteByte(c)
		}
	}
	return clipped(core.Printable(b.String()))
}

// status shows which options are in effect (RFC 859).
func status(data []byte) string {
	var words []string
	for i := 0; i+1 < len(data) && len(words) < 64; i += 2 {
		words = append(words, telopt.CommandName(data[i])+" "+telopt.OptionName(data[i+1]))
	}
	return clipped(strings.Join(words, ", "))
}
