//go:build linux

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// What dig asks and is answered is a message each in the recording of a tap, which dig does
// not notice: by TCP in the path, by UDP watching.
func TestTapDNSMessages(t *testing.T) {
	t.Parallel()
	server := dnsmasq(t)
	answer := regexp.MustCompile(`<< message from-server 0-\d+ answers from-client 0 "A bench\.example\.: NOERROR, 1 answer"`)
	for transport, start := range map[string]func() *tapped{
		"+tcp":   func() *tapped { return tapTo(t, server, "--mode", "dns", "--through") },
		"+notcp": func() *tapped { return tapDatagrams(t, "udp://"+server, "--mode", "dns") },
	} {
		t.Run(transport, func(t *testing.T) {
			dig := func(address string) string {
				return outputOf(t, address, "", "dig", transport, "+short", "+tries=1", "+time=20", "@HOST", "-p", "PORT", "A", "bench.example")
			}
			tap := start()
			if want, got := dig(server), dig(tap.address); got != want || !strings.Contains(got, "192.0.2.7") {
				t.Errorf("%q through the tap, and %q without", got, want)
			}
			var file string
			eventually(t, "the response is a message", func() bool {
				files, _ := filepath.Glob(filepath.Join(tap.folder, "*.transcript"))
				if len(files) != 1 {
					return false
				}
				file = files[0]
				text, err := os.ReadFile(file)
				return err == nil && answer.Match(text)
			})
			tap.signal(syscall.SIGINT)
			if !tap.wait(patience) || tap.exitCode() != 0 {
				t.Fatalf("the tap did not end: %s", tap.stderr)
			}
			workbenchDoes(t, "replay", "--recut", "2", file)
		})
	}
}
