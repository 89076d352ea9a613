package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// modeState is what GET /api/modes says of the process of a line mode.
type modeState struct {
	Manifest struct{ Name string }
	State    string
	PID      int
	Sessions int
}

// modes asks a workbench for the states of its line modes.
func (p *process) modes(ctx context.Context) (modes []modeState, err error) {
	var answer struct{ Modes []modeState }
	err = p.get(ctx, "/api/modes", &answer)
	return answer.Modes, err
}

// readyMode waits until the process of a line mode is ready, and returns its
// id.
func (p *process) readyMode(ctx context.Context, name string) (pid int, err error) {
	for {
		modes, err := p.modes(ctx)
		if err != nil {
			return 0, err
		}
		state := "not there"
		for _, m := range modes {
			if m.Manifest.Name == name {
				state = m.State
				if state == "ready" && m.PID != 0 {
					return m.PID, nil
				}
			}
		}
		if err := wait(ctx, 5*time.Millisecond); err != nil {
			return 0, fmt.Errorf("the process of %s is %s: %w", name, state, err)
		}
	}
}

// get reads JSON from a workbench.
func (p *process) get(ctx context.Context, path string, into any) error {
	address := strings.TrimSuffix(strings.Replace(p.url, "ws://", "http://", 1), "/websocket/ws")
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+path, nil)
	if err != nil {
		return err
	}
	request.Close = true // no connection outlives the measure
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s: %s", path, response.Status, body)
	}
	return json.Unmarshal(body, into)
}

// kill ends a process as kill -9 does.
func kill(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}
