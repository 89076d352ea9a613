package target

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
)

// What a server says in an alert, or by none, has a code.
func TestRefusalsWithoutACertificate(t *testing.T) {
	for name, c := range map[string]struct {
		host  string
		alert byte // 0: the connection ends
		s     Security
		code  Code
		words string
		ways  []Choice
	}{
		"no ALPN was offered":        {"h.example", 120, Security{}, CodeALPN, "wants a protocol to be named by ALPN, and none was offered", ways(ChoiceALPN, "")},
		"handshake failure, no name": {"", 40, Security{}, CodeNameWanted, "it may want the name of a server (SNI), and an address is not one, or know only old cipher suites", append(ways(ChoiceName, ""), ways(ChoiceMin, "1.0")...)},
		"the same, with all suites":  {"", 40, Security{Min: tls.VersionTLS11}, CodeNameWanted, "it may want the name of a server (SNI), and an address is not one", ways(ChoiceName, "")},
		"handshake failure":          {"h.example", 40, Security{}, CodeFailed, "it may know only old cipher suites", ways(ChoiceMin, "1.0")},
		"handshake failure, again":   {"h.example", 40, Security{Min: tls.VersionTLS10}, CodeFailed, "refused the TLS handshake: handshake failure", nil},
		"older than 1.0":             {"h.example", 70, Security{Min: tls.VersionTLS10}, CodeVersion, "speaks none of the TLS versions that were offered: 1.0 and later", nil},
		"no access":                  {"h.example", 49, Security{}, CodeFailed, "refused the TLS handshake: access denied", nil},
		"no word":                    {"h.example", 0, Security{}, CodeFailed, "broke off the TLS handshake: does it speak TLS?", nil},
	} {
		t.Run(name, func(t *testing.T) {
			to := listen(t, func(conn *net.TCPConn) {
				io.ReadFull(conn, make([]byte, 5))
				if c.alert != 0 {
					conn.Write([]byte{21, 3, 3, 0, 2, 2, c.alert})
				}
				conn.CloseWrite()
				io.Copy(io.Discard, conn)
			})
			to.TLS = true
			if c.host != "" {
				to.Host = c.host
			}
			_, err := (&Dialer{Resolver: nameServer(answerLoopback)}).Dial(t.Context(), to, c.s)
			var e *Error
			if !errors.As(err, &e) || e.Code != c.code || !strings.HasSuffix(e.Words, c.words) || !reflect.DeepEqual(e.Ways, c.ways) {
				t.Errorf("%+v; want %s, %q, %v", e, c.code, c.words, c.ways)
			}
		})
	}
}

