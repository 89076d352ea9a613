//go:build linux

package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// 16 MiB without meaning are refused before they are in memory.
func TestALargeComparison(t *testing.T) {
	t.Parallel()
	w := start(t)
	check := w.growth(t)
	const most = 16 << 20
	for what, body := range map[string]string{
		"entries":   `{"runs":[{"mode":"raw"}],"entries":[` + strings.Repeat("{},", most/3-100) + `{}]}`,
		"runs":      `{"entries":[],"runs":[` + strings.Repeat("{},", most/3-100) + `{}]}`,
		"options":   `{"entries":[],"runs":[{"options":{` + strings.Repeat(`"":"",`, most/6-100) + `"":""}}]}`,
		"one value": `{"target":"` + strings.Repeat("x", most-100) + `"}`,
	} {
		resp, err := httpClient.Post("http://"+w.address+"/api/compare", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		words, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s %s", what, resp.Status, words)
		}
		t.Logf("%s: %s %s", what, resp.Status, words)
	}
	t.Logf("%d MiB at most", memory(t, w.pid(), "VmHWM")>>20)
	check()
}
