package telnet

import "github.com/protocol-workbench/workbench/core/telopt"

// option is what is known of an option that one side performs.
type option struct {
	State    telopt.Agreement
	Asked    int64 // where the step begins that is not answered, plus 1; 0: there is none
	ByServer bool  // it is the server's
	Send     int64 // where a subnegotiation asks the performer for a value, plus 1
}

// sides are the options of both: those that the client performs, and the server.
type sides [2][256]option

const (
	ofClient = 0
	ofServer = 1
)

// performer says whose option a verb is about: WILL and WONT are about the speaker's own.
func performer(byServer bool, verb byte) int {
	if byServer == (verb == telopt.Will || verb == telopt.Wont) {
		return ofServer
	}
	return ofClient
}

// verbFor is how the client says yes or no to an option of a performer.
func verbFor(performer int, wants bool) byte {
	switch {
	case performer == ofServer && wants:
		return telopt.Do
	case performer == ofServer:
		return telopt.Dont
	case wants:
		return telopt.Will
	}
	return telopt.Wont
}

// policy says which options are agreed to by hand, if the person does not decide it: those
// that this machine can do, and no other.
func policy(performer int, opt byte) bool {
	if performer == ofServer {
		return opt == telopt.Echo || opt == telopt.SGA || opt == telopt.Binary
	}
	return opt == telopt.SGA || opt == telopt.Binary || opt == telopt.TTYPE || opt == telopt.NAWS
}
