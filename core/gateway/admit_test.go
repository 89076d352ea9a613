package gateway

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/login"
	"github.com/protocol-workbench/workbench/core/target"
)

// publicRoutes answer everyone. A route that is not here wants a credential.
var publicRoutes = map[string]bool{"GET /healthz": true, "GET /login": true, "GET /callback": true, "GET /join": true, "POST /api/join": true}

// Each route answers 401, in one size, to requests with no, a wrong, or a revoked
// credential, before anything is done; the WebSocket before the upgrade.
func TestEachRouteWantsACredential(t *testing.T) {
	key, err := access.OpenKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	revoked, _ := key.Token()
	if err := key.Rotate(); err != nil {
		t.Fatal(err)
	}
	gate := access.New(key, nil)
	synctest.Test(t, func(t *testing.T) { eachRouteWantsACredential(t, gate, revoked) }) // failed tries wait
}

func eachRouteWantsACredential(t *testing.T, gate *access.Gate, revoked string) {
	config := testGateway().Config
	config.Access, config.Login, config.Class = gate, login.New(login.Config{}, nowhere{}), new(class.Class)
	config.Dial = func(context.Context, target.Target, target.Security) (Server, error) {
		t.Error("a target was dialled")
		return nil, context.Canceled
	}
	g := New(config)
	sizes := map[int]bool{}
	for _, rt := range everyRoute() {
		method, path, _ := strings.Cut(rt.pattern, " ")
		path = strings.NewReplacer("{id}", "20260102-030405-abcdef", "{name}", "teapot").Replace(path)
		for name, header := range map[string]http.Header{
			"none":    {},
			"wrong":   {"Authorization": {"Bearer " + strings.Repeat("A", 43)}},
			"revoked": {"Authorization": {"Bearer " + revoked}},
			"cookie":  {"Cookie": {"workbench-8000=" + strings.Repeat("A", 43)}},
		} {
			r := at(httptest.NewRequest(method, path, nil), 8000)
			r.Host, r.Header = "127.0.0.1:8000", header
			if strings.HasPrefix(path, "/websocket/") {
				r.Header.Set("Upgrade", "websocket")
				r.Header.Set("Connection", "upgrade")
			}
			w := httptest.NewRecorder()
			g.ServeHTTP(w, r)
			if want := !publicRoutes[rt.pattern]; (w.Code == http.StatusUnauthorized) != want {
				t.Errorf("%s, %s: %d %s", rt.pattern, name, w.Code, w.Body)
			} else if want {
				sizes[w.Body.Len()] = true
			}
		}
	}
	if len(sizes) != 1 {
		t.Errorf("refusals have %d sizes", len(sizes))
	}
}

// The code of a link becomes a cookie, which lets its browser in.
func TestLinks(t *testing.T) {
	key, err := access.OpenKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	config := testGateway().Config
	config.Access = access.New(key, nil)
	g := New(config)
	get := func(path, cookie string) *httptest.ResponseRecorder {
		r := at(httptest.NewRequest("GET", path, nil), 8000)
		r.Host = "127.0.0.1:8000"
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		return w
	}
	code, err := key.NewCode(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := get("/?code="+code, "")
	cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `content="0;url=/"`) || cookie == "" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	if w := get("/api/modes", cookie); w.Code != http.StatusOK {
		t.Errorf("with the cookie: %d %s", w.Code, w.Body)
	}
	if w := get("/?code="+code, ""); w.Code != http.StatusUnauthorized {
		t.Errorf("a link that was used: %d", w.Code)
	}
}

// Failed tries wait once there are many, and do not fill the log.
func TestFailedTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s slowing
		var told atomic.Int32
		var tries sync.WaitGroup
		began := time.Now()
		for range 3 * freeTries {
			tries.Go(func() {
				if s.wait(t.Context()) {
					told.Add(1)
				}
			})
		}
		tries.Wait()
		if took := time.Since(began); told.Load() != freeTries || took != slowFor {
			t.Errorf("%d of %d tries are in the log; they took %v", told.Load(), 3*freeTries, took)
		}
		time.Sleep(time.Hour)
		began = time.Now()
		if !s.wait(t.Context()) || time.Since(began) != 0 {
			t.Error("the first try after an hour waits, or is not in the log")
		}
	})
}
