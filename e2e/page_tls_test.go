//go:build linux

package e2e

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A server with unusual TLS is not a dead end: the page says why it failed, with what
// certificate, and what to press.
func TestPageTLS(t *testing.T) {
	t.Parallel()
	chromium := browser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"a certificate is pinned":       certificatePinned,
		"not verified is said":          notVerified,
		"the ways on by code":           waysOnByCode,
		"files of certificates":         filesOfCertificates,
		"by keyboard":                   tlsByKeyboard,
		"an address with TLS":           addressWithTLS,
		"a certificate's words":         certificateWords,
		"axe at the form":               axeAtTLS,
		"choices stay at their targets": choicesStay,
		"upgraded in mid-stream":        upgraded,
	} {
		t.Run(name, func(t *testing.T) { test(t, chromium) })
	}
}

// selfSigned starts an echo server with a self-signed certificate.
func selfSigned(t testing.TB, name string) (*server, *tls.Certificate) {
	t.Helper()
	cert := issuedBy(t, nil, name, nil)
	return tlsServer(t, &tls.Config{Certificates: []tls.Certificate{*cert}}), cert
}

func fingerprint(cert *tls.Certificate) string {
	return fmt.Sprintf("%x", sha256.Sum256(cert.Leaf.Raw))
}

func issuedBy(t testing.TB, by *tls.Certificate, name string, change func(*x509.Certificate)) *tls.Certificate {
	t.Helper()
	cert, err := issue(by, name, change)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// connectTLS fills in a TLS target and connects.
func (p *page) connectTLS(address string) {
	p.t.Helper()
	p.paste("#host", "tls://"+address)
	p.click("#connect-button")
}

// failsWith waits for a failure with these words, and for its buttons.
func (p *page) failsWith(words string) {
	p.t.Helper()
	p.status("Could not connect")
	p.wait("the words "+words, fmt.Sprintf(`document.querySelector("#status").textContent.includes(%q) && document.querySelector("#tls-failure .ways")`, words))
}

// goOn presses the button whose label begins with label.
func (p *page) goOn(label string) {
	p.t.Helper()
	way := fmt.Sprintf(`[...document.querySelectorAll(".ways button")].find((one) => one.textContent.startsWith(%q))`, label)
	p.wait(label, way)
	p.run(way + ".click()")
}

// choosesTLS waits until the connect bar says how TLS is spoken.
func (p *page) choosesTLS(word string) {
	p.t.Helper()
	p.wait("the word "+word, fmt.Sprintf(`document.querySelector("#tls-menu")?.textContent.includes(%q)`, word))
}

const outcome = `document.querySelector("#tls-outcome")?.textContent`

func certificatePinned(t *testing.T, chromium context.Context) {
	s, cert := selfSigned(t, "127.0.0.1")
	p := visit(t, chromium, "http://"+shared.address)
	p.connectTLS(s.address)
	p.failsWith("self-signed")
	digits := fingerprint(cert)
	told := p.text(".certificate")
	for _, want := range []string{"CN=127.0.0.1", "itself", "Valid", cert.Leaf.NotAfter.UTC().Format("2006-01-02"), "SHA-256"} {
		if !strings.Contains(told, want) {
			t.Errorf("the certificate is shown as %q, without %q", told, want)
		}
	}
	if !strings.Contains(strings.ReplaceAll(told, " ", ""), digits) {
		t.Errorf("the certificate is shown as %q, without its fingerprint %s", told, digits)
	}
	if evaluate[bool](p, `document.querySelector("#tls-failure").contains(document.activeElement)`) {
		t.Error("a button has the focus: Enter would trust what nobody has looked at")
	}
	p.goOn("Trust this certificate")
	p.status("Connected to tls://" + s.address)
	p.wait("the outcome", outcome+`.startsWith("TLS 1.3")`)
	p.say("over TLS")
	p.click("#tls-outcome")
	p.wait("its certificate", fmt.Sprintf(`document.querySelector(".tls-outcome")?.textContent.replaceAll(" ", "").includes(%q)`, digits))
	if got := p.text(".tls-outcome"); !strings.Contains(got, "by its fingerprint alone") {
		t.Errorf("it was verified as %q", got)
	}

	p.do(chromedp.Navigate(atHome(t, "http://"+shared.address+"/?again"))) // a visit later
	p.wait("the page", `document.querySelectorAll("#mode option").length > 1`)
	p.click("#targets-menu")
	p.wait("the target", `document.querySelector(".target .item")`)
	p.run(`document.querySelector(".target .item").click()`)
	p.choosesTLS("Pinned")
	p.click("#connect-button")
	p.status("Connected to tls://" + s.address)
	p.say("and again")
}

func notVerified(t *testing.T, chromium context.Context) {
	s, _ := selfSigned(t, "127.0.0.1")
	p := visit(t, chromium, "http://"+shared.address)
	p.connectTLS(s.address)
	p.failsWith("self-signed")
	p.goOn("Do not verify")
	p.status("Connected")
	p.wait("that it is not verified", outcome+`.includes("not verified") && document.querySelector("#tls-outcome .problem")`)
	p.wait("the remark", `/not verified/i.test(document.querySelector("#console").textContent)`)
	p.say("to whoever it is")
	p.click("#disconnect-button")
	p.status("Disconnected")
	p.choosesTLS("Not verified")
	p.click("#tls-menu")
	p.wait("the form", `document.querySelector("#tls-verify")?.value === "none"`)
	p.click("#tls-reset")
	p.choosesTLS("Options")
	p.click("#tls-connect")
	p.failsWith("self-signed")
}

// What a failure offers leads to a session, or to the field to fill in.
func waysOnByCode(t *testing.T, chromium context.Context) {
	elsewhere := issuedBy(t, authority.Certificate, "mail.example", nil)
	old := issuedBy(t, authority.Certificate, "127.0.0.1", func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 0, 1) })
	here := issuedBy(t, authority.Certificate, "127.0.0.1", nil)
	p := visit(t, chromium, "http://"+shared.address)
	for _, one := range []struct {
		config    *tls.Config
		words, on string
	}{
		{&tls.Config{Certificates: []tls.Certificate{*elsewhere}}, "mail.example", "Use the name mail.example"},
		{&tls.Config{Certificates: []tls.Certificate{*old}}, "expired", "Trust this certificate"},
		{&tls.Config{Certificates: []tls.Certificate{*here}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, "none of the TLS versions", "Allow TLS 1.0"},
	} {
		s := tlsServer(t, one.config)
		p.connectTLS(s.address)
		p.failsWith(one.words)
		p.goOn(one.on)
		p.status("Connected to tls://" + s.address)
		p.say(one.on)
		p.click("#disconnect-button")
		p.status("Disconnected")
	}

	wantsProtocol := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{*here}, NextProtos: []string{"h2"}})
	p.paste("#host", "tls://"+wantsProtocol.address)
	p.click("#tls-menu")
	p.wait("the form", `document.activeElement.id === "tls-verify"`)
	p.fill("#tls-alpn", "imap")
	p.press(kb.Enter) // connects
	p.failsWith("imap")
	p.goOn("Change the ALPN")
	p.wait("the focus in the field", `document.activeElement.id === "tls-alpn"`)
	p.fill("#tls-alpn", "h2")
	p.press(kb.Enter)
	p.status("Connected")
	p.wait("the protocol", outcome+`.includes("h2")`)
	p.click("#disconnect-button")
	p.status("Disconnected")

	clear := serve(t, echo)
	p.connectTLS(clear.address)
	p.failsWith("TLS")
	p.goOn("Connect without TLS")
	p.status("Connected to " + clear.address)
	p.say("in clear")
}

