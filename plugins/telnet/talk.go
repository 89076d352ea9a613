package telnet

import (
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/telopt"
)

// maxMade is how many messages of what a person sends at once are made.
const maxMade = 20_000

// talk is what both sides of a connection have said.
type talk struct {
	flow   core.Flow // of what the client says
	words  [][]byte  // of prompts for a password
	asks   bool      // the server asks for a password, as far as its text says
	client decoder
	server decoder
	tracked
}

// tracked is what a checkpoint has beside the decoders.
type tracked struct {
	Options sides
	Last    []byte // the end of the server's last line that is not blank
	Values  int    // how many were kept secret
	Missed  bool   // … something, so that the options may be others
	Told    bool   // by hand: that what is typed now is a secret
	Width   int    // by hand: of the window
	Height  int
}

// step takes what a side has said of an option, and returns which message it answers. By
// hand, say is what the client has to say to it.
func (t *talk) step(byServer bool, it *item, hears func(*telopt.Agreement) telopt.Answer) (say telopt.Answer, answers core.MessageRef) {
	o := &t.Options[performer(byServer, it.code)][it.option]
	before := o.State
	say = hears(&o.State)
	if o.Asked > 0 && o.ByServer != byServer {
		answers = core.MessageRef{Flow: core.FromServer, From: o.Asked - 1}
		if byServer {
			answers.Flow = t.flow
		}
		o.Asked = 0
	} else if say == telopt.Nothing && before != o.State && (o.State.Waits() || before == telopt.Yes) {
		o.Asked, o.ByServer = it.from+1, byServer
	}
	t.agreed()
	return say, answers
}

// sub takes a subnegotiation of a side, and returns which message it answers.
func (t *talk) sub(byServer bool, it *item) (answers core.MessageRef) {
	own, other := ofClient, ofServer
	if byServer {
		own, other = ofServer, ofClient
	}
	if it.wrong == "" && !t.Missed && t.Options[own][it.option].State == telopt.No && t.Options[other][it.option].State == telopt.No {
		it.wrong = "RFC 855: a subnegotiation is about an option that both sides have agreed on; they have not"
	}
	if len(it.data) == 0 {
		return answers
	}
	switch subcommandName(it.option, it.data[0]) {
	case "SEND":
		t.Options[other][it.option].Send = it.from + 1
	case "IS":
		if o := &t.Options[own][it.option]; o.Send > 0 {
			answers = core.MessageRef{Flow: core.FromServer, From: o.Send - 1}
			if byServer {
				answers.Flow = t.flow
			}
			o.Send = 0
		}
	}
	return answers
}

// made is what is said of what the client has sent.
type made struct {
	message core.Message
	value   []byte // that is secret
}

// says takes what the client has sent. all makes a message of each thing, however many there
// are; else more is how many have none. answers is what the machine's own words answer.
func (t *talk) says(data []byte, all, own bool, answers core.MessageRef) (said []made, more int) {
	t.client.feed(data, func(it *item) { t.saysItem(it, all, own, answers, &said, &more) })
	return said, more
}

func (t *talk) saysItem(it *item, all, own bool, answers core.MessageRef, said *[]made, more *int) {
	switch it.code {
	case telopt.Will, telopt.Wont, telopt.Do, telopt.Dont:
		if !own {
			_, answers = t.step(false, it, func(a *telopt.Agreement) telopt.Answer { a.Said(telopt.IsYes(it.code)); return telopt.Nothing })
		}
	case telopt.SB:
		answers = t.sub(false, it)
	}
	var one made
	if it.secret {
		one.value = t.value(it.data)
	}
	if !all && len(*said) >= maxMade {
		*more++
		return
	}
	one.message = it.message(t.flow, nil)
	one.message.Answers = answers
	*said = append(*said, one)
}

// missed says that n bytes of a side were missed.
func (t *talk) missed(side core.Side, n int64) {
	if side == core.Client {
		t.client.missed(n)
	} else {
		t.server.missed(n)
	}
	t.Missed = true
	for i := range t.Options {
		for j := range t.Options[i] {
			t.Options[i][j].Asked, t.Options[i][j].Send = 0, 0
		}
	}
}
