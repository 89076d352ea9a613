package transcript

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

const walk = `workbench transcript v1
mode http-line
option eol "crlf"
target "example.com:80"

# The tutorial's walk.
>> client text "GET / HTTP/1.0"
<< server "GET / HTTP/1.0\r\n"
>> client text ""
<< server "\r\n"

# One read, two lines.
>> server "HTTP/1.0 302 Found\r\n"
          "Location: http://www.example.com/\r\n"
<< client text "HTTP/1.0 302 Found"
<< client text "Location: http://www.example.com/"
>> server eof
-- ended

# the end
`

func TestParse(t *testing.T) {
	tr, err := Parse("walk", []byte(walk))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(tr.Append(nil)); got != walk {
		t.Errorf("printed\n%s", got)
	}
	if tr.Mode != "http-line" || tr.Target != "example.com:80" || tr.CutOff ||
		!reflect.DeepEqual(tr.Options, []OptionValue{{"eol", "crlf"}}) ||
		!reflect.DeepEqual(tr.Trailing, []string{"", "# the end"}) {
		t.Errorf("header: %+v", tr)
	}
	var numbers []uint64
	var at []int
	for _, e := range tr.Entries {
		numbers, at = append(numbers, e.N), append(at, e.Line)
	}
	if want := []uint64{1, 1, 2, 2, 3, 3, 3, 4, 4}; !reflect.DeepEqual(numbers, want) {
		t.Errorf("numbers %v, want %v", numbers, want)
	}
	if want := []int{7, 8, 9, 10, 13, 15, 16, 17, 18}; !reflect.DeepEqual(at, want) {
		t.Errorf("lines %v, want %v", at, want)
	}
	read := tr.Entries[4]
	if string(read.Event.Data) != "HTTP/1.0 302 Found\r\nLocation: http://www.example.com/\r\n" ||
		!reflect.DeepEqual(read.Comments, []string{"", "# One read, two lines."}) {
		t.Errorf("%+v", read)
	}
}

// How TLS was spoken is in the header, with its comments.
func TestChoicesOfTLS(t *testing.T) {
	const text = magic + `
mode raw
target "tls://h:1"
# a client of ours
tls cert "sha256:0a CN=a \"b\""
tls verify "none"
quiet 200ms
server-eof stay

>> server eof
`
	tr, err := Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(tr.TLS, []OptionValue{{"cert", `sha256:0a CN=a "b"`}, {"verify", "none"}}) {
		t.Errorf("%q", tr.TLS)
	}
	if got := string(tr.Append(nil)); got != text {
		t.Errorf("printed\n%s", got)
	}
	const head = magic + "\nmode raw\n"
	many := ""
	for _, name := range "abcdefghi" {
		many += "tls " + string(name) + " \"\"\n"
	}
	for in, want := range map[string]string{
		head + "tls verify none\n":             "f:3: expected",
		head + "tls 1 \"x\"\n":                 `f:3: expected tls NAME "value", found name "1"`,
		head + "tls a \"x\"\ntls a \"y\"\n":    "f:4: expected tls a only once",
		head + "tls a \"x\"\ntarget \"h:1\"\n": "f:4: expected an entry (>>, << or --); target belongs above the tls",
		head + many:                            "f:11: expected at most 8 lines tls",
		head + "tls a \"" + strings.Repeat("x", MaxTLSValue+1) + "\"\n": "f:3: expected at most 4096 bytes",
	} {
		if _, err := Parse("f", []byte(in)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.60q: %v; want %s", in, err, want)
		}
	}
}