func TestChoose(t *testing.T) {
	a := newAuthority(t)
	me := credential(t, issue(t, a, "me", -1, 1).all)
	ca := credential(t, a.pem())
	var keep Credentials
	keep.Add(me)
	keep.Add(ca)
	pin := strings.Repeat("0a", 32)
	for _, c := range []struct {
		name, value string
		told        string // as the log has it; "": nothing
		code        Code
		words       string
	}{
		{"verify", "system", "", "", ""},
		{"verify", "none", "verify none", "", ""},
		{"verify", "sha256:" + strings.ToUpper(pin), "verify sha256:" + pin, "", ""},
		{"verify", "ca:" + ca.ID, "verify ca sha256:" + ca.Fingerprint + " CN=test authority", "", ""},
		{"verify", "ca:1", "", CodeCredentialUnknown, "verify: the certificate ca:1 is not here: the workbench has restarted since; choose the file again"},
		{"verify", "sha256:" + pin[1:], "", CodeParameter, "verify: after sha256: come the 64 hex digits of a certificate's fingerprint"},
		{"verify", "sha256:" + pin + "00", "", CodeParameter, "verify: after sha256: come the 64 hex digits of a certificate's fingerprint"},
		{"verify", "off", "", CodeParameter, `verify is "off"; it must be system, none, ca:ID or sha256:FINGERPRINT`},
		{"name", "B\u00dccher.example.", "name xn--bcher-kva.example", "", ""},
		{"name", "192.0.2.1", "name 192.0.2.1", "", ""},
		{"name", "", "", CodeParameter, `name: "" is not a host name: names have letters, digits, dots and hyphens`},
		{"name", "a b", "", CodeParameter, `name: "a b" is not a host name: names have letters, digits, dots and hyphens`},
		{"alpn", "h2, http/1.1", "alpn h2,http/1.1", "", ""},
		{"alpn", "", "", CodeParameter, `alpn has the name ""; a protocol's name has 1 to 255 characters of ASCII, such as h2`},
		{"alpn", "h2,,x", "", CodeParameter, `alpn has the name ""; a protocol's name has 1 to 255 characters of ASCII, such as h2`},
		{"alpn", "h2,h2", "", CodeParameter, `alpn has the name "h2" twice`},
		{"alpn", strings.Repeat("x", 256), "", CodeParameter, "alpn has the name"},
		{"alpn", "\u00fc", "", CodeParameter, "alpn has the name"},
		{"alpn", strings.Repeat("x,", 16) + "y", "", CodeParameter, "alpn has 17 names; at most 16 are offered"},
		{"min", "1.0", "min 1.0", "", ""},
		{"min", "1.2", "", "", ""},
		{"min", "1.3", "min 1.3", "", ""},
		{"min", "3", "", CodeParameter, `min is "3"; it must be 1.0, 1.1, 1.2 or 1.3`},
		{"cert", me.ID, "cert sha256:" + me.Fingerprint + " CN=me", "", ""},
		{"cert", ca.ID, "", CodeParameter, "cert: that certificate came without its private key; give both in one text"},
		{"cert", "x", "", CodeCredentialUnknown, "cert: the certificate x is not here"},
		{"ciphers", "x", "", CodeParameter, "ciphers is not a choice; the choices are verify, name, alpn, min and cert"},
	} {
		var s Security
		err := s.Choose(Choice{c.name, c.value}, &keep)
		var e *Error
		if errors.As(err, &e); c.code != "" {
			checkWords(t, err)
			if e == nil || e.Code != c.code || !strings.HasPrefix(e.Words, c.words) {
				t.Errorf("%s=%s: %v; want %s %q", c.name, c.value, err, c.code, c.words)
			}
			continue
		}
		told := ""
		for _, choice := range s.Choices() {
			told += choice.Name + " " + choice.Value
		}
		if err != nil || told != c.told {
			t.Errorf("%s=%s: %v, told of %q; want %q", c.name, c.value, err, told, c.told)
		}
	}
}

