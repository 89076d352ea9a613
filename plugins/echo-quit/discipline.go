package echoquit

import "github.com/protocol-workbench/workbench/core"

// Discipline returns the line mode echo-quit.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "echo-quit",
			Title:   "Echo and quit",
			Version: "1",
			Summary: "For an echo server: each message comes back whole once all of it has been echoed, and anything that isn't an echo is flagged. " +
				"A message that begins with quit ends the session.",
			Sends:      "the message as it is, no line end",
			Input:      core.InputLine,
			Boundaries: true,
			Events:     []string{core.ClientRaw.String()},
			Group:      "raw",
			Brief:      "checks an echo server",
			Ports:      []core.UsualPort{{Port: 7, Name: "echo"}},
		},
		Open: func(core.Opening, *core.Out) (core.Machine, error) { return &machine{}, nil },
	}
}
