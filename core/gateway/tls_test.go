package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/target"
)

// newPEM makes a certificate and its key as PEM text.
func newPEM(t *testing.T, subject string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: subject}, DNSNames: []string{"h.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return block("CERTIFICATE", der), block("PRIVATE KEY", secret)
}

// call asks a gateway over HTTP.
func call(g *Gateway, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8000"+path, strings.NewReader(body))
	w := httptest.NewRecorder()
	g.ServeHTTP(w, at(r, 8000))
	return w
}

func TestCredentialsAPI(t *testing.T) {
	g := testGateway()
	cert, key := newPEM(t, "me")
	ca, _ := newPEM(t, "ca")
	var answers strings.Builder
	post := func(text string) (c map[string]any) {
		w := call(g, "POST", "/api/tls", text)
		answers.WriteString(w.Body.String())
		if err := json.Unmarshal(w.Body.Bytes(), &c); err != nil || w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %q", w.Code, w.Body)
		}
		return c
	}
	me := post(cert + key)
	if me["kind"] != "client" || me["subject"] != "CN=me" || fmt.Sprint(me["names"]) != "[h.example]" || len(me["id"].(string)) != 32 || len(me["fingerprint"].(string)) != 64 {
		t.Errorf("%v", me)
	}
	for _, field := range []string{"notBefore", "notAfter"} {
		if _, err := time.Parse(time.RFC3339, me[field].(string)); err != nil {
			t.Error(err)
		}
	}
	if again := post(key + cert); again["id"] != me["id"] {
		t.Error("the same again has another ID")
	}
	if authority := post(ca); authority["kind"] != "ca" {
		t.Errorf("%v", authority)
	}
	list := call(g, "GET", "/api/tls", "").Body.String()
	answers.WriteString(list)
	var all []map[string]any
	if err := json.Unmarshal([]byte(list), &all); err != nil || len(all) != 2 || fmt.Sprint(all[0]) != fmt.Sprint(me) {
		t.Errorf("%s, %v", list, err)
	}
	if secret := strings.Split(key, "\n")[1]; strings.Contains(answers.String(), secret) || strings.Contains(answers.String(), "PRIVATE") || strings.Contains(fmt.Sprintf("%+v", g.Credentials.List()), "PRIVATE") {
		t.Errorf("the answers contain the key: %s", &answers)
	}

	for _, c := range []struct {
		method, path, body string
		status             int
		words              string
	}{
		{"POST", "/api/tls", key, 400, "a private key and no certificate"},
		{"POST", "/api/tls", "", 400, "no PEM text"},
		{"POST", "/api/tls?kind=ca", ca, 400, "none are known here"},
		{"POST", "/api/tls", strings.Repeat("x", target.MaxCredential+1), 413, "too large"},
		{"GET", "/api/tls?x=1", "", 400, "none are known here"},
		{"GET", "/api/tls", "x", 400, "must not have a body"},
		{"DELETE", "/api/tls/1", "", 404, "no such certificate"},
		{"DELETE", "/api/tls/" + me["id"].(string), "", 204, ""},
		{"DELETE", "/api/tls/" + me["id"].(string), "", 404, "no such certificate"},
		{"PUT", "/api/tls", ca, 405, ""},
	} {
		if w := call(g, c.method, c.path, c.body); w.Code != c.status || !strings.Contains(w.Body.String(), c.words) || strings.Contains(w.Body.String(), strings.Split(key, "\n")[1]) {
			t.Errorf("%s %s: %d %q; want %d %q", c.method, c.path, w.Code, w.Body, c.status, c.words)
		}
	}
	for i := range target.MaxCredentials {
		g.Credentials.Add(&target.Credential{ID: fmt.Sprint(i)})
	}
	if w := call(g, "POST", "/api/tls", cert+key); w.Code != 409 || !strings.Contains(w.Body.String(), "forget one first") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if w := call(g, "POST", "/api/tls", ca); w.Code != 200 {
		t.Errorf("the same again: %d %q", w.Code, w.Body)
	}
}

