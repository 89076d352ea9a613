//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// prosody serves XMPP for localhost.
func prosody(t testing.TB) string {
	address, dir := freePort(t), t.TempDir()
	newCertificate(t, authority, "127.0.0.1").write(t, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	config := filepath.Join(dir, "conf.lua")
	text := `pidfile = "DIR/pid"; data_path = "DIR"; log = { info = "*console" }
		interfaces = { "127.0.0.1" }; c2s_ports = { PORT }; c2s_require_encryption = true
		modules_enabled = { "tls", "saslauth" }; modules_disabled = { "s2s", "s2s_auth_certs" }
		VirtualHost "localhost"
		ssl = { key = "DIR/key.pem"; certificate = "DIR/cert.pem" }`
	if os.Getuid() == 0 {
		text = "run_as_root = true\n" + text
	}
	writeFile(t, config, strings.NewReplacer("DIR", dir, "PORT", portOf(address)).Replace(text))
	startServer(t, address, "", exec.Command(installed(t, "prosody"), "-F", "--config", config))
	return address
}

// Prosody, by hand: the offer is gone after the upgrade, and that to log in is there.
func TestStartTLSWithProsody(t *testing.T) {
	const stream = `<stream:stream to="localhost" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" version="1.0">`
	address := prosody(t)
	for _, mode := range []string{"raw", "http-line"} {
		t.Run(mode, func(t *testing.T) {
			folder := t.TempDir()
			w := start(t, "--transcripts", folder)
			c := w.mailTalk(t, "?mode="+mode, address)
			for _, step := range [][2]string{
				{stream, "xmpp-tls"}, {`<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>`, "proceed"},
				{"", `"side":"server","kind":"tls"`}, {stream, "PLAIN"}, {"</stream:stream>", "/stream:stream"},
			} {
				if step[0] == "" {
					c.say(`{"starttls":true}`)
				} else {
					c.says(step[0])
				}
				c.until(step[1])
			}
			c.linesToEnd()
			workbenchRun(t, "", "replay", "--recut", "5", filepath.Join(folder, w.recorded(t)+".transcript"))
		})
	}
}

// What somebody has put behind the server's agreement in clear is dropped in a replay, too,
// wherever it was cut: by the machine, which leaves it unread, and from when it has ordered
// the upgrade by the core.
func TestInjectedPlaintextReplayedAtEveryCut(t *testing.T) {
	const agreed, evil = "220 ready\r\n", "250 evil\r\n220 more evil\r\n"
	const sent = agreed + evil
	folder := t.TempDir()
	server := func(s string) string {
		if s == "" {
			return ""
		}
		return ">> server " + strconv.Quote(s) + "\n"
	}
	for cut := range len(sent) + 1 {
		text := "workbench transcript v1\nmode starttls\n\n>> client text \"STARTTLS\"\n<< server \"STARTTLS\\r\\n\"\n"
		orders := func(rest int) string {
			return fmt.Sprintf("<< client text \"220 ready\"\n<< start-tls server \"\" rest %d\n", rest)
		}
		if cut < len(agreed) {
			text += server(sent[:cut]) + server(sent[cut:]) + orders(len(evil))
		} else {
			text += server(sent[:cut]) + orders(cut-len(agreed)) + server(sent[cut:])
		}
		text += ">> server tls \"tls 1.3\"\n<< note \"tls 1.3\"\n>> server \"250 hi\\r\\n\"\n<< client text \"250 hi\"\n"
		writeFile(t, filepath.Join(folder, fmt.Sprintf("%d.golden", cut)), strings.ReplaceAll(text, " rest 0\n", "\n"))
	}
	if out := workbenchDoes(t, "replay", "--plugin-dir", startTLSPlugins, "--recut", "3", folder); !strings.Contains(out, fmt.Sprintf(" %d same", len(sent)+1)) {
		t.Error(out)
	}
}
