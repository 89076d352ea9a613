package gateway

import (
	"encoding/json"
	"net/http"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
)

// Mode is one line mode, as GET /api/modes shows it.
type Mode struct {
	Manifest core.Manifest `json:"manifest"`
	State    string        `json:"state"`           // "starting", "ready", "failed" or, at the end, "stopped"
	Code     string        `json:"code"`            // what its process does, for programs
	PID      int           `json:"pid,omitempty"`   // of its process
	Spare    int           `json:"spare,omitempty"` // PID of the process that takes its place
	Uptime   float64       `json:"uptime"`          // of its process, in seconds
	Sessions int           `json:"sessions"`        // open now
	Restarts int           `json:"restarts"`        // of its process, since the workbench started
	Error    string        `json:"error,omitempty"` // the last thing that went wrong
	// ErrorCode is Error for programs.
	ErrorCode string `json:"errorCode,omitempty"`
	// Overload is set while the process cannot keep up.
	Overload *Overload `json:"overload,omitempty"`
}

// Overload says how long sessions wait for their turn in a mode's process.
type Overload struct {
	Waiting int     `json:"waiting"` // sessions
	Longest float64 `json:"longest"` // of their waits, in seconds
}

// Sandbox is how plugin processes are confined, as GET /api/modes shows it.
type Sandbox struct {
	Policy     string      `json:"mode"` // "strict", "best-effort" or "off"
	Mechanisms []Mechanism `json:"mechanisms"`
}

// Mechanism is one way of confining plugin processes.
type Mechanism struct {
	Name     string `json:"name"`
	State    string `json:"state"`              // "holds", "missing" or "unknown": no process runs without it, and perhaps none can run
	Optional bool   `json:"optional,omitempty"` // it may be missing
	Stops    string `json:"stops"`              // in words
	Detail   string `json:"detail,omitempty"`   // how far it holds, in words
	Reason   string `json:"reason,omitempty"`   // why it does not, in words
}

type devMode struct {
	Mode string `json:"mode"`
}

func (g *Gateway) modes(w http.ResponseWriter, r *http.Request) {
	modes := g.Modes()
	asks := askerOf(r)
	if !asks.Role.May(access.Manage) {
		modes = withoutOthers(modes)
	}
	var dev *devMode
	if g.DevMode != "" {
		dev = &devMode{g.DevMode}
	}
	var sandbox *Sandbox
	if g.Sandbox != nil {
		confined := g.Sandbox()
		sandbox = &confined
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(struct {
		Modes    []Mode `json:"modes"`
		Default  string `json:"default"`
		Practice string `json:"practice"`
		// Practices are the practice servers beside the echo server.
		Practices []Practice `json:"practices,omitempty"`
		// Lessons says that there are some.
		Lessons bool `json:"lessons,omitempty"`
		// Recording says that sessions are recorded, except with record=off.
		Recording bool `json:"recording"`
		// Taps says that who asks may begin taps.
		Taps bool `json:"taps,omitempty"`
		// Kept is how many sessions GET /api/sessions lists.
		Kept int `json:"kept"`
		// Dev is set while a line mode is in development.
		Dev     *devMode `json:"dev,omitempty"`
		Sandbox *Sandbox `json:"sandbox,omitempty"`
		// User is who asks; absent for the account itself. Role says what it may do.
		User string      `json:"user,omitempty"`
		Role access.Role `json:"role"`
		// Open says that nobody asks who somebody is.
		Open bool `json:"open,omitempty"`
		// Class is what who asks is in the class that is held: "teacher" or "student".
		Class string `json:"class,omitempty"`
	}{modes, modes[0].Manifest.Name, g.Practice, g.Practices, g.Lessons != nil, g.Recordings != nil, g.Listen != nil && asks.Role.May(access.Listen), len(g.keeping.List()), dev, sandbox, asks.Name, asks.Role, g.Access == nil, g.inClass(asks)})
}
