package telnet

import "github.com/protocol-workbench/workbench/core/telopt"

// This file takes the client's stream apart (RFC 854 and 855).

// The commands that mean something to the server, beside those of a negotiation.
const (
	endOfFile = 236
	interrupt = 244 // IP
	areYou    = 246 // AYT
	eraseChar = 247 // EC
	eraseLine = 248 // EL
)

// stream is where the client's stream has come to.
type stream struct {
	state  state
	verb   byte
	option byte
	sub    []byte // the subnegotiation so far, with 0xFF once
	cr     bool   // a CR has ended a line, and an LF or NUL after it belongs to it
}

// state says what the next byte is part of.
type state uint8

const (
	inData state = iota
	afterIAC
	afterVerb
	afterSB
	inSub
	inSubIAC
)

// feed takes a byte, and reports whether it is a byte of a line.
func (s *stream) feed(c byte, m *machine) (isText bool) {
	switch s.state {
	case inData:
		if c == telopt.IAC {
			s.state = afterIAC
			return false
		}
		if was := s.cr; was {
			if s.cr = false; c == '\n' || c == 0 {
				return false
			}
		}
		s.cr = c == '\r'
		return m.key(c)
	case afterIAC:
		return s.command(c, m)
	case afterVerb:
		s.state = inData
		m.negotiate(s.verb, c)
	case afterSB:
		s.state, s.option, s.sub = inSub, c, nil
	case inSub:
		if c == telopt.IAC {
			s.state = inSubIAC
		} else {
			s.inSub(c)
		}
	case inSubIAC:
		switch c {
		case telopt.IAC:
			s.state = inSub
			s.inSub(c)
		case telopt.SE:
			s.state = inData
			m.told(s.option, s.sub)
		default: // it was left without its end
			return s.command(c, m)
		}
	}
	return false
}

// inSub takes a byte of a subnegotiation. One that has too many is given up, so that a
// client that never ends one is heard again.
func (s *stream) inSub(c byte) {
	if s.sub = append(s.sub, c); len(s.sub) == MaxSub {
		s.state, s.sub = inData, nil
	}
}

// command takes the byte after IAC.
func (s *stream) command(c byte, m *machine) (isText bool) {
	s.state = inData
	switch c {
	case telopt.IAC:
		s.cr = false
		return m.text(c)
	case telopt.Will, telopt.Wont, telopt.Do, telopt.Dont:
		s.state, s.verb = afterVerb, c
	case telopt.SB:
		s.state = afterSB
	case areYou:
		m.answersAYT()
	case interrupt:
		m.interrupts()
	case eraseChar:
		m.erase()
	case eraseLine:
		m.eraseAll()
	case endOfFile:
		m.endOfInput()
	}
	return false // the others need no answer
}
