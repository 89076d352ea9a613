package telnet

// agreement is how far an option is agreed on for the one side that performs it: the states
// of RFC 1143, and heard for a request that nobody has answered. The other side is asked by
// us: by hand that is this machine, and in a tap it is whoever speaks to the performer.
type agreement uint8

const (
	no agreement = iota
	heard
	yes
	wantNo       // we have said no, and the answer is under way
	wantNoButYes // … and after it we want yes
	wantYes
	wantYesButNo
	agreements
)

// answer is what a request is answered with.
type answer uint8

const (
	nothing answer = iota
	sayYes
	sayNo
)

// hears takes what the peer has said of an option: that it wants it to be in effect, or not.
// If nobody answers here, a tap sees the answer come by. agree says whether the option is
// wanted. odd: RFC 1143 does not allow a peer to say that.
func (a *agreement) hears(wants, agree, answers bool) (say answer, odd bool) {
	if !wants {
		switch *a {
		case yes:
			*a = no
			if answers {
				return sayNo, false
			}
		case wantNoButYes:
			*a = wantYes
			return sayYes, false
		default:
			*a = no
		}
		return nothing, false
	}
	switch *a {
	case no, heard:
		switch {
		case !answers:
			*a = heard
		case agree:
			*a = yes
			return sayYes, false
		default:
			*a = no
			return sayNo, false
		}
	case wantNo:
		*a = no
		return nothing, true
	case wantNoButYes:
		*a = yes
		return nothing, true
	case wantYes:
		*a = yes
	case wantYesButNo:
		*a = wantNo
		return sayNo, false
	}
	return nothing, false
}

// asks takes that the person wants an option to be in effect, or not. needless: nothing is
// said, since it is so, or will be.
func (a *agreement) asks(wants bool) (say answer, needless bool) {
	if wants {
		switch *a {
		case no:
			*a = wantYes
			return sayYes, false
		case heard:
			*a = yes
			return sayYes, false
		case wantNo:
			*a = wantNoButYes
			return nothing, false
		case wantYesButNo:
			*a = wantYes
			return nothing, false
		}
		return nothing, true
	}
	switch *a {
	case heard:
		*a = no
		return sayNo, false
	case yes:
		*a = wantNo
		return sayNo, false
	case wantYes:
		*a = wantYesButNo
		return nothing, false
	case wantNoButYes:
		*a = wantNo
		return nothing, false
	}
	return nothing, true
}

// said takes what was said to the peer without asking this machine: by a client that is a
// program, or as bytes that were sent as they are.
func (a *agreement) said(wants bool) {
	switch {
	case wants && *a == heard:
		*a = yes
	case wants && *a != yes:
		*a = wantYes
	case !wants && *a == heard:
		*a = no
	case !wants && *a != no:
		*a = wantNo
	}
}

// maybe reports whether the option is in effect, or will be if a request is answered.
func (a agreement) maybe() bool { return a == yes || a == heard }

// waits reports whether an answer is to come.
func (a agreement) waits() bool { return a == heard || a > yes }

// option is what is known of an option that one side performs.
type option struct {
	State    agreement
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
	if byServer == (verb == will || verb == wont) {
		return ofServer
	}
	return ofClient
}

// verbFor is how the client says yes or no to an option of a performer.
func verbFor(performer int, wants bool) byte {
	switch {
	case performer == ofServer && wants:
		return do
	case performer == ofServer:
		return dont
	case wants:
		return will
	}
	return wont
}

// policy says which options are agreed to by hand, if the person does not decide it: those
// that this machine can do, and no other.
func policy(performer int, opt byte) bool {
	if performer == ofServer {
		return opt == optEcho || opt == optSGA || opt == optBinary
	}
	return opt == optSGA || opt == optBinary || opt == optTTYPE || opt == optNAWS
}
