package gateway

import (
	"errors"
	"net/http"

	"github.com/protocol-workbench/workbench/core"
)

// This file tells agents, which are programs that speak for a language model, from people.
// An agent comes with a credential of somebody and may do what its holder may, except that
// it reaches no target of the workbench's machine: what a server says can talk a model into
// anything, and such a target can be worth the whole account.

// AgentHeader is the header by which a program says that it is an agent, and which.
const AgentHeader = "X-Workbench-Agent"

// maxAgent bounds what is kept of an agent's name, in bytes.
const maxAgent = 64

var errAgents = errors.New("agents are not let in here: whoever runs this workbench lets them in with --agents, as in: workbench serve --agents")

// agentOf returns the agent that sends a request; "": a person does.
func (g *Gateway) agentOf(r *http.Request) (string, error) {
	if r.Header.Values(AgentHeader) == nil {
		return "", nil
	}
	if !g.Agents {
		return "", errAgents
	}
	name := core.CutWords(core.Printable(r.Header.Get(AgentHeader)), maxAgent)
	if name == "" {
		name = "unnamed"
	}
	return name, nil
}
