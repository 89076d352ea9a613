package gateway

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/access"
)

// withoutRecord are the routes whose requests have no record in the audit log. A
// new route has one, or is here.
var withoutRecord = map[string]bool{
	"GET /": true, "GET /docs/": true, "GET /healthz": true, "GET /metrics": true, "GET /api/modes": true, "GET /websocket/": true,
	"GET /join": true, "GET /api/class": true, "GET /api/class/qr.svg": true,
	"GET /api/class/live": true, "GET /api/class/wall": true, "GET /api/taps/live": true,
	"GET /login": true, "GET /callback": true, "POST /api/join": true, // they have records of their own
}

// A request on each other route has one record, on one line whatever its path
// contains, which is there before the answer.
func TestEachRouteHasARecord(t *testing.T) {
	var log bytes.Buffer
	config := testGateway().Config
	config.Audit = slog.New(slog.NewJSONHandler(&log, nil))
	g := New(config)
	for _, rt := range everyRoute() {
		log.Reset()
		_, path, _ := strings.Cut(rt.pattern, " ")
		path = strings.NewReplacer("{id}", "a%0d%0a%1b[31m%22,%22forged%22:1", "{name}", "teapot").Replace(path)
		method, _, _ := strings.Cut(rt.pattern, " ")
		r := httptest.NewRequest(method, path, nil)
		g.auditRequest(rt.pattern, withAsker(r, asker{Principal: access.Own(access.Token), from: r.RemoteAddr}))
		if withoutRecord[rt.pattern] {
			if log.Len() > 0 {
				t.Errorf("%s: %s", rt.pattern, &log)
			}
			continue
		}
		var record struct {
			Msg, Method, Path string
			By                struct{ Who, From string }
			Forged            int
		}
		line := strings.TrimSuffix(log.String(), "\n")
		if err := json.Unmarshal([]byte(line), &record); err != nil || strings.ContainsAny(line, "\r\n\x1b") || record.Forged != 0 {
			t.Errorf("%s: %q: %v", rt.pattern, line, err)
		}
		if record.Msg != "request" || record.Method != method || !strings.HasPrefix(record.Path, "/") || record.By.Who != "token" || record.By.From == "" {
			t.Errorf("%s: %s", rt.pattern, line)
		}
	}
}
