//go:build linux

package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/dissect"
)

// What tcpdump captures of mosquitto and its clients are as many messages as tshark finds;
// one of them has a length of 4 bytes. Like all tests named TestRoot, this one needs root.
func TestRootDecodeMQTT(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin") // where servers are, which not every user looks into
	conf := filepath.Join(t.TempDir(), "conf")
	if err := os.WriteFile(conf, []byte("listener "+port+" 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\nlog_dest stderr\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	started(t, " running", true, "mosquitto", "-c", conf)
	tcpdump, packets := started(t, "listening on", true, "tcpdump", "-i", "lo", "-U", "--immediate-mode", "-B", "65536", "-w", "-", "tcp port "+port)

	talks := [][]string{
		{"mosquitto_pub", "-V", "mqttv31", "-t", "a", "-m", "x"}, {"mosquitto_pub", "-V", "mqttv5", "-q", "2", "-r", "-t", "a/b", "-m", "hello"},
		{"mosquitto_pub", "-V", "mqttv311", "-q", "1", "-r", "-t", "large", "-s"}, {"mosquitto_sub", "-V", "mqttv5", "-q", "2", "-t", "#", "-C", "2", "-W", "60"},
	}
	told := &counted{ended: make(chan struct{}, len(talks))}
	var capture bytes.Buffer
	var sum dissect.Summary
	decoded := make(chan error, 1)
	mode, _ := builtinNamed("mqtt")
	o := dissect.Options{Mode: "mqtt", To: told, Open: openBuiltin, Modes: []core.Manifest{mode.Manifest}}
	go func() {
		var err error
		sum, err = o.Decode(t.Context(), io.TeeReader(packets, &capture))
		decoded <- err
	}()
	for _, args := range talks {
		cmd := exec.Command(args[0], append(args[1:], "-p", port)...)
		cmd.Stdin = strings.NewReader(strings.Repeat("x", 1<<21))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %.200s", err, out)
		}
	}
	for range talks {
		select {
		case <-told.ended:
		case err := <-decoded:
			t.Fatalf("the decoding ended: %v", err)
		}
	}
	tcpdump.Process.Signal(os.Interrupt)
	if err := <-decoded; err != nil {
		t.Fatal(err)
	}
	if sum.Connections != len(talks) || sum.Wrong+int(sum.Undecoded)+int(sum.Lost) > 0 || told.messages[core.Client] < 4*3 {
		t.Errorf("%+v, %v", sum, told.messages)
	}
	file := filepath.Join(t.TempDir(), "mqtt.pcap")
	if err := os.WriteFile(file, capture.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	types, err := exec.Command("tshark", "-n", "-r", file, "-d", "tcp.port=="+port+",mqtt", "-Y", "mqtt", "-T", "fields", "-E", "aggregator=/s", "-e", "mqtt.msgtype").Output()
	if found := len(strings.Fields(string(types))); err != nil || found != sum.Messages {
		t.Errorf("tshark finds %d messages (%v), and %d were decoded", found, err, sum.Messages)
	}
}
