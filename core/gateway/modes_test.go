package gateway

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// The API shows how plugin processes are confined as codes, with words.
func TestSandboxIsShown(t *testing.T) {
	g := testGateway()
	ask := func() string {
		r := httptest.NewRequest("GET", "http://127.0.0.1:8000/api/modes", nil)
		w := httptest.NewRecorder()
		g.ServeHTTP(w, at(r, 8000))
		return w.Body.String()
	}
	if got := ask(); strings.Contains(got, "sandbox") {
		t.Errorf("without a sandbox: %s", got)
	}
	g.Sandbox = func() Sandbox {
		return Sandbox{Policy: "best-effort", Mechanisms: []Mechanism{
			{Name: "landlock", State: "holds", Stops: "files", Detail: "ABI 2"},
			{Name: "seccomp", State: "unknown", Stops: "calls", Reason: "no answer"},
			{Name: "cgroup", State: "missing", Optional: true, Stops: "more", Reason: "not delegated"},
		}}
	}
	const want = `"sandbox":{"mode":"best-effort","mechanisms":[{"name":"landlock","state":"holds","stops":"files","detail":"ABI 2"},` +
		`{"name":"seccomp","state":"unknown","stops":"calls","reason":"no answer"},` +
		`{"name":"cgroup","state":"missing","optional":true,"stops":"more","reason":"not delegated"}]}`
	if got := ask(); !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
}
