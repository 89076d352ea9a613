package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/target"
)

// Agents get in only where they are let in, on each route.
func TestAgentsAreOffByDefault(t *testing.T) {
	g := New(testGateway().Config)
	s := stopping(t, g)
	for _, path := range []string{"/api/modes", "/websocket/ws", "/api/sessions", "/"} {
		for _, name := range []string{"robot 1.0", ""} {
			r, _ := http.NewRequest("GET", s.URL+path, nil)
			r.Header.Set(AgentHeader, name)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			words, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if answer.StatusCode != http.StatusForbidden || !strings.Contains(string(words), "--agents") {
				t.Errorf("%s: %s %s", path, answer.Status, words)
			}
		}
	}
}

// Where they are, what they do is marked in the list, the audit log and the client's hello.
func TestAgentsAreMarked(t *testing.T) {
	var log bytes.Buffer
	config := testGateway().Config
	config.Agents, config.Keep = true, time.Minute
	config.Audit = slog.New(slog.NewJSONHandler(&log, nil))
	g := New(config)
	s := stopping(t, g)
	d := websocket.Dialer{Subprotocols: []string{subprotocol}}
	name := strings.Repeat("r", 60) + "\u202e\u202eobot"
	ws, _, err := d.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/websocket/ws?keep=on", http.Header{AgentHeader: {name}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	say(t, ws, websocket.TextMessage, "h:1")
	hear(t, ws, "SUCC")
	marked := `"agent":"` + strings.Repeat("r", 60)
	hear(t, ws, marked)
	list := httptest.NewRecorder()
	g.kept(list, httptest.NewRequest("GET", "/api/sessions", nil))
	var infos []struct{ Agent string }
	if err := json.Unmarshal(list.Body.Bytes(), &infos); err != nil || len(infos) != 1 || len(infos[0].Agent) > maxAgent || !strings.HasPrefix(infos[0].Agent, "rrr") {
		t.Errorf("%s, %v", list.Body, err)
	}
	if text := log.String(); !strings.Contains(text, `"msg":"dial"`) || !strings.Contains(text, marked) {
		t.Error(text)
	}
}

// Not even an agent of the account reaches what is of the workbench's machine.
func TestAgentsDoNotDialTheMachine(t *testing.T) {
	config := testGateway().Config
	dialled := 0
	config.Dial = func(context.Context, target.Target, target.Security) (Server, error) {
		dialled++
		return nil, nil
	}
	g := New(config)
	for _, address := range []string{"unix:///run/x", "serial:///dev/x", "exec:/bin/x"} {
		to, err := target.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		for agent, words := range map[string]string{"robot": notAnAgent, "": ""} {
			dialled = 0
			_, err := g.dial(t.Context(), asker{Principal: access.Own(access.Account), agent: agent}, to, target.Security{}, nil)
			if (err == nil) != (agent == "") || err != nil && err.Error() != words || (dialled == 1) != (agent == "") {
				t.Errorf("%s by %q: %v, dialled %d times", address, agent, err, dialled)
			}
		}
	}
}
