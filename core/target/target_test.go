package target

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Target
		out  string
	}{
		{"example.com:80", Target{Host: "example.com", Port: 80}, "example.com:80"},
		{" example.com : 80\r\n", Target{Host: "example.com", Port: 80}, "example.com:80"},
		{"localhost:http", Target{Host: "localhost", Port: 80}, "localhost:80"},
		{"localhost:HTTPS", Target{Host: "localhost", Port: 443}, "localhost:443"},
		{"127.0.0.1:65535", Target{Host: "127.0.0.1", Port: 65535}, "127.0.0.1:65535"},
		{"h:0080", Target{Host: "h", Port: 80}, "h:80"},
		{":4000", Target{Port: 4000}, ":4000"}, // the page's empty host box
		{" :4000", Target{Port: 4000}, ":4000"},
		{"[::1]:80", Target{Host: "::1", Port: 80}, "[::1]:80"},
		{"[fe80::1%eth0.7]:80", Target{Host: "fe80::1%eth0.7", Port: 80}, "[fe80::1%eth0.7]:80"},
		{"[ ::1 ] : 80", Target{Host: "::1", Port: 80}, "[::1]:80"},
		{"[example.com]:80", Target{Host: "example.com", Port: 80}, "example.com:80"}, // worked in 2012
		{"tls://example.com:443", Target{Host: "example.com", Port: 443, TLS: true}, "tls://example.com:443"},
		{"TLS://[::1]:https", Target{Host: "::1", Port: 443, TLS: true}, "tls://[::1]:443"},
		{"tls:// example.com. :1", Target{Host: "example.com.", Port: 1, TLS: true}, "tls://example.com.:1"},
		{"tls://:443", Target{Port: 443, TLS: true}, "tls://:443"},
		{"my_host-1:1", Target{Host: "my_host-1", Port: 1}, "my_host-1:1"},
		{"tls:1", Target{Host: "tls", Port: 1}, "tls:1"},
	} {
		got, err := Parse(c.in)
		if err != nil || got != c.want || got.String() != c.out {
			t.Errorf("Parse(%q) = %+v (%s), %v; want %+v (%s)", c.in, got, got, err, c.want, c.out)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "no target: write host:port",
		" \r\n":                         "no target: write host:port",
		"tls://":                        "no target: write host:port",
		"example.com":                   `no port in "example.com": write host:port`,
		"tls://example.com":             `no port in "example.com": write host:port`,
		"4000":                          `no port in "4000"`,
		"example.com:":                  "no port after the colon",
		"[::1]":                         "write it after the bracket",
		"[::1":                          "has no ]",
		"[::1]80":                       "after ] comes a colon",
		"::1:80":                        "write an IPv6 address in brackets",
		"2001:db8::1":                   "write an IPv6 address in brackets",
		"a:b:80":                        "too many colons",
		"h:0":                           "port 0 does not exist: ports go from 1 to 65535",
		"h:65536":                       "port 65536 does not exist",
		"h:99999":                       "port 99999 does not exist",
		"h:" + strings.Repeat("9", 900): "does not exist: ports go from 1 to 65535",
		"h:-1":                          `the port "-1" is neither`,
		"h:80/index.html":               "leave out the path",
		"h:no-such-service":             `the port "no-such-service" is neither`,
		"h h:80":                        `"h h" is not a host name`,
		"a..b:80":                       `"a..b" is not a host name`,
		".:80":                          `"." is not a host name`,
		"1.2.3.4%eth0:80":               "is not a host name",
		"[::zz]:80":                     `"::zz" is not an IPv6 address`,
		"[fe80::1%a b]:80":              "is not an IPv6 address",
		"h\xff:80":                      "name is not UTF-8",
		strings.Repeat("a", 254) + ":1": "at most 253 fit",
		strings.Repeat("a", 1<<20):      "1048576 bytes; at most 1024 fit",
	} {
		got, err := Parse(in)
		if err == nil || got != (Target{}) {
			t.Errorf("Parse(%.40q) = %+v, %v", in, got, err)
			continue
		}
		checkWords(t, err)
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%.40q): %q; want %q in it", in, err, want)
		}
	}
}

// targets is testdata/targets.json, which tests the page's parser too: see
// web/test/target.test.js.
type targets struct {
	Schemes struct{ TLS, Plain map[string]uint16 }
	Cases   []struct {
		In      string
		Target  string // what is dialled, or …
		Refused string // … what the words have in them
		Only    string // "page" or "handshake"; empty: both
	}
}

