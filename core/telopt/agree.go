package telopt

// Agreement is how far an option is agreed on for the one side that performs it: the states
// of RFC 1143, and Heard for a request that nobody has answered, as a tap sees it.
type Agreement uint8

const (
	No Agreement = iota // not in effect
	Heard
	Yes          // in effect
	WantNo       // we have said no, and the answer is under way
	WantNoButYes // … and after it we want yes
	WantYes      // we have said yes, and the answer is under way
	WantYesButNo // … and after it we want no
	Agreements   // how many states there are
)

// Answer is what a request is answered with.
type Answer uint8

const (
	Nothing Answer = iota
	SayYes
	SayNo
)

// Hears takes what the peer has said of an option: that it wants it to be in effect, or not.
// If nobody answers here, a tap sees the answer come by. agree says whether the option is
// wanted. odd: RFC 1143 does not allow a peer to say that.
func (a *Agreement) Hears(wants, agree, answers bool) (say Answer, odd bool) {
	if !wants {
		switch *a {
		case Yes:
			*a = No
			if answers {
				return SayNo, false
			}
		case WantNoButYes:
			*a = WantYes
			return SayYes, false
		default:
			*a = No
		}
		return Nothing, false
	}
	switch *a {
	case No, Heard:
		switch {
		case !answers:
			*a = Heard
		case agree:
			*a = Yes
			return SayYes, false
		default:
			*a = No
			return SayNo, false
		}
	case WantNo:
		*a = No
		return Nothing, true
	case WantNoButYes:
		*a = Yes
		return Nothing, true
	case WantYes:
		*a = Yes
	case WantYesButNo:
		*a = WantNo
		return SayNo, false
	}
	return Nothing, false
}

// Asks takes that our side wants an option to be in effect, or not. needless: nothing is
// said, since it is so, or will be.
func (a *Agreement) Asks(wants bool) (say Answer, needless bool) {
	if wants {
		switch *a {
		case No:
			*a = WantYes
			return SayYes, false
		case Heard:
			*a = Yes
			return SayYes, false
		case WantNo:
			*a = WantNoButYes
			return Nothing, false
		case WantYesButNo:
			*a = WantYes
			return Nothing, false
		}
		return Nothing, true
	}
	switch *a {
	case Heard:
		*a = No
		return SayNo, false
	case Yes:
		*a = WantNo
		return SayNo, false
	case WantYes:
		*a = WantYesButNo
		return Nothing, false
	case WantNoButYes:
		*a = WantNo
		return Nothing, false
	}
	return Nothing, true
}

// Said takes what was said to the peer without asking this machine: by a client that is a
// program, or as bytes that were sent as they are.
func (a *Agreement) Said(wants bool) {
	switch {
	case wants && *a == Heard:
		*a = Yes
	case wants && *a != Yes:
		*a = WantYes
	case !wants && *a == Heard:
		*a = No
	case !wants && *a != No:
		*a = WantNo
	}
}

// Maybe reports whether the option is in effect, or will be if a request is answered.
func (a Agreement) Maybe() bool { return a == Yes || a == Heard }

// Waits reports whether an answer is to come.
func (a Agreement) Waits() bool { return a == Heard || a > Yes }