// A client certificate and an authority come from files. The browser keeps their names,
// and nothing of their contents.
func filesOfCertificates(t *testing.T, chromium context.Context) {
	own := issuedBy(t, nil, "an own authority", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	certificate{Certificate: own}.write(t, file("ca.pem"), file("ca.key"))
	certificate{Certificate: issuedBy(t, own, "a client", nil)}.write(t, file("me.pem"), file("me.key"))
	clients := x509.NewCertPool()
	clients.AddCert(own.Leaf)
	s := tlsServer(t, &tls.Config{
		Certificates: []tls.Certificate{*issuedBy(t, own, "127.0.0.1", nil)},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: clients,
	})

	w := start(t)
	p := visit(t, chromium, "http://"+w.address)
	p.connectTLS(s.address)
	p.failsWith("not trusted")
	upload := func(field string, files ...string) {
		t.Helper()
		// A failure that comes again draws the field again, maybe just now.
		if !within(patience, func() bool {
			ctx, cancel := context.WithTimeout(p.ctx, patience)
			defer cancel()
			return chromedp.Do(ctx, chromedp.SetUploadFiles(chromedp.CSS(field), files)) == nil
		}) {
			t.Fatalf("%s takes no files", field)
		}
	}
	upload("#tls-way-ca", file("ca.key"))
	p.wait("what is wrong with the file", `document.querySelector("#tls-failure .problem")?.textContent.includes("private key")`)
	upload("#tls-way-ca", file("ca.pem"))
	p.failsWith("client certificate")
	upload("#tls-way-client", file("me.pem"), file("me.key"))
	p.status("Connected to tls://" + s.address)
	p.say("by a client that is known")
	p.click("#tls-outcome")
	p.wait("what the server was shown", `document.querySelector(".tls-outcome")?.textContent.includes("CN=a client")`)
	p.click("#disconnect-button")
	p.status("Disconnected")
	p.click("#tls-menu")
	p.wait("its name in the form", `[...document.querySelectorAll("#tls-cert option")].some((one) => one.selected && one.textContent.includes("CN=a client"))`)
	p.run(`document.querySelector("#tls-menu").click()`)
	for what, text := range map[string]string{
		"the storage": evaluate[string](p, `JSON.stringify({ ...localStorage, ...sessionStorage })`),
		"the address": evaluate[string](p, `location.href + performance.getEntriesByType("resource").map((one) => one.name).join()`),
	} {
		if strings.Contains(text, "-----BEGIN") {
			t.Errorf("%s has a certificate or key: %s", what, text)
		}
		for _, name := range []string{"ca.pem", "ca.key", "me.pem", "me.key"} {
			if isPartOf(t, file(name), text) {
				t.Errorf("%s has something of %s: %s", what, name, text)
			}
		}
	}

	// A workbench that has restarted has forgotten them.
	p.run(`fetch("/api/tls").then((a) => a.json()).then((all) => Promise.all(all.map(({ id }) => fetch("/api/tls/" + id, { method: "DELETE", headers: { "X-Workbench": "1" } })))).then(() => window.forgotten = true)`)
	p.wait("them to be forgotten", `window.forgotten`)
	p.click("#connect-button")
	p.failsWith("choose the file again")
	upload("#tls-way-ca", file("ca.pem"))
	p.failsWith("choose the file again")
	upload("#tls-way-client", file("me.pem"), file("me.key"))
	p.status("Connected to tls://" + s.address)
	p.click("#disconnect-button")
	p.status("Disconnected")
	p.click("#tls-menu")
	p.wait("the form", `document.querySelector("#tls-cert-forget")`)
	p.run(`document.querySelector("#tls-cert-forget").click()`)
	p.wait("it to be forgotten", `document.querySelector("#tls-cert").value === "" && document.querySelectorAll("#tls-cert option").length === 1`)
	if kept := evaluate[string](p, `JSON.stringify(localStorage)`); strings.Contains(kept, "CN=a client") {
		t.Errorf("the browser keeps %s", kept)
	}
}

// Everything by keys: the form, a choice, the failure's button.
func tlsByKeyboard(t *testing.T, chromium context.Context) {
	s, cert := selfSigned(t, "127.0.0.1")
	p := visit(t, chromium, "http://"+shared.address)
	p.paste("#host", "tls://"+s.address)
	p.tabTo("#tls-menu")
	p.press(kb.Enter)
	p.wait("the focus in the form", `document.activeElement.id === "tls-verify"`)
	p.choose("#tls-verify", "sha256")
	p.press(kb.Escape)
	p.tabTo("#connect-button")
	p.press(kb.Enter)
	p.status("Could not connect: A fingerprint is")
	p.wait("the focus in the field that is empty", `document.activeElement.id === "tls-fingerprint"`)
	p.press("sha256 Fingerprint=12:34")
	p.press(kb.Enter)
	if got := p.status("Could not connect"); !strings.Contains(got, "64 hex digits") {
		t.Errorf("the status is %q", got)
	}
	p.tabTo("#tls-fingerprint")
	p.replace("sha256 Fingerprint=" + strings.ToUpper(fingerprint(cert)))
	p.press(kb.Escape)
	p.wait("the form closed, and the focus at its button", `document.activeElement.id === "tls-menu" && !document.querySelector(".tls-form")`)
	p.choosesTLS("Pinned")
	p.tabTo("#connect-button")
	p.press(kb.Enter)
	p.status("Connected")
	p.tabTo("#tls-outcome")
	p.press(kb.Enter)
	p.wait("the outcome", `document.querySelector(".tls-outcome .certificate")`)
	p.press(kb.Escape)
	p.wait("it closed", `!document.querySelector(".tls-outcome")`)
}

func addressWithTLS(t *testing.T, chromium context.Context) {
	s, _ := selfSigned(t, "127.0.0.1")
	p := visit(t, chromium, "http://"+shared.address+"/?mode=raw&target=tls://"+s.address+"&tls.verify=none&tls.min=1.3&tls.key=x")
	p.choosesTLS("Not verified")
	p.status("Disconnected") // it never connects by itself
	p.wait("what there is not", `/"tls.key" is "x"/.test(document.querySelector("#notice")?.textContent)`)
	p.click("#connect-button")
	p.status("Connected")
	p.wait("that it is not verified", outcome+`.includes("not verified")`)

	p = visit(t, chromium, "http://"+shared.address+"/?target=127.0.0.1:1&tls.verify=none")
	p.wait("that it is left out", `document.querySelector("#notice")?.textContent.includes("without TLS")`)
}

// A certificate may contain anything. It is shown as text.
func certificateWords(t *testing.T, chromium context.Context) {
	hostile := `<img src=x onerror="window.ran=1">` + "\u202e\r\n<b id=planted>"
	cert := issuedBy(t, nil, "127.0.0.1", func(c *x509.Certificate) {
		c.Subject.CommonName = hostile
		c.DNSNames = []string{`<i id=planted>.example`}
	})
	s := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{*cert}})
	p := visit(t, chromium, "http://"+shared.address)
	p.connectTLS(s.address)
	p.failsWith("self-signed")
	look := func(where, selector string) {
		t.Helper()
		told := p.text(selector)
		if !strings.Contains(told, "<img src=x") || strings.ContainsAny(told, "\u202e\r\n") || evaluate[bool](p, `"ran" in window || document.querySelector("#planted, main img") !== null`) {
			t.Errorf("%s: %q, or a part of the page", where, told)
		}
	}
	look("the failure", "#tls-failure")
	p.goOn("Trust")
	p.status("Connected")
	p.click("#tls-outcome")
	p.wait("the outcome", `document.querySelector(".tls-outcome .certificate + .certificate")`)
	look("the outcome", ".tls-outcome")
}

