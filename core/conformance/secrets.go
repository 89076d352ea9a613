package conformance

import (
	"bytes"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/secret"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// keepsSecrets is the promise that what a machine marks as secret of an event it
// does not say unmarked in its answer. Shorter bytes than those of a lasting secret
// may stand there by chance, and '*' stand for what a recording does not tell.
func keepsSecrets(_ *tester, h *session) *Finding {
	var secrets secret.Values
	for i := range h.steps {
		st := &h.steps[i]
		secrets.Add(st.actions)
		for _, marked := range secret.OfEvent(st.Event, st.actions) {
			if len(marked) < core.LastingSecret || len(bytes.Trim(marked, "*")) == 0 {
				continue
			}
			_, covered := secrets.Answer(st.Event, st.actions)
			if a := says(covered, marked); a >= 0 {
				before := session{steps: h.steps[:i+1]}
				return &Finding{
					event: i,
					Words: fmt.Sprintf("%d bytes that the answer to %s marks as secret there stand unmarked in its << %s",
						len(marked), before.last(), transcript.Name(transcript.Entry{Dir: transcript.Action, Action: covered[a]})),
					Do:   "mark them there too: Secret(true, from, to) right after the action, or, for all of the session, their value by SecretBytes",
					Diff: diff([]step{{st.Event, replaced(covered, marked)}}, []step{{st.Event, covered}}),
				}
			}
		}
	}
	return nil
}

// says returns the action at which the bytes are said whole, or -1. What goes to
// one side is one stream.
func says(actions []core.Action, marked []byte) int {
	var server, client []byte
	for i, a := range actions {
		said := a.Data
		switch a.Kind {
		case core.SendServer:
			server = append(server, a.Data...)
			said = server
		case core.SendText, core.SendBinary:
			client = append(client, a.Data...)
			said = client
		case core.Secret, core.SecretBytes:
			continue
		}
		if bytes.Contains(said, marked) {
			return i
		}
	}
	return -1
}

// replaced returns the actions as they should be recorded.
func replaced(actions []core.Action, marked []byte) []core.Action {
	all := core.CloneActions(actions)
	stars := bytes.Repeat([]byte("*"), len(marked))
	for i := range all {
		all[i].Data = bytes.ReplaceAll(all[i].Data, marked, stars)
	}
	return all
}