// What stood at the ends is in the header.
func TestEnds(t *testing.T) {
	const head = magic + "\nmode raw\n"
	for in, want := range map[string]struct {
		client core.ClientEnd
		server core.ServerEnd
		watch  bool
	}{
		head + "\n":                                            {},
		head + "client stream\n\n":                             {core.Stream, core.ServerStream, false},
		head + "client stream\nwatch\n\n":                      {core.Stream, core.ServerStream, true},
		head + "server messages\n\n":                           {core.Messages, core.ServerMessages, false},
		head + "client datagrams\nserver datagrams\nwatch\n\n": {core.Datagrams, core.ServerDatagrams, true},
	} {
		tr, err := Parse("f", []byte(in))
		if err != nil || tr.Client != want.client || tr.Server != want.server || tr.Watch != want.watch || string(tr.Append(nil)) != in {
			t.Errorf("%q: %+v, %v", in, tr, err)
		}
	}
	for in, want := range map[string]string{
		"client messages\n":                `f:3: expected client stream or client datagrams, found "messages"`,
		"client\n":                         "f:3: expected client stream or client datagrams, found",
		"watch\n":                          "f:3: expected client stream or client datagrams above watch",
		"server stream\n":                  `f:3: expected server datagrams or server messages, found "stream"`,
		"server messages\nclient stream\n": "f:4: expected an entry (>>, << or --); client belongs above the server",
		"client stream\nwatch closely\n":   "f:4: expected nothing after watch",
		"watch\nclient stream\n":           "f:3: expected client stream or client datagrams above watch",
	} {
		if _, err := Parse("f", []byte(head+in)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v; want %s", in, err, want)
		}
	}
}