func TestSecurityInTheQuery(t *testing.T) {
	g := testGateway()
	cert, key := newPEM(t, "me")
	ca, err := target.ParseCredential([]byte(cert))
	if err != nil {
		t.Fatal(err)
	}
	me, err := target.ParseCredential([]byte(cert + key))
	if err != nil {
		t.Fatal(err)
	}
	g.Credentials.Add(ca)
	g.Credentials.Add(me)
	for _, c := range []struct {
		first, query string
		want         string // the choices
		code         target.Code
		words        string
	}{
		{"tls://h:1", "", "[]", "", ""},
		{"tls://h:1", "tls.verify=ca:" + ca.ID + "&tls.cert=" + me.ID + "&tls.name=x.example&tls.alpn=h2,http/1.1&tls.min=1.0",
			"[{verify ca sha256:" + ca.Fingerprint + " CN=me} {name x.example} {alpn h2,http/1.1} {min 1.0} {cert sha256:" + me.Fingerprint + " CN=me}]", "", ""},
		{"imaps://h", "tls.verify=none", "[{verify none}]", "", ""},
		{"tls://h:1", "tls.verify=no", "", target.CodeParameter, `tls.verify is "no"; it must be system, none, ca:ID or sha256:FINGERPRINT`},
		{"tls://h:1", "tls.=1", "", target.CodeParameter, "tls. is not a choice; the choices are verify, name, alpn, min and cert"},
		{"tls://h:1", "tls.cipher=1", "", target.CodeParameter, "tls.cipher is not a choice; the choices are verify, name, alpn, min and cert"},
		{"tls://h:1", "tls.cert=1", "", target.CodeCredentialUnknown, "tls.cert: the certificate 1 is not here: the workbench has restarted since; choose the file again"},
		{"h:1", "tls.min=1.0", "", target.CodeParameter, `the address has "tls.min", but the target is not dialled with TLS: write tls:// before it, or starttls=on for an upgrade in mid-stream`},
		{"h:1", "tls.min=1.0&starttls=on", "[{min 1.0}]", "", ""},
		{"h:1", "starttls=yes", "", "", `starttls is "yes"; it must be on or off`},
		{"tls://h:1", "starttls=on", "", "", "starttls=on is for targets without TLS; tls://h:1 has it from the beginning"},
		{"tls://h:1", "tls.min=1.0&tls.min=1.1", "", "", `query parameter "tls.min" given more than once`},
	} {
		query, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		wanted, err := g.parse(t.Context(), c.first, query)
		if c.words == "" {
			if got := fmt.Sprint(wanted.security.Choices()); err != nil || got != c.want {
				t.Errorf("%s %s: %s, %v; want %s", c.first, c.query, got, err, c.want)
			}
			continue
		}
		e, _ := err.(*target.Error)
		if err == nil || err.Error() != c.words || c.code != "" && (e == nil || e.Code != c.code) {
			t.Errorf("%s %s: %v; want %s %q", c.first, c.query, err, c.code, c.words)
		}
	}
}

// A client without the subprotocol gets everything in one line; one of workbench.v1
// gets the words, and the rest as an object. On success the hello has the outcome.
func TestTLSIsToldToClients(t *testing.T) {
	ws := dial(t, "")
	say(t, ws, websocket.TextMessage, "tls://expired:1")
	hear(t, ws, `FAIL:the certificate expired; certificate "CN=old" sha256:ab12, issued by "", for h, valid from 0001-01-01 to 0001-01-01; `+
		"to go on, add to the query tls.verify=sha256:ab12 or tls.verify=ca:ID (of a certificate given by POST /api/tls) or tls.name=NAME")
	ends(t, ws, websocket.CloseNormalClosure, "")

	for _, c := range []struct{ query, first, words, object string }{
		{"", "tls://expired:1", "FAIL:the certificate expired", `[{"kind":"refused","code":"tls-expired","certificate":{"subject":"CN=old","issuer":"","names":["h"],"notBefore":"0001-01-01T00:00:00Z","notAfter":"0001-01-01T00:00:00Z","fingerprint":"ab12"}}]`},
		{"?tls.cert=1", "tls://h:1", "FAIL:tls.cert: the certificate 1 is not here: the workbench has restarted since; choose the file again", `[{"kind":"refused","code":"tls-credential-unknown"}]`},
		{"", "refused:1", "FAIL:connection refused by refused:1: nothing listens there", ""},
		{"", "tls://h:1", "SUCC", `"tls":{"version":"1.3","cipher":"","alpn":"","verified":"none","certificate":{`},
	} {
		ws := dial(t, c.query, subprotocol)
		say(t, ws, websocket.TextMessage, c.first)
		_, got, err := ws.ReadMessage()
		if err != nil || string(got) != c.words {
			t.Fatalf("heard %q, %v; want %q", got, err, c.words)
		}
		if c.object != "" {
			hear(t, ws, c.object)
		}
		if c.words != "SUCC" {
			ends(t, ws, websocket.CloseNormalClosure, "")
		}
	}
	ws = dial(t, "", subprotocol)
	say(t, ws, websocket.TextMessage, "h:1")
	hear(t, ws, "SUCC")
	if _, hello, _ := ws.ReadMessage(); strings.Contains(string(hello), `"tls"`) {
		t.Errorf("a plain session's hello is %s", hello)
	}
}
