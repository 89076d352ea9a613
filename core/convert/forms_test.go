package convert

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func output(t *testing.T, write func(io.Writer, *transcript.Transcript) error, tr *transcript.Transcript) string {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out, tr); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const lesson = `-- dialled 192.0.2.9:80
0.5 >> client text "GET <b>"
0.6 << server "GET <b>\r\n"
1.25 >> server "<script>alert(1)</script>\r\n"
               "\x00\x1b[31m\xff\u202e&amp;\n"
1.25 << client text "shown"
1.25 << note "a \"note\" <i>"
2 >> server failed "connection reset by peer"
`

func TestJSONLines(t *testing.T) {
	tr := parse(t, lesson)
	tr.Options = []transcript.OptionValue{{Name: "b", Value: "<1>"}, {Name: "a", Value: "2"}}
	tr.TLS = []transcript.OptionValue{{Name: "verify", Value: "none"}}
	lines := strings.Split(strings.TrimSuffix(output(t, JSONLines, tr), "\n"), "\n")
	const head = `{"kind":"header","format":"workbench transcript v1","mode":"raw","options":[{"name":"b","value":"<1>"},{"name":"a","value":"2"}],"target":"example.com:80","tls":[{"name":"verify","value":"none"}]}`
	if lines[0] != head {
		t.Error(lines[0])
	}
	if len(lines) != 1+len(tr.Entries) {
		t.Errorf("%d lines for %d entries", len(lines), len(tr.Entries))
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
	if want := string(transcript.AppendJSON(nil, &tr.Entries[1])); lines[2] != want {
		t.Error(lines[2])
	}
}

// All that the transcript's header has is in that of JSON lines, by the same words.
func TestJSONLinesHeader(t *testing.T) {
	tr, err := transcript.Parse("test", []byte(`workbench transcript v1
mode m
option a "1"
target "example.com:80"
tls verify "none"
quiet 200ms
server-eof stay
client stream
server datagrams
watch
seed 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20
start 2026-07-01T12:00:00.25Z
skip-if capability "secrets"
skip-if mode-version < 2.1
state "s"

>> client eof
`))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(output(t, JSONLines, tr), "\n")
	const want = `{"kind":"header","format":"workbench transcript v1","mode":"m","options":[{"name":"a","value":"1"}],"target":"example.com:80","tls":[{"name":"verify","value":"none"}],` +
		`"quiet":"200ms","server-eof":"stay","client":"stream","server":"datagrams","watch":true,"seed":"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",` +
		`"start":"2026-07-01T12:00:00.25Z","skip-if":["capability \"secrets\"","mode-version < 2.1"],"state":"cw=="}`
	if head != want {
		t.Errorf("got\n%s\nwant\n%s", head, want)
	}
}

func TestAsciicast(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(output(t, Asciicast, parse(t, lesson)), "\n"), "\n")
	if lines[0] != `{"version":3,"term":{"cols":100,"rows":30},"title":"example.com:80 in line mode raw"}` {
		t.Error(lines[0])
	}
	total, screen := 0.0, ""
	for _, line := range lines[1:] {
		var event []any
		if err := json.Unmarshal([]byte(line), &event); err != nil || len(event) != 3 || event[0].(float64) < 0 {
			t.Fatalf("%s: %v", line, err)
		}
		total += event[0].(float64)
		if event[1] == "o" {
			screen += event[2].(string)
		}
	}
	if math.Abs(total-2) > 1e-9 || !strings.HasPrefix(lines[len(lines)-1], `[0.000000, "x", "0"]`) {
		t.Errorf("it takes %v s and ends in %s", total, lines[len(lines)-1])
	}
	const want = "-- dialled 192.0.2.9:80\r\n→ GET <b>␍␊\r\n← <script>alert(1)</script>␍␊\r\n← ␀␛[31m\\xff\\u{202e}&amp;␊\r\n" +
		"-- a \"note\" <i>\r\n-- the connection to the server broke: connection reset by peer\r\n"
	if got := regexp.MustCompile("\x1b\\[[0-9]+m").ReplaceAllString(screen, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if strings.ContainsAny(want, "\x1b\x00") || strings.Contains(screen, "[31m") && !strings.Contains(screen, "␛\x1b[22m[31m") {
		t.Errorf("a peer's sequence reaches the terminal: %q", screen)
	}
}

// A page contains no tag that a peer wrote, and none that loads or runs anything.
func TestHTML(t *testing.T) {
	tr := parse(t, lesson)
	tr.Target = `"><script>x</script>`
	tr.TLS = []transcript.OptionValue{{Name: "cert", Value: "CN=<script>x</script>"}}
	tr.Options = []transcript.OptionValue{{Name: "a", Value: "</dd><img src=x>"}}
	tr.Entries[0].Comments = []string{"# <svg onload=1>"}
	page := output(t, HTML, tr)
	allowed := map[string]bool{}
	for tag := range strings.FieldsSeq("html head meta title style body header h1 dl div dt dd p b span main ol li pre") {
		allowed[tag] = true
	}
	for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(page[len("<!DOCTYPE html>"):], -1) {
		name := regexp.MustCompile(`[a-z0-9!]+`).FindString(tag)
		if !allowed[name] || regexp.MustCompile(`(?i)\s(on\w+|src|href|style)\s*=`).MatchString(tag) {
			t.Errorf("the page has %s", tag)
		}
	}
	for _, want := range []string{
		`&lt;script&gt;alert(1)&lt;/script&gt;<span class="c" data-name="CR">␍</span><span class="c" data-name="LF">␊</span>` + "\n" + `<span class="c" data-name="NUL">␀</span><span class="c" data-name="ESC">␛</span>[31m<span class="x">\xff</span><span class="x">\u{202e}</span>&amp;amp;`,
		"to the server, 9 bytes", "a &#34;note&#34; &lt;i&gt;", "0.600 s", "connection reset by peer", "default-src 'none'",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Index(page, "alert(1)") > strings.Index(page, "&#34;note&#34;") {
		t.Error("a note is above its bytes")
	}
}

func TestHTMLIsBounded(t *testing.T) {
	tr := parse(t, strings.Repeat(">> server \""+strings.Repeat("x", 100_000)+"\"\n", 100))
	page := output(t, HTML, tr)
	if len(page) > maxPageShown+100*500 || !strings.Contains(page, "… and 34464 more bytes that this page leaves out") {
		t.Errorf("%d bytes", len(page))
	}
}

// A real browser reads the page, shows the bytes and reports no error.
func TestHTMLInABrowser(t *testing.T) {
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
		}
	}
	if chromium == "" {
		t.Fatal("this test needs Chromium: apt-get install chromium")
	}
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(output(t, HTML, parse(t, lesson))), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(), "--enable-logging=stderr", "--dump-dom", "file://"+file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	dom, err := cmd.Output()
	if err != nil {
		t.Fatal(err, stderr.String())
	}
	if strings.Contains(stderr.String(), "CONSOLE") {
		t.Error(stderr.String())
	}
	if strings.Contains(string(dom), "<script") || !strings.Contains(string(dom), "&lt;script&gt;alert(1)") {
		t.Errorf("%s", dom)
	}
}

