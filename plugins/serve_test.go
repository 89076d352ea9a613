package plugins

import (
	"bufio"
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/pluginproto"
)

var shout = core.Discipline{
	Manifest: core.Manifest{Name: "shout", Title: "Shout", Version: "1.2.3", Summary: "In capitals.", Input: core.InputLine},
	Open:     func(core.Opening, *core.Out) (core.Machine, error) { return nil, nil },
}

// The test binary is the plugin.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "serve":
			Serve(shout)
		case "serve-invalid":
			Serve(core.Discipline{Manifest: core.Manifest{Name: "no name"}})
		}
	}
	goleak.VerifyTestMain(m)
}

func TestStartedByHand(t *testing.T) {
	for how, want := range map[string]string{
		"serve":         `This program is "shout", a line mode of the Protocol Workbench (version 1.2.3)`,
		"serve-invalid": "The manifest of this plugin is not valid",
	} {
		c := exec.Command(os.Args[0], how)
		out, err := c.CombinedOutput()
		if err == nil || c.ProcessState.ExitCode() != 1 || !strings.HasPrefix(string(out), want) {
			t.Errorf("%s: %v, %q", how, err, out)
		}
	}
}

func TestNoOpen(t *testing.T) {
	if got := refusal(core.Discipline{Manifest: shout.Manifest}, pluginproto.Handshake.MagicCookieValue); !strings.Contains(got, "no Open function") {
		t.Errorf("got %q", got)
	}
}

// The process ends with the pipe that its host holds.
func TestEndsWithItsHost(t *testing.T) {
	c := exec.Command(os.Args[0], "serve")
	c.Env = append(os.Environ(), pluginproto.Handshake.MagicCookieKey+"="+pluginproto.Handshake.MagicCookieValue,
		"PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR="+t.TempDir())
	lifeline, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "1|1|") {
		t.Errorf("the handshake is %q, %v", line, err)
	}
	lifeline.Close()
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}

func TestLogKeys(t *testing.T) {
	var b bytes.Buffer
	logger(&b).Warn("hot", "degrees", 40, slog.Group("at", "time", "noon"))
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	at, _ := got["at"].(map[string]any)
	if got["@message"] != "hot" || got["@level"] != "warn" || got["@timestamp"] == nil || got["degrees"] != 40.0 || at["time"] != "noon" || len(got) != 5 {
		t.Errorf("the line is %s", b.Bytes())
	}
}
