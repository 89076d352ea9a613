//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The mode mqtt with mosquitto: the session of its page, in which its process is killed
// after each line, and mosquitto's clients through a watching tap, whose messages are as
// many as tshark's. All recordings replay however they are cut.
func TestModeMQTT(t *testing.T) {
	broker := mosquitto(t)
	w, folder := keeper(t)
	c := w.join(t, "?mode=mqtt", broker)
	lines, shown := pageSession(t, "mqtt")
	k := killer{w: w, mode: "mqtt"}
	for i, line := range lines {
		strike := k.aim(t, syscall.SIGKILL)
		c.say(line)
		strike() // in the midst of the exchange, or after it
		c.hears(strings.Split(strings.TrimSuffix(shown[i+1], "\n"), "\n")...)
	}
	c.say("DISCONNECT")
	c.linesToEnd()
	workbenchDoes(t, "replay", "--recut", "10", filepath.Join(folder, w.recorded(t)+".transcript"))

	tap := tapTo(t, broker, "--mode", "mqtt")
	out := do(t, `mosquitto_pub -h $HOST -p $PORT -V 5 -u joe -P open-sesame -q 2 -r -t news -s && mosquitto_sub -h $HOST -p $PORT -q 2 -t news -C 1 -W 60`, "hello", tap.address)
	if out != "hello\n" {
		t.Fatalf("mosquitto's clients wrote %q", out)
	}
	eventually(t, "the end of both sessions", func() bool { return strings.Count(tap.stdout.String(), "; transcript ") == 2 })
	all := ""
	for _, file := range tap.stop(t) {
		workbenchDoes(t, "replay", "--recut", "10", file)
		text, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(text), "open-sesame") {
			t.Errorf("%v, or the recording has the password:\n%s", err, text)
		}
		all += string(text)
		capture := filepath.Join(t.TempDir(), "c.pcapng")
		workbenchDoes(t, "transcript", "convert", "--to", "pcapng", file, "-o", capture)
		types, err := exec.Command("tshark", "-n", "-r", capture, "-d", "tcp.port=="+portOf(broker)+",mqtt", "-Y", "mqtt", "-T", "fields", "-E", "aggregator=/s", "-e", "mqtt.msgtype").Output()
		if want, got := len(strings.Fields(string(types))), strings.Count(string(text), "<< message from-"); err != nil || got != want || got < 6 {
			t.Errorf("%d messages, and tshark has %d, %v:\n%s", got, want, err, text)
		}
		if strings.Contains(string(text), " ! ") {
			t.Errorf("something is wrong:\n%s", text)
		}
	}
	for _, want := range []string{`"PUBCOMP 1`, `"PUBREL 1`, `"PUBLISH news (QoS 2, id 1, retained): hello"`} {
		if !strings.Contains(all, want) {
			t.Errorf("there is no %s in\n%s", want, all)
		}
	}
}
