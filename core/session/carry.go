package session

import (
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/wire"
)

// carryOut carries one event out as one step: into the transcript, into the
// queues. Event 0 is the opening. It waits while a queue is too long, so that
// one answer is the most that a queue can be over its bound. It returns the
// actions that count, and how the session ended, if it did. After the last of a
// batch writeOut has to follow.
func (p *peers) carryOut(e wire.Event, actions []core.Action, last bool) ([]core.Action, End) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.halted.Cause == 0 && p.tooLong() {
		if p.heldTooLong() {
			break
		}
		p.write()
		p.room.Wait()
	}
	actions, over := p.feeder.Answer(e.Event, actions)
	p.observe(p.timeOf(e.N), e, actions)
	p.outcome(e)
	if e.Kind == core.ClientRaw {
		p.sendServer(e.Data)
	}
	for _, a := range actions {
		if a.Kind.IsLink() && over.Why == feed.MachineFailed { // it may be what cannot be
			continue
		}
		p.do(a)
	}
	if p.watching != nil { // the readers do
		return actions, p.endOf(over)
	}
	if e.Kind == core.ClientStartTLS && !p.feeder.Feeds(e.Kind) {
		p.startTLS(core.Server, "", 0)
	}
	p.inbox.single = p.feeder.OneByOne()
	if p.feeder.Finished() {
		p.toServer().finish()
	}
	if p.feeder.ServerEnded() && p.halfCloses(core.Client) != nil {
		p.toClient().finish()
	}
	if !last {
		p.write()
	}
	return actions, p.endOf(over)
}

// tooLong reports that a queue is so long that both sides wait.
func (p *peers) tooLong() bool {
	return p.toServer().size() >= StopAt || p.toClient().size() >= StopAt || p.linksFull(StopAt)
}

// do is the one place that knows what each action does.
func (p *peers) do(a core.Action) {
	switch a.Kind {
	case core.SendServer:
		p.sendServer(a.Data)
	case core.SendText:
		p.sendText(a.Data)
	case core.SendBinary:
		if !p.entries {
			p.toClient().add(a.Data, false)
		}
	case core.FinishServer:
		p.toServer().finish()
	case core.Secret, core.SecretBytes: // for observers
		if p.faults != nil {
			p.faults.withhold = true
		}
	case core.Decoded: // for observers, and rules on faults
		p.sawMessage(a.Data)
	case core.Note, core.ShowPart: // for observers alone
	case core.StartTLS:
		p.startTLS(a.Side, string(a.Data), a.Rest)
	case core.Connect, core.Accept, core.SendLink, core.FinishLink, core.CloseLink:
		p.doLink(a)
	case core.AskWorld: // only practice servers have one
	case core.SetTimer:
		p.timers.set(p, string(a.Data), a.After)
	case core.StopTimer:
		p.timers.stop(string(a.Data))
	case core.Close, core.Failed, core.PassThrough: // the feeder's
	default:
		panic("session: an action that wire let through has no meaning here")
	}
}

// endOf says how the session ended, if it did.
func (p *peers) endOf(over feed.End) End {
	switch over.Why {
	case feed.MachineClosed:
		return End{ByMachine, over.Words}
	case feed.MachineFailed:
		return End{MachineFailed, over.Words}
	case feed.ServerFailed:
		return End{ServerFailed, "the connection to the server failed: " + over.Words}
	case feed.ServerEnded:
		return End{ByServer, "the server closed the connection"}
	case feed.BothEnded:
		return End{ByServer, "both sides have ended their streams"}
	case feed.ClientClosed:
		return p.leaving
	case feed.ClientFailed:
		return End{ByClient, "the connection to the client did not become TLS: " + over.Words}
	}
	return End{}
}

func (p *peers) sendServer(data []byte) {
	q := p.toServer()
	q.add(data, false)
	if (q.phase == finished || q.phase == closed) && !p.afterFIN {
		p.afterFIN = true
		p.remarkLocked(Remark{Words: "dropped bytes for the server: its side was already finished"})
	}
}

func (p *peers) sendText(data []byte) {
	if !utf8.Valid(data) {
		if !p.repaired {
			p.repaired = true
			p.remarkLocked(Remark{Words: "repaired text for the client that was not UTF-8"})
		}
		data = []byte(core.CutWords(string(data), 3*core.MaxActionPayload))
	}
	if !p.entries {
		p.toClient().add(data, true)
	}
}