func axeAtTLS(t *testing.T, chromium context.Context) {
	s, _ := selfSigned(t, "127.0.0.1")
	p := visit(t, chromium, "http://"+shared.address)
	p.connectTLS(s.address)
	p.failsWith("self-signed")
	p.click("#tls-menu")
	p.choose("#tls-verify", "sha256")
	p.fill("#tls-fingerprint", "12")
	p.choose("#tls-min", "1.0")
	p.axe("a failure, and the form with what is wrong")
	p.choose("#tls-verify", "ca")
	p.wait("the file", `document.querySelector("#tls-ca")`)
	p.axe("the form with a file")
	p.choose("#tls-verify", "none")
	p.size(360, 740)
	p.axe("the form on a phone")
	p.fill("#tls-alpn", "h2")
	p.press(kb.Enter)
	p.status("Connected")
	p.run(`document.querySelector("#tls-outcome").click()`)
	p.wait("the outcome", `document.querySelector(".tls-outcome .certificate")`)
	p.axe("the outcome")
}

// What is chosen for one server does not apply to another.
func choicesStay(t *testing.T, chromium context.Context) {
	one, _ := selfSigned(t, "127.0.0.1")
	other, _ := selfSigned(t, "127.0.0.1")
	p := visit(t, chromium, "http://"+shared.address)
	p.connectTLS(one.address)
	p.failsWith("self-signed")
	p.goOn("Do not verify")
	p.status("Connected")
	p.click("#disconnect-button")
	p.status("Disconnected")
	p.connectTLS(other.address)
	p.failsWith("self-signed")
	p.choosesTLS("Options")
	p.paste("#host", "tls://"+one.address)
	p.choosesTLS("Not verified")
}

