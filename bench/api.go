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

// address is where the workbench's API is.
func (p *process) address() string {
	return strings.TrimSuffix(strings.Replace(p.url, "ws://", "http://", 1), "/websocket/ws")
}

// get reads JSON from a workbench.
func (p *process) get(ctx context.Context, path string, into any) error {
	text, err := getText(ctx, p.address()+path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// getText reads what stands at an address.
func getText(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Close = true // no connection outlives the measure
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", request.URL.Path, response.Status, body)
	}
	return body, err
}

// kill ends a process as kill -9 does.
func kill(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}