func TestOpeningActionsHaveNumberZero(t *testing.T) {
	tr, err := Parse("f", []byte(magic+"\nmode raw\n<< pass-through client\n-- dialled\n>> client eof\n"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint64{0, 0, 1} {
		if tr.Entries[i].N != want {
			t.Errorf("entry %d has number %d", i, tr.Entries[i].N)
		}
	}
}

// What people and their editors write, and the one form in which it is printed.
func TestSettledForm(t *testing.T) {
	const head = magic + "\nmode raw\n"
	for _, c := range []struct{ name, in, want string }{
		{"CR LF", "workbench transcript v1\r\nmode raw\r\n\r\n# c\r\n>> server \"a\\r\\n\"\r\n  \"b\"\r\n",
			magic + "\r\nmode raw\r\n\r\n# c\r\n>> server \"a\\r\\n\"\r\n          \"b\"\r\n"},
		{"CR LF further down", head + ">> server \"a\"\r\n", head + "\n>> server \"a\"\n"},
		{"byte order mark", "\uFEFF" + head, "\uFEFF" + head + "\n"},
		{"blanks", magic + " \nmode   raw \noption\teol  \"x\"\t\n>>  client\ttext   \"a  b\"  \n--   words  here \n",
			head + "option eol \"x\"\n\n>> client text \"a  b\"\n-- words  here\n"},
		{"blank lines below the header", head + "\n\n\n>> client eof\n\n\n", head + "\n>> client eof\n"},
		{"blank lines between entries", head + "\n>> client eof\n\n\n  \n>> server eof\n", head + "\n>> client eof\n\n\n\n>> server eof\n"},
		{"comments in the header", magic + "\n# a\nmode raw\n\n#b\noption eol \"x\"\n\n# c\ntarget \"h:1\"\n#\n\n",
			magic + "\n# a\nmode raw\n\n#b\noption eol \"x\"\n\n# c\ntarget \"h:1\"\n\n#\n"},
		{"escapes", head + "\n>> server \"\\x41\\102\\u0043\\a\\x0a\\x0a\"\n", head + "\n>> server \"ABC\\x07\\n\"\n          \"\\n\"\n"},
		{"pieces by hand", head + "\n>> server \"a\"\n\t\"b\"\n \"\"\n \"c\"\n", head + "\n>> server \"abc\"\n"},
		{"times", head + "\n5 >> client eof\n0.1 -- back in time\n1.23456789 -- x\n", head + "\n5.000 >> client eof\n0.100 -- back in time\n1.234567 -- x\n"},
		{"timers", head + "\n<< timer a 90s\n<< timer b 0.1s\n>> timer b\n<< timer a off\n", head + "\n<< timer a 1m30s\n<< timer b 100ms\n>> timer b\n<< timer a off\n"},
		{"target with quotes", head + `target "a\"\x00b"` + "\n", head + `target "a\"\x00b"` + "\n\n"},
		{"indented comments", head + "\n  # c\n>> client eof\n", head + "\n# c\n>> client eof\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, in := range []string{c.in, c.want} {
				tr, err := Parse("f", []byte(in))
				if err != nil {
					t.Fatal(err)
				}
				if got := string(tr.Append(nil)); got != c.want {
					t.Fatalf("got\n%q\nwant\n%q", got, c.want)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	const head = magic + "\nmode raw\n" // entries begin in line 3
	big := strings.Repeat("x", core.MaxEventPayload+1)
	for _, c := range []struct{ in, want string }{
		{"", `f:1: expected "workbench transcript v1" as the first line, found ""`},
		{"GET / HTTP/1.0\n", `f:1: expected "workbench transcript v1" as the first line, found "GET / HTTP/1.0"`},
		{"workbench transcript v2\n", `f:1: expected "workbench transcript v1"; version "v2" is unknown, a newer workbench may read it`},
		{"\x7fELF\n", `f:1: expected text, found byte 0x7f; inside quotes it is written \x7f`},
		{magic + "\n", `f:2: expected mode NAME, found the end of the file`},
		{magic, `f:2: expected mode NAME, found the end of the file`},
		{magic + "\n>> client eof\n", `f:2: expected mode NAME, such as mode http-line`},
		{magic + "\nmode\n", `f:2: expected mode NAME, such as mode http-line`},
		{magic + "\nmode a b\n", `f:2: expected mode NAME, such as mode http-line`},
		{magic + "\nmode -x\n", `f:2: expected mode NAME, such as mode http-line`},
		{head + "mode raw\n", `f:3: expected one mode; already set to raw`},
		{head + "option eol crlf\n", `f:3: expected a quoted string, found "crlf"`},
		{head + "option 1 \"a\"\n", `f:3: expected option NAME "value", found name "1"`},
		{head + "option a \"1\"\noption a \"2\"\n", `f:4: expected option a only once`},
		{head + "option a \"" + strings.Repeat("x", 1025) + "\"\n", `f:3: expected at most 1024 bytes`},
		{head + "target \"\"\n", `f:3: expected target "host:port"; leave the line out if there is none`},
		{head + "target \"a\"\ntarget \"b\"\n", `f:4: expected one target`},
		{head + "target \"a\"\noption b \"c\"\n", `f:4: expected an entry (>>, << or --); option belongs above the target`},
		{head + "-- x\n\ntarget \"b\"\n", `f:5: expected an entry (>>, << or --); target belongs above the first one`},
		{head + "hello\n", `f:3: expected option, target or an entry (>>, << or --), found "hello"`},
		{head + "-- x\n>client eof\n", `f:4: expected an entry (>>, << or --), found ">client eof"`},
		{head + "0.5\n", `f:3: expected an entry (>>, << or --), found ""`},
		{head + "0.5s >> client eof\n", `f:3: expected a time in seconds such as 0.510, found "0.5s"`},
		{head + "1. >> client eof\n", `f:3: expected a time in seconds such as 0.510, found "1."`},
		{head + "9999999999 >> client eof\n", `f:3: expected a time in seconds such as 0.510, found "9999999999"`},
		{head + ">> clint eof\n", `f:3: expected client text "…", client binary "…", client eof, client closed, server "…", server eof, server failed "…", timer NAME, client part "…", client raw "…", server quiet, client bytes "…", world "…", server tls "…", client start-tls, client unseen COUNT, server unseen COUNT, client tls "…", client tls-failed "…", client command "…", LINK listening "…", LINK connected "…", LINK failed "…", LINK bytes "…", LINK eof or LINK closed; found "clint eof"`},
		{head + "<< secret value 0\n", `f:3: expected the length of the secret's value in bytes, from 1 to 65536; found "0"`},
		{head + "<< secret value 65537\n", `f:3: expected the length of the secret's value in bytes, from 1 to 65536; found "65537"`},
		{head + "<< secret value 07\n", `f:3: expected the length of the secret's value in bytes, from 1 to 65536; found "07"`},
		{head + "<< secret value\n", `f:3: expected the length of the secret's value in bytes, from 1 to 65536; found ""`},
		{head + "<< client eof\n", `f:3: expected server "…", client text "…", client binary "…", server eof, close "…", note [warning|error] "…", timer NAME 2s, timer NAME off, pass-through client|server, failed "…", secret event|action FROM TO, client part "…", secret value LENGTH, world "…", start-tls client|server "…", message FLOW FROM-TO "…", connect LINK "…", accept LINK "…", LINK bytes "…", LINK eof or LINK close; found "client eof"`},
		{head + ">> client eof \"x\"\n", `found "client eof \"x\""`},
		{head + ">> server \"a\\q\"\n", `f:3: expected one of \r \n \t \" \\ \xNN \uNNNN, found "\\q\""`},
		{head + ">> server \"a\\'\"\n", `f:3: expected one of \r \n \t \" \\ \xNN \uNNNN, found "\\'\""`},
		{head + ">> server \"a\n", `f:3: expected a closing quote at the end of the line`},
		{head + ">> server \"a\" \"b\"\n", `f:3: expected nothing after the closing quote, found " \"b\""`},
		{head + ">> server \"a\"\n\"b\"\n", `f:4: expected an entry; a quoted string that continues the payload above must be indented`},
		{head + ">> server \"a\"\n# c\n  \"b\"\n", `f:5: expected an entry; a quoted string`},
		{head + ">> client eof\n  \"b\"\n", `f:4: expected an entry; a quoted string`},
		{head + ">> server \"a\"\n  >> client eof\n", `f:4: expected an entry at the start of the line, or an indented quoted string that continues a payload`},
		{head + ">> client text \"\\xff\"\n", `f:3: expected UTF-8, as in all of a client's text; write client binary for other bytes`},
		{head + "-- \xff\n", `f:3: expected UTF-8 text; inside quotes other bytes are written \xNN`},
		{head + "-- a\r\r\n", `f:3: expected text, found byte 0x0d`},
		{head + ">> timer 9\n", `f:3: expected a timer's name: 1 to 64 letters, digits, '-' or '_', beginning with a letter; found "9"`},
		{head + "<< timer\n", `f:3: expected a timer's name`},
		{head + "<< timer a soon\n", `f:3: expected when the timer fires, such as 100ms or 2s, or off; found "soon"`},
		{head + "<< timer a 1us\n", `f:3: expected a time between 1ms and 24h, found "1us"`},
		{head + "<< timer a 25h\n", `f:3: expected a time between 1ms and 24h, found "25h"`},
		{head + "<< timer a -2s\n", `f:3: expected a time between 1ms and 24h, found "-2s"`},
		{head + ">> timer a\n", `f:3: expected a timer that is armed: no << timer a … above has armed it since it last fired or was stopped`},
		{head + "<< timer a 2s\n>> timer a\n>> timer a\n", `f:5: expected a timer that is armed`},
		{head + "<< timer a 2s\n<< timer a off\n>> timer a\n", `f:5: expected a timer that is armed`},
		{head + "<< timer a 2s\n>> timer a x\n", `f:4: expected nothing after the timer's name, found "x"`},
		{head + ">> server \"" + big + "\"\n", `f:3: expected at most 1048576 bytes in one server`},
		{head + "<< server \"" + big + "\"\n\t\"" + strings.Repeat(`\n`, 1<<16) + "\"\n", `f:4: expected at most 1114112 bytes in one server`},
		{head + "<< note \"" + strings.Repeat("x", 4097) + "\"\n", `f:3: expected at most 4096 bytes in one note`},
		{head + "<< message server 0-5 \"\"\n", `f:3: expected a message such as << message from-server 0-5 "+OK"`},
		{head + "<< message from-server 0-5 \"\"\n  a 0-6 \"\"\n>> server eof\n", `f:3: expected a message such as`},
		{head + "<< message from-server 0-5 \"\"\n\ta 0-5 \"\"\n", `f:3: expected a message such as`},
		{head + "<< message from-server 0-5 \"\"\n      a 0-5 \"\"\n>> server eof\n", `f:3: expected a message such as`},
		{head + "<< message from-server 0-5 \"\"\n\n  a 0-5 \"\"\n", `f:5: expected an entry at the start of the line`},
		// A torn last line hides no broken bound, and nothing above it.
		{head + ">> server \"" + big, `f:3: expected at most 1048576 bytes in one server`},
		{head + ">> oops\n>> client e", `f:3: expected client text`},
	} {
		_, err := Parse("f", []byte(c.in))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%.80q: not a SyntaxError: %v", c.in, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80q:\n got %v\nwant %s", c.in, err, c.want)
		}
	}
}

// Files without their end. What is left must be true: no half action.
func TestCutOff(t *testing.T) {
	const head = magic + "\nmode raw\n\n"
	const before = head + ">> client text \"x\"\n"
	for _, c := range []struct{ name, in, want string }{
		{"a whole event", before + ">> server eof", before + ">> server eof\n"},
		{"a torn event", before + ">> server eo", before},
		{"a torn mark", before + ">", before},
		{"a torn time", before + "0.5", before},
		{"a torn string", before + ">> server \"abc", before},
		{"a torn escape", before + ">> server \"abc\\", before},
		{"an event's torn second piece", before + ">> server \"a\\n\"\n          \"b", before + ">> server \"a\\n\"\n"},
		{"a timer's torn name", head + "<< timer long 2s\n>> timer lon", head + "<< timer long 2s\n"},
		{"a torn remark", before + "-- clos", before + "-- clos\n"},
		{"a torn rune", before + "-- \xe2\x82", before},
		{"a torn comment", before + "# why", before + "# why\n"},
		{"a comment above what is torn", before + "# why\n<< serv", before + "# why\n"},
		{"a torn option", magic + "\nmode raw\noption eol \"cr", head},

		{"a whole action", before + "<< server \"x\"", before + "<< server \"x\"\n"},
		{"a whole action, CR", before + "<< server \"x\"\r", before + "<< server \"x\"\n"},
		{"an action that may go on", before + "<< note \"a\"\n<< server \"x\\n\"", before + "<< note \"a\"\n"},
		{"an action of 4 KiB may go on", before + "<< server \"" + strings.Repeat("x", 4096) + "\"", before},
		{"an action of two pieces", before + "<< server \"x\\n\"\n          \"y\"", before + "<< server \"x\\n\"\n          \"y\"\n"},
		{"an action's torn second piece", before + "<< server \"x\\n\"\n          \"y", before},
		{"an action's torn indent", before + "<< server \"x\\n\"\n     ", before},
		{"an action and an entry torn below", before + "<< server \"x\\n\"\n<< cli", before + "<< server \"x\\n\"\n"},
		{"a timer's time", before + "<< timer a 20m", before}, // may have been 20ms
		{"a timer's whole time", before + "<< timer a 20ms", before + "<< timer a 20ms\n"},
		{"a comment above a dropped action", before + "# why\n<< server \"x\\n\"", before + "# why\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, err := Parse("f", []byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(tr.Append(nil)); got != c.want || !tr.CutOff {
				t.Errorf("got\n%s\nwant\n%s\ncut off %v", got, c.want, tr.CutOff)
			}
		})
	}
}

// A recording cut at any byte parses, and each remaining entry is one that was
// there, or the beginning of the last event.
func TestCutAnywhere(t *testing.T) {
	text := walk[:strings.Index(walk, "\n-- ended")+1]
	whole, err := Parse("walk", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	start := strings.Index(text, "option")
	for n := start; n < len(text); n++ {
		tr, err := Parse("walk", []byte(text[:n]))
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if tr.CutOff != (text[n-1] != '\n') {
			t.Fatalf("cut at %d: CutOff is %v", n, tr.CutOff)
		}
		for i := range tr.Entries {
			got, want := &tr.Entries[i], &whole.Entries[i]
			prefix := i == len(tr.Entries)-1 && got.Dir == Event && strings.HasPrefix(string(want.Event.Data), string(got.Event.Data))
			if !Equal(got, want) && !prefix {
				t.Fatalf("cut at %d: entry %d is %s", n, i, AppendEntry(nil, got))
			}
		}
	}
}

// Writing entry by entry, as a recorder does, gives the same as printing all.
func TestStreaming(t *testing.T) {
	tr := &Transcript{Mode: "raw", Options: []OptionValue{{"a", "1"}}, Target: "h:1", HeaderComments: [][]string{nil, {"why"}, nil, {"too many"}}}
	for _, c := range every {
		tr.Entries = append(tr.Entries, c.entry)
	}
	text := AppendHeader(nil, tr)
	if want := magic + "\nmode raw\n# why\noption a \"1\"\ntarget \"h:1\"\n\n"; string(text) != want {
		t.Errorf("header %q, want %q", text, want)
	}
	for i := range tr.Entries {
		text = AppendEntry(text, &tr.Entries[i])
	}
	if string(text) != string(tr.Append(nil)) {
		t.Error("streamed and whole prints differ")
	}
}

func TestParseKeepsNothingOfItsInput(t *testing.T) {
	data := []byte(walk)
	tr, err := Parse("walk", data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if got := string(tr.Append(nil)); got != walk {
		t.Error(got)
	}
	// Payloads share memory, but growing one must not reach into the next.
	_ = append(tr.Entries[0].Event.Data, "overwritten"...)
	if got := string(tr.Append(nil)); got != walk {
		t.Error(got)
	}
}

// The example of the documentation is a transcript in its settled form.
func TestDocumentedExample(t *testing.T) {
	doc, err := os.ReadFile("../../docs/transcript.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```transcript\n"+magic)
	example, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("docs/transcript.md has no example")
	}
	example = magic + example
	tr, err := Parse("docs/transcript.md", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(tr.Append(nil)); got != example {
		t.Errorf("printed\n%s", got)
	}
}

const someSeed = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

// What the machine was opened with is in the header, each at most once and never as the
// zero that a missing line means.
func TestSeedAndStart(t *testing.T) {
	const head = magic + "\nmode raw\n"
	text := head + "client stream\nwatch\nseed " + someSeed + "\n# late\nstart 2026-07-01T12:00:00.25Z\nstate \"\"\n\n"
	tr, err := Parse("f", []byte(text))
	if err != nil || tr.Seed.String() != someSeed || !tr.Start.Equal(time.Date(2026, 7, 1, 12, 0, 0, 250e6, time.UTC)) || string(tr.Append(nil)) != text {
		t.Errorf("%+v, %v", tr, err)
	}
	for in, want := range map[string]string{
		"seed 00\n":                                           "f:3: expected seed and 64 lower-case hexadecimal digits",
		"seed " + strings.Repeat("0", 64) + "\n":              "f:3: expected seed and 64 lower-case hexadecimal digits, not all 0",
		"seed " + someSeed + "\nseed " + someSeed + "\n":      "f:4: expected one seed",
		"start 0001-01-01T00:00:00Z\n":                        "f:3: expected start and a time in UTC",
		"start 2026-07-01T12:00:00+02:00\n":                   "f:3: expected start and a time in UTC",
		"start 2026-07-01T12:00:00Z\nseed " + someSeed + "\n": "f:4: expected an entry (>>, << or --); seed belongs above the start",
		"state \"\"\nstart 2026-07-01T12:00:00Z\n":            "f:4: expected an entry (>>, << or --); start belongs above the state",
	} {
		if _, err := Parse("f", []byte(head+in)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v; want %s", in, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(magic + "\nmode x\nskip-if capability \"server tls\"\nskip-if mode-version >= 2.0\n\n"))
	f.Add([]byte(magic + "\nmode x\nseed " + someSeed + "\nstart 9999-12-31T23:59:59.999999999Z\n\n"))
	f.Add([]byte(walk))
	var all strings.Builder
	all.WriteString(magic + "\n# c\nmode raw\n\noption a \"\\x00\"\n<< timer quit 24h\n")
	for _, c := range every {
		all.WriteString(c.text + "\n")
	}
	f.Add([]byte(all.String()))
	f.Add([]byte(magic + "\r\nmode x\r\n1.5 >> server \"\xc3\xa9\\n\"\r\n  \"b\"\r\n#"))
	f.Add([]byte(magic + "\nmode x\n# a\n<< server \"x\\n\"\n "))
	f.Add([]byte(ruled))
	f.Add([]byte(magic + "\nmode x\n~~ rate <= 1.5KiB/s\n~~ any-order a\n~~ match size 0..20\n>> server \"x\"\n"))
	f.Add([]byte(magic + "\nmode x\n~~ match field http.status \"2..\"\n>> server \"x\"\n"))
	f.Add([]byte(magic + "\nmode x\ntarget \"tls://h:1\"\n# a\ntls verify \"none\"\ntls cert \"sha256:0a CN=\\x1b\"\nquiet 1s\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		one, err := Parse("f", data)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 || syntax.Msg == "" {
				t.Fatalf("error %#v", err)
			}
			return
		}
		printed := one.Append(nil)
		two, err := Parse("f", printed)
		if err != nil {
			t.Fatalf("%v in\n%s", err, printed)
		}
		if again := two.Append(nil); string(again) != string(printed) {
			t.Fatalf("printed\n%q\nthen\n%q", printed, again)
		}
		if one.Mode != two.Mode || one.Target != two.Target || !reflect.DeepEqual(one.Options, two.Options) || len(one.Entries) != len(two.Entries) {
			t.Fatalf("%+v became %+v", one, two)
		}
		for i := range one.Entries {
			a, b := &one.Entries[i], &two.Entries[i]
			if !Equal(a, b) || a.N != b.N || a.Timed != b.Timed || a.Time != b.Time || !reflect.DeepEqual(a.Comments, b.Comments) || !sameRules(a.Rules, b.Rules) {
				t.Fatalf("%+v became %+v", a, b)
			}
		}
		if d := Diff(one.Entries, two.Entries); d != "" {
			t.Fatal(d)
		}
	})
}

func benchEntries() map[string]Entry {
	binary := make([]byte, 32<<10)
	for i := range binary {
		binary[i] = byte(i * 167)
	}
	return map[string]Entry{
		"line":   timed(action(core.SendText, strings.Repeat("an eighty-byte line ", 4)), 510*time.Millisecond),
		"lines":  event(core.ServerBytes, strings.Repeat("a header: and its value, as a server sends it\r\n", 700)),
		"utf8":   event(core.ServerBytes, strings.Repeat("grün und blau schmückt die Sau\r\n", 1000)),
		"binary": event(core.ServerBytes, string(binary)),
	}
}

func BenchmarkAppendEntry(b *testing.B) { benchAppend(b, AppendEntry) }
func BenchmarkAppendJSON(b *testing.B)  { benchAppend(b, AppendJSON) }

func benchAppend(b *testing.B, add func([]byte, *Entry) []byte) {
	for name, e := range benchEntries() {
		b.Run(name, func(b *testing.B) {
			dst := make([]byte, 0, 1<<20)
			b.SetBytes(int64(len(e.data())))
			b.ReportAllocs()
			for b.Loop() {
				add(dst, &e)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for name, e := range benchEntries() {
		b.Run(name, func(b *testing.B) {
			tr := Transcript{Mode: "raw"}
			for range 20 {
				tr.Entries = append(tr.Entries, e)
			}
			text := tr.Append(nil)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse("f", text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Append keeps a file's line ends and its byte order mark.
func TestFileFormIsKept(t *testing.T) {
	crlf := strings.ReplaceAll(walk, "\n", "\r\n")
	for _, text := range []string{walk, "\uFEFF" + walk, crlf, "\uFEFF" + crlf} {
		tr, err := Parse("walk", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(tr.Append([]byte("before\n"))); got != "before\n"+text {
			t.Errorf("%.40q became\n%q", text, got)
		}
	}
}

// A merge conflict is reported wherever it is, and never taken for a torn end.
func TestConflict(t *testing.T) {
	for text, line := range map[string]int{
		"<<<<<<< HEAD\n" + magic + "\nmode raw\n":                            1,
		magic + "\n<<<<<<< HEAD\nmode raw\n=======\nmode x\n>>>>>>> b\n":     2,
		magic + "\nmode raw\n>> server \"a\"\n||||||| base\n":                4,
		magic + "\nmode raw\n=======\n>> server \"a\"\n>>>>>>> other":        3,
		magic + "\nmode raw\n# a comment\n>>>>>>> feature/names with blanks": 4,
	} {
		_, err := Parse("f", []byte(text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Line != line || !strings.Contains(syntax.Msg, "found the marker") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Parse("f", []byte(magic+"\nmode raw\n# =======\n>> server \"a\"\n  \"======= b\"\n")); err != nil {
		t.Error(err)
	}
}

func TestHeaderMode(t *testing.T) {
	for text, want := range map[string]string{
		"workbench transcript v1\nmode raw\n":                   "raw",
		"\ufeffworkbench transcript v1\r\n# x\r\nmode raw\r\n!": "raw",
		"workbench transcript v1\nmode raw\n>> oops\n":          "raw",
		"workbench transcript v1\n>> oops\nmode raw\n":          "",
		"mode raw\n": "",
		"":           "",
	} {
		if got := HeaderMode([]byte(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