func TestParseCredential(t *testing.T) {
	a := newAuthority(t)
	me, you := issue(t, a, "me", -1, 1, "me.example"), issue(t, a, "you", -1, 1)
	key := strings.TrimPrefix(me.all, me.cert)
	hisKey := strings.TrimPrefix(you.all, you.cert)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))
	for name, c := range map[string]struct{ text, kind, words string }{
		"a CA":                     {a.pem(), KindCA, ""},
		"two, with words around":   {"first\n" + a.pem() + "second\n" + me.cert + "end", KindCA, ""},
		"a certificate, its key":   {me.all, KindClient, ""},
		"the key first":            {key + me.cert, KindClient, ""},
		"with what it was made by": {me.cert + a.pem() + key, KindClient, ""},
		"another key":              {me.cert + hisKey, "", "the private key cannot be used with the first certificate: private key does not match public key"},
		"a key of another kind":    {me.cert + pkcs1, "", "the private key cannot be used with the first certificate: private key type does not match public key type"},
		"a key alone":              {key, "", "the PEM text has a private key and no certificate: put the certificate above it"},
		"two keys":                 {me.all + key, "", "the PEM text has two private keys; it may have one"},
		"an encrypted key":         {me.cert + pemOf("ENCRYPTED PRIVATE KEY", []byte("x")), "", "the private key is encrypted: decrypt it first, as in: openssl pkey -in key.pem -out plain.pem"},
		"an old encrypted key":     {me.cert + "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", "", "the private key is encrypted: decrypt it first, as in: openssl pkey -in key.pem -out plain.pem"},
		"a huge key":               {me.cert + pemOf("PRIVATE KEY", make([]byte, 20<<10)), "", "the private key has 20480 bytes; at most 16384 fit"},
		"not a key":                {me.cert + pemOf("PRIVATE KEY", []byte("secret words")), "", "the private key cannot be used with the first certificate: failed to parse private key"},
		"a certificate that's not": {pemOf("CERTIFICATE", []byte("x")), "", "certificate 1 in the PEM text cannot be read: malformed certificate"},
		"half a certificate":       {me.cert + a.pem()[:200], "", "a block of the PEM text is incomplete: it goes from -----BEGIN to -----END, with base64 between them"},
		"another block":            {me.cert + pemOf("X509 CRL", []byte("x")), "", "the PEM text has a block X509 CRL; it may have certificates and a private key"},
		"nothing":                  {"", "", "no PEM text: a certificate begins with -----BEGIN CERTIFICATE----- (DER is not accepted: convert it)"},
		"too much":                 {strings.Repeat("x", MaxCredential+1), "", "the PEM text has 262145 bytes; at most 262144 fit"},
	} {
		got, err := ParseCredential([]byte(c.text))
		switch {
		case c.words == "" && (err != nil || got.Kind != c.kind || len(got.ID) != 32):
			t.Errorf("%s: %+v, %v", name, got, err)
		case c.words != "" && (err == nil || err.Error() != c.words):
			t.Errorf("%s: %v; want %q", name, err, c.words)
		case c.words != "":
			checkWords(t, err)
		}
	}
	with, without := credential(t, me.all), credential(t, me.cert)
	if with.ID == without.ID || with.ID != credential(t, key+me.cert).ID {
		t.Error("the ID is not that of the kind and the certificates")
	}
	if with.Subject != "CN=me" || with.Issuer != "CN=test authority" || fmt.Sprint(with.Names) != "[me.example]" || with.Fingerprint != fingerprint(me.der) {
		t.Errorf("%+v", with.Certificate)
	}
	if text, err := json.Marshal(with); err != nil || strings.Contains(string(text), "PrivateKey") {
		t.Errorf("%s, %v", text, err)
	}
}

// Any text is a usable credential, or is refused in words that contain nothing of a
// key.
func FuzzParseCredential(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN x\x1b PRIVATE KEY-----\n-----END x\x1b PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ParseCredential(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || len(e.Words) > MaxWords || strings.ContainsFunc(e.Words, func(r rune) bool { return r < ' ' }) {
				t.Errorf("%v", err)
			}
			return
		}
		if c.Kind != KindCA && len(c.Pair().Certificate) == 0 || len(c.ID) != 32 || c.Pool() == nil {
			t.Errorf("%+v", c)
		}
	})
}

func TestCredentialsAreBounded(t *testing.T) {
	var keep Credentials
	for i := range MaxCredentials {
		for range 2 {
			if err := keep.Add(&Credential{ID: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := keep.Add(&Credential{ID: "more"}); err != ErrFull || len(keep.List()) != MaxCredentials {
		t.Errorf("%v, %d", err, len(keep.List()))
	}
	if !keep.Forget("7") || keep.Forget("7") || keep.Get("7") != nil || keep.Add(&Credential{ID: "more"}) != nil {
		t.Error("one was not forgotten")
	}
}

// What a peer writes into its certificate is shown as text on one line.
func TestDescribeHostileCertificates(t *testing.T) {
	var names []string
	for i := range 200 {
		names = append(names, fmt.Sprintf("%d.example", i))
	}
	c := issue(t, newAuthority(t), "a\x1b[31m\nb\u202e"+strings.Repeat("x", 600), -1, 1, names...)
	parsed, err := x509.ParseCertificate(c.der)
	if err != nil {
		t.Fatal(err)
	}
	d := Describe(parsed)
	if !strings.HasPrefix(d.Subject, "CN=a?[31m?b?xxx") || len(d.Subject) > maxSubject || len(d.Names) != maxNames {
		t.Errorf("%q, %d names", d.Subject, len(d.Names))
	}
	if want := "0.example, 1.example"; !strings.Contains(d.String(), want) || len(d.String()) > 500 {
		t.Errorf("%q", d)
	}
}