const smtp = `S: 220 mail.example.com ESMTP
C: EHLO client.example.com
S: 250-mail.example.com
S: 250 SIZE
C: * FLAGS (\Seen \\new)
S: login: \c
C: half\n
S: \xff\x00\x1b\t\r tail\\
[C closes]
S: 221 Bye
[S closes]
`

func TestRFC(t *testing.T) {
	tr, comments, err := ParseRFC(Text{Name: "smtp.txt", Mode: "raw"}, []byte(smtp))
	if err != nil || comments != 0 {
		t.Fatal(comments, err)
	}
	const want = `>> server "220 mail.example.com ESMTP\r\n"
>> client binary "EHLO client.example.com\r\n"
>> server "250-mail.example.com\r\n"
>> server "250 SIZE\r\n"
>> client binary "* FLAGS (\\Seen \\new)\r\n"
>> server "login: "
>> client binary "half\n"
>> server "\xff\x00\x1b\t\r tail\\\r\n"
>> client eof
>> server "221 Bye\r\n"
>> server eof
`
	var got []byte
	for i := range tr.Entries {
		got = transcript.AppendEntry(got, &tr.Entries[i])
	}
	if string(got) != want {
		t.Errorf("got\n%s", got)
	}
	through := parse(t, "<< pass-through client\n"+want)
	if text := output(t, RFC, through); text != "# example.com:80 in line mode raw\n\n"+smtp {
		t.Errorf("got\n%s", text)
	}
}

// Text as a standard prints it, indented, with its own remarks in between.
func TestRFCFromAStandard(t *testing.T) {
	const text = "\uFEFF   D.1.  A Typical SMTP Transaction Scenario\r\n\r\n      S: 220 foo.com ready\r\n      C:EHLO bar.com\r\n      C: \r\n\r\n   Done.\r\n"
	tr, comments, err := ParseRFC(Text{Name: "rfc", Mode: "raw"}, []byte(text))
	if err != nil || comments != 2 {
		t.Fatal(comments, err)
	}
	const want = "workbench transcript v1\nmode raw\n\n# D.1.  A Typical SMTP Transaction Scenario\n\n>> server \"220 foo.com ready\\r\\n\"\n" +
		">> client binary \"EHLO bar.com\\r\\n\"\n>> client binary \"\\r\\n\"\n\n# Done.\n"
	if got := string(tr.Append(nil)); got != want {
		t.Errorf("got\n%s", got)
	}
}

// The lines do not show how the bytes were cut.
func TestRFCOfAnyCut(t *testing.T) {
	said := []byte("one\r\ntwo\n\r\n" + strings.Repeat("x", 2*maxLine+5) + "\r\n" + strings.Repeat("é", maxLine) + "end")
	lines := func(size int) string {
		var out bytes.Buffer
		r := rfcWriter{out: bufio.NewWriter(&out)}
		for read := range slices.Chunk(said, size) {
			r.bytes(core.Client, read)
		}
		r.flush(core.Client)
		r.out.Flush()
		return out.String()
	}
	whole := lines(len(said))
	if x := strings.Repeat("x", maxLine); !strings.HasPrefix(whole, "C: one\nC: two\\n\nC: \nC: "+x+"\\c\nC: "+x+"\\c\nC: xxxxx\nC: é") {
		t.Errorf("%.100q", whole)
	}
	for _, size := range []int{1, 2, 7, 1000, maxLine, maxLine + 1} {
		if lines(size) != whole {
			t.Errorf("reads of %d bytes give other lines", size)
		}
	}
}

