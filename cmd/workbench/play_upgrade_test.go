package main

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const upgradedTalk = `workbench transcript v1
mode http-line
target "mail.example:25"

>> server "220 a ESMTP\r\n"
<< client text "220 a ESMTP"
>> client text "STARTTLS"
<< server "STARTTLS\r\n"
>> server "220 go ahead\r\n"
<< client text "220 go ahead"
>> client start-tls
>> server tls "tls 1.3, TLS_AES_128_GCM_SHA256, certificate \"CN=mail\""
>> client text "QUIT"
<< server "QUIT\r\n"
>> server "221 bye\r\n"
<< client text "221 bye"
>> server eof
`

// A recording with STARTTLS plays to itself, verified as the flags say, and a handshake
// that fails is the step that differs, with the flags that go on.
func TestPlayUpgrades(t *testing.T) {
	file := write(t, upgradedTalk)
	ca := newTestCA(t)
	cert, key := ca.issue(t, leaf("localhost", 1))
	keys := filepath.Join(t.TempDir(), "keys")
	address, told := startPlayServer(t, "--fast", "--tls-cert", cert, "--tls-key", key, "--tls-keylog", keys, file)
	_, port, _ := net.SplitHostPort(address)
	code, stdout, stderr := playClientRun(t, file, "--to", "localhost:"+port)
	fingerprint := regexp.MustCompile(`\nThe certificate: ".*" sha256:([0-9a-f]{64}), issued by `).FindStringSubmatch("\n" + stderr)
	if code != 1 || !strings.HasPrefix(stdout, file+`:12: byte 27 of the server's stream: expected server tls "tls 1.3, TLS_AES_128_GCM_SHA256, certificate \"CN=mail\"", got server failed "the certificate of localhost is signed by an authority that is not trusted here`) ||
		!strings.Contains(stdout, "\n- >> server tls ") || fingerprint == nil || !strings.Contains(stderr, "\nTo go on, add --tls-ca FILE, or --tls-verify sha256:") {
		t.Fatalf("code %d\n%s%s", code, stdout, stderr)
	}
	told.find(t, `(got server failed "tls: bad certificate")`)
	for _, flags := range [][]string{{"--tls-verify", "none"}, {"--tls-verify", "sha256:" + fingerprint[1]}, {"--tls-ca", ca.file}} {
		code, stdout, stderr := playClientRun(t, append(flags, file, "--to", "localhost:"+port)...)
		if code != 0 || stdout != file+": same (3 answers, 36 bytes)\n" || !strings.HasPrefix(stderr, "tls 1.3, ") {
			t.Errorf("%v: code %d\n%s%s", flags, code, stdout, stderr)
		}
	}
	if secrets, err := os.ReadFile(keys); err != nil || !strings.Contains(string(secrets), "CLIENT_HANDSHAKE_TRAFFIC_SECRET ") {
		t.Errorf("the secrets: %s, %v", secrets, err)
	}
}

// Without a choice the certificate is made, and told.
func TestPlayUpgradesWithACertificateThatIsMade(t *testing.T) {
	file := write(t, upgradedTalk)
	other := write(t, "workbench transcript v1\nmode raw\n\n>> server \"220 a ESMTP\\r\\n\"\n<< server \"QUIT\\r\\n\"\n>> server eof\n")
	stdout := newOutput()
	address, _ := startPlayServerTo(t, stdout, "--fast", "--any-order", other, file)
	pin := stdout.find(t, `Its certificate: --tls-verify (sha256:[0-9a-f]{64})\n`)
	if code, stdout, stderr := playClientRun(t, file, "--to", address, "--tls-verify", pin); code != 0 {
		t.Errorf("code %d\n%s%s", code, stdout, stderr)
	}
}

func TestPlayUpgradesNotOverTLS(t *testing.T) {
	file := write(t, upgradedTalk)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"client", file, "--to", "tls://localhost:1"}, "upgrades to TLS in mid-stream, so that the connection begins in clear: name the server without TLS"},
		{[]string{"server", file, "--tls"}, "leave --tls out"},
		{[]string{"server", write(t, smtpTalk), "--tls-cert", "x"}, "the flags --tls-… want --tls too"},
	} {
		stdout, stderr := newOutput(), newOutput()
		if code := playRun(t.Context(), c.args, stdout, stderr); code == 0 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%v: code %d, %s", c.args, code, stderr)
		}
	}
}
