//go:build linux

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// An agent's program starts workbench mcp, talks to a server by it, and leaves: what it has
// open ends, and the recording, among those of its user, names it.
func TestAgent(t *testing.T) {
	users, folder := filepath.Join(t.TempDir(), "users"), t.TempDir()
	token := addUser(t, users, "robot")
	w := start(t, "--agents", "--users", users, "--transcripts", folder)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.Command(workbenchBinary, "mcp", "--at", w.address)
	cmd.Env = append(os.Environ(), "WORKBENCH_TOKEN="+token)
	client := mcp.NewClient(&mcp.Implementation{Name: "robot", Version: "7"}, nil)
	agent, err := client.Connect(ctx, &mcp.CommandTransport{Command: cmd}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	call := func(name string, args map[string]any) (said string, told struct{ Session string }) {
		t.Helper()
		r, err := agent.CallTool(ctx, &mcp.CallToolParams{Name: name, Arguments: args})
		if err != nil {
			t.Fatal(err)
		}
		said = r.Content[0].(*mcp.TextContent).Text
		json.Unmarshal([]byte(said), &told)
		return said, told
	}
	said, told := call("open", map[string]any{"target": w.echo, "mode": "http-line", "quiet_ms": 1})
	if told.Session == "" {
		t.Fatal(said)
	}
	if said, _ := call("send", map[string]any{"session": told.Session, "text": "hello", "until_messages": 1}); !strings.Contains(said, `"bytes":"hello\\r\\n"`) || !strings.Contains(said, `>> server bytes`) {
		t.Error(said)
	}
	if said, _ := call("open", map[string]any{"target": "unix:" + filepath.Join(folder, "x"), "mode": "raw"}); !strings.Contains(said, "no agent may dial it") && !strings.Contains(said, "may not be dialled") {
		t.Error(said)
	}
	if err := agent.Close(); err != nil || !cmd.ProcessState.Success() {
		t.Errorf("workbench mcp: %v, %v", err, cmd.ProcessState)
	}
	var text string
	if !within(patience, func() bool {
		all, _ := filepath.Glob(filepath.Join(folder, "users", "robot", "*.transcript"))
		if len(all) != 1 {
			return false
		}
		read, err := os.ReadFile(all[0])
		text = string(read)
		return err == nil && strings.Contains(text, "-- ended: ")
	}) || !strings.Contains(text, ", opened by the agent robot 7\n") {
		t.Errorf("the recording is\n%s", text)
	}
}