func TestRFCIsBounded(t *testing.T) {
	lines := bytes.Repeat([]byte("\n"), maxTextLines)
	for _, c := range []struct{ text, want string }{
		{"", "f:1047576: expected at least one line that begins with C: or S:"},
		{"\n", "f:1047577: expected at most 1047576 lines; cut the text in parts"},
	} {
		if _, _, err := ParseRFC(Text{Name: "f", Mode: "raw"}, append(lines, c.text...)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Error(err)
		}
	}
}

func TestRFCErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "f:1: expected at least one line",
		"nothing\nhere\n":                  "f:2: expected at least one line",
		"C: a\nS: \\xg0\n":                 "f:2: expected two hexadecimal digits",
		"C: \\x4":                          "f:1: expected two hexadecimal digits",
		"C: a\\c b\n":                      "f:1: expected nothing after \\c",
		"S: \xff\n":                        "f:1: expected UTF-8",
		"[S closes]\n\nC: a\n":             "f:3: expected nothing after [S closes]",
		"[C closes]\nC: a\n":               "f:2: expected nothing from the client",
		"C: " + strings.Repeat("x", 1<<20): "f:1: expected at most 1 MiB in one line",
	} {
		_, _, err := ParseRFC(Text{Name: "f", Mode: "raw"}, []byte(text))
		var syntax *transcript.SyntaxError
		if !errors.As(err, &syntax) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// wire joins what crossed, turn by turn.
func wire(t *transcript.Transcript) (turns []string) {
	last := Crossing{}
	for _, c := range Crossings(t) {
		if c.Kind == Bytes {
			if last.Kind == Bytes && last.From == c.From {
				turns[len(turns)-1] += string(c.Data)
			} else {
				turns = append(turns, c.From.String()+" "+string(c.Data))
			}
			last = c
		}
	}
	return turns
}

// Text that parses is written again with the same meaning.
func FuzzRFC(f *testing.F) {
	f.Add([]byte(smtp))
	f.Add([]byte("C: \\\\\\\\x\\n\n\n S:\\r\\c\n[S fails: x]\nfoo\x00\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := Text{Name: "f", Mode: "raw", Opening: []core.Action{{Kind: core.PassThrough, Side: core.Client}}}
		one, _, err := ParseRFC(o, data)
		if err != nil {
			var syntax *transcript.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatal(err)
			}
			return
		}
		if _, err := transcript.Parse("printed", one.Append(nil)); err != nil {
			t.Fatal(err)
		}
		if len(wire(one)) == 0 {
			return
		}
		var text bytes.Buffer
		if err := RFC(&text, one); err != nil {
			t.Fatal(err)
		}
		two, _, err := ParseRFC(o, text.Bytes())
		if err != nil {
			t.Fatalf("%v in\n%s", err, text.String())
		}
		if a, b := strings.Join(wire(one), "|"), strings.Join(wire(two), "|"); a != b {
			t.Fatalf("%q became %q by way of\n%s", a, b, text.String())
		}
	})
}

// A line that arrives in many reads costs as much as many lines: it is searched
// once, not again with each read.
func BenchmarkRFC(b *testing.B) {
	for name, read := range map[string]string{"lines": "\n", "one line": "a"} {
		b.Run(name, func(b *testing.B) {
			r := rfcWriter{out: bufio.NewWriter(io.Discard)}
			for b.Loop() {
				r.bytes(core.Server, []byte(read))
			}
		})
	}
}

// The JSON lines say that a secret was marked; the mark crossed no connection, and
// the other formats do not show it.
func TestMarksOfSecrets(t *testing.T) {
	const before, after = "0.5 >> client text \"PASS *******\"\n0.6 << server \"PASS *******\\r\\n\"\n", "1 >> server \"+OK\\r\\n\"\n"
	with, without := parse(t, before+"0.6 << secret value 7\n0.6 << secret event 5 12\n"+after), parse(t, before+after)
	for name, write := range map[string]func(io.Writer, *transcript.Transcript) error{"HTML": HTML, "asciicast": Asciicast, "RFC": RFC} {
		if got, want := output(t, write, with), output(t, write, without); got != want {
			t.Errorf("%s:\n%s\nwithout the marks\n%s", name, got, want)
		}
	}
	if got, want := Crossings(with), Crossings(without); len(got) != len(want) {
		t.Errorf("crossings %v, without the marks %v", got, want)
	}
	if got := output(t, JSONLines, with); !strings.Contains(got, `"kind":"secret-value","length":7}`) {
		t.Errorf("the JSON lines are\n%s", got)
	}
}