// Upgrade to TLS is in the session's menu. A failure has the buttons of a TLS target,
// and the choice counts at the next upgrade.
func upgraded(t *testing.T, chromium context.Context) {
	address := mailServer(t, "", func(string) {})
	_, port, _ := net.SplitHostPort(address)
	p := visit(t, chromium, "http://"+shared.address)
	upgrade := func() {
		p.status("Connected")
		p.shows("220 mail.test")
		p.types("STARTTLS")
		p.wait("the agreement", `document.querySelector("#console").textContent.includes("220 go ahead")`)
		p.click("#session-menu")
		p.wait("the item", `document.querySelector("#starttls-button:not([disabled])")`)
		p.click("#starttls-button")
	}
	p.connect("localhost:" + port)
	upgrade()
	p.status("Disconnected")
	p.wait("why", `document.querySelector("#status").textContent.includes("not for localhost, but for 127.0.0.1") && document.querySelector("#tls-failure .ways")`)
	p.goOn("Use the name 127.0.0.1")
	p.wait("an empty console", `document.querySelector("#console") && !document.querySelector("#console").textContent.includes("go ahead")`)
	upgrade()
	p.wait("the line of the session", `document.querySelector("#upgraded")?.textContent === "TLS 1.3"`)
	p.wait("the row", `document.querySelector("#console").textContent.includes("The connection is TLS from here on: tls 1.3")`)
	p.types("EHLO again")
	p.shows("250 s EHLO")
	p.click("#session-menu")
	p.wait("that it is done", `document.querySelector("#starttls-button[disabled]")`)
	p.axe("an upgraded session")
}

// isPartOf reports whether a text has a line of a file in PEM, or the beginning of one.
func isPartOf(t *testing.T, path, text string) bool {
	t.Helper()
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(all)) {
		if !strings.HasPrefix(line, "-----") && strings.Contains(text, line[:min(len(line), 20)]) {
			return true
		}
	}
	return false
}
