package telnet

import "strconv"

// The commands that this package tells apart (RFC 854, and RFC 885 for EOR).
const (
	eor  = 239
	se   = 240
	ga   = 249
	sb   = 250
	will = 251
	wont = 252
	do   = 253
	dont = 254
	iac  = 255
)

// The options that it does.
const (
	optBinary = 0
	optEcho   = 1
	optSGA    = 3
	optStatus = 5
	optTTYPE  = 24
	optNAWS   = 31
	optSpeed  = 32
	optLine   = 34
	optXDisp  = 35
	optOldEnv = 36
	optNewEnv = 39
	optChar   = 42
	optPort   = 44
)

// commandNames are those of the codes from firstCommand on.
const firstCommand = 236

var commandNames = [...]string{
	"EOF", "SUSP", "ABORT", "EOR", "SE", "NOP", "DM", "BRK", "IP", "AO", "AYT", "EC", "EL", "GA", "SB", "WILL", "WONT", "DO", "DONT", "IAC",
}

// commandName returns the name of a command, its number if it has none.
func commandName(code byte) string {
	if code < firstCommand {
		return strconv.Itoa(int(code))
	}
	return commandNames[code-firstCommand]
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

// optionName returns the name of an option, its number if it has none.
func optionName(option byte) string {
	if name := optionNames[option]; name != "" {
		return name
	}
	return strconv.Itoa(int(option))
}

// isYes reports whether a verb wants an option to be in effect.
func isYes(verb byte) bool { return verb == will || verb == do }
