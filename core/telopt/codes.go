package telopt

import (
	"slices"
	"strconv"
	"strings"
)

// Commands (RFC 854, and RFC 885 for EOR).
const (
	EOR  = 239
	SE   = 240
	GA   = 249
	SB   = 250
	Will = 251
	Wont = 252
	Do   = 253
	Dont = 254
	IAC  = 255
)

// Options.
const (
	Binary = 0
	Echo   = 1
	SGA    = 3
	Status = 5
	TTYPE  = 24
	NAWS   = 31
	Speed  = 32
	Line   = 34
	XDisp  = 35
	OldEnv = 36
	NewEnv = 39
	Char   = 42
	Port   = 44
)

// FirstCommand is the lowest code that is a command.
const FirstCommand = 236

// commandNames are those of the codes from FirstCommand on.
var commandNames = [...]string{
	"EOF", "SUSP", "ABORT", "EOR", "SE", "NOP", "DM", "BRK", "IP", "AO", "AYT", "EC", "EL", "GA", "SB", "WILL", "WONT", "DO", "DONT", "IAC",
}

// CommandName returns the name of a command, its number if it has none.
func CommandName(code byte) string {
	if code < FirstCommand {
		return strconv.Itoa(int(code))
	}
	return commandNames[code-FirstCommand]
}

// Command returns the code of a command's name; ok is false where it is none.
func Command(name string) (code byte, ok bool) {
	i := slices.Index(commandNames[:], name)
	return byte(FirstCommand + i), i >= 0
}

// optionNames are those of IANA's registry of Telnet options, and of the options of games
// that are widely used beside them.
var optionNames = [256]string{
	0: "BINARY", "ECHO", "RCP", "SGA", "NAMS", "STATUS", "TIMING-MARK", "RCTE", "NAOL", "NAOP", "NAOCRD", "NAOHTS", "NAOHTD",
	"NAOFFD", "NAOVTS", "NAOVTD", "NAOLFD", "XASCII", "LOGOUT", "BM", "DET", "SUPDUP", "SUPDUP-OUTPUT", "SEND-LOCATION",
	"TERMINAL-TYPE", "EOR", "TUID", "OUTMRK", "TTYLOC", "3270-REGIME", "X.3-PAD", "NAWS", "TERMINAL-SPEED", "TOGGLE-FLOW-CONTROL",
	"LINEMODE", "X-DISPLAY-LOCATION", "OLD-ENVIRON", "AUTHENTICATION", "ENCRYPT", "NEW-ENVIRON", "TN3270E", "XAUTH", "CHARSET",
	"RSP", "COM-PORT", "SLE", "START-TLS", "KERMIT", "SEND-URL", "FORWARD-X",
	69: "MSDP", "MSSP", 85: "MCCP1", "MCCP2", "MCCP3", 90: "MSP", "MXP", 93: "ZMP", 200: "ATCP", "GMCP", 255: "EXOPL",
}

// OptionName returns the name of an option, its number if it has none.
func OptionName(option byte) string {
	if name := optionNames[option]; name != "" {
		return name
	}
	return strconv.Itoa(int(option))
}

// Option returns the option of a name, in any case, or of a number; ok is false where it is
// none.
func Option(name string) (option byte, ok bool) {
	if n, err := strconv.ParseUint(name, 10, 8); err == nil {
		return byte(n), true
	}
	i := slices.IndexFunc(optionNames[:], func(known string) bool { return known != "" && strings.EqualFold(known, name) })
	return byte(i), i >= 0
}

// IsYes reports whether a verb wants an option to be in effect.
func IsYes(verb byte) bool { return verb == Will || verb == Do }