func readTargets(t testing.TB) (all targets) {
	t.Helper()
	data, err := os.ReadFile("testdata/targets.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSchemesAreThePagesToo(t *testing.T) {
	all := readTargets(t).Schemes
	if len(schemes) != len(all.TLS)+len(all.Plain) {
		t.Errorf("there are %d schemes here, %d in testdata", len(schemes), len(all.TLS)+len(all.Plain))
	}
	for name, s := range schemes {
		want := all.Plain
		if s.tls {
			want = all.TLS
		}
		if port, ok := want[name]; !ok || port != s.port {
			t.Errorf("%s has TLS %t and port %d here, not in testdata", name, s.tls, s.port)
		}
	}
}

func TestSchemesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/websocket.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range schemes {
		row, want := "| in clear |", "`"+name+"`"
		if s.tls {
			row = "| with TLS |"
		}
		if s.port != 0 {
			want += fmt.Sprintf(" %d", s.port)
		}
		_, after, _ := strings.Cut(string(doc), row)
		if line, _, _ := strings.Cut(after, "\n"); !strings.Contains(line, want) {
			t.Errorf("docs/websocket.md does not have %s in %q", want, row)
		}
	}
}

func TestTargetsAreThePagesToo(t *testing.T) {
	for _, c := range readTargets(t).Cases {
		if c.Only == "page" {
			continue
		}
		got, err := Parse(c.In)
		switch {
		case c.Refused == "" && (err != nil || got.String() != c.Target):
			t.Errorf("Parse(%q) = %s, %v; want %s", c.In, got, err, c.Target)
		case c.Refused == "":
		case err == nil:
			t.Errorf("Parse(%q) = %s; it must be refused", c.In, got)
		default:
			checkWords(t, err)
			if !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(c.Refused)) {
				t.Errorf("Parse(%q): %q; want %q in it", c.In, err, c.Refused)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("Parse(%q): %q contains the password", c.In, err)
			}
		}
	}
}

// checkWords checks what Error promises.
func checkWords(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || err != error(e) {
		t.Errorf("%T is not an *Error: %v", err, err)
		return
	}
	notShown := func(r rune) bool { return !unicode.IsPrint(r) }
	if len(e.Words) == 0 || len(e.Words) > MaxWords || !utf8.ValidString(e.Words) || strings.ContainsFunc(e.Words, notShown) {
		t.Errorf("words are not one line of at most %d bytes: %q", MaxWords, e.Words)
	}
	for _, internal := range []string{"dial tcp", "lookup ", "x509", "tls: ", "i/o", "syscall", "context", "127.0.0.53"} {
		if strings.Contains(e.Words, internal) {
			t.Errorf("words for programmers: %q", e.Words)
		}
	}
}

func TestWordsAreCutAtARune(t *testing.T) {
	for n := range 8 {
		err := fail(nil, "%s%s", strings.Repeat("x", n), strings.Repeat("€", 100))
		checkWords(t, err)
		if !strings.HasSuffix(err.Words, "€…") || len(err.Words) < MaxWords-5 {
			t.Errorf("%q", err.Words)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"h:80", " tls://[fe80::1%eth0]:443 ", ":http", "::1:80", "http://a/", "[]:1", "a\x00b:c"} {
		f.Add(s)
	}
	for _, c := range readTargets(f).Cases {
		f.Add(c.In)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Parse(s)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || len(e.Words) > MaxWords || !utf8.ValidString(e.Words) || strings.ContainsAny(e.Words, "\r\n\x00") {
				t.Fatalf("%q: %q", s, err)
			}
			return
		}
		if again, err := Parse(got.String()); err != nil || again != got {
			t.Fatalf("%q is %+v, printed %q, which is %+v, %v", s, got, got, again, err)
		}
		if got.IsLocal() {
			path := got.Path
			switch got.Kind {
			case Exec:
				path = got.Command()[0]
			case Serial:
				path = got.Line().Device
			}
			if got.Port != 0 || got.Host != "" || !strings.HasPrefix(path, "/") || strings.ContainsAny(got.Path, "\x00\r\n") || len(got.Path) > MaxTarget {
				t.Fatalf("%q is %+v", s, got)
			}
			return
		}
		if got.Listens() {
			if _, err := netip.ParseAddr(got.Host); err != nil || got.Path != "" && !got.NextWaits() {
				t.Fatalf("%q is %+v", s, got)
			}
			return
		}
		scheme, _, found := strings.Cut(strings.TrimSpace(s), "://")
		if got.Kind == WebSocket {
			checkURL(t, got)
			if got.TLS != strings.EqualFold(scheme, "wss") {
				t.Fatalf("%q is %+v", s, got)
			}
			return
		}
		if got.Port == 0 || got.Path != "" {
			t.Fatalf("%q is %+v", s, got)
		}
		if promised := schemes[strings.ToLower(scheme)]; found && got.TLS != promised.tls || !found && got.TLS {
			t.Fatalf("%q is %+v", s, got)
		}
	})
}

// People see an international name in its own letters too.
func TestInternationalNamesAreShownBothWays(t *testing.T) {
	d := &Dialer{Resolver: nameServer(answerNoSuchName)}
	to, err := Parse("bücher.example:80")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Dial(t.Context(), to, Security{}); err == nil || !strings.Contains(err.Error(), "no such host: bücher.example (xn--bcher-kva.example)") {
		t.Error(err)
	}
}
