package redact

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func compiled(t *testing.T, expr string) *Expr {
	t.Helper()
	x, err := Compile(expr)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func redacted(t *testing.T, text, match string) (string, int) {
	t.Helper()
	parsed, err := transcript.Parse("x", []byte("workbench transcript v1\nmode raw\n\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	var re *Expr
	if match != "" {
		re = compiled(t, match)
	}
	n, err := Redact(t.Context(), parsed, re)
	if err != nil {
		t.Fatal(err)
	}
	_, entries, _ := bytes.Cut(parsed.Append(nil), []byte("\n\n"))
	return string(entries), n
}

// linked opens a link.
const linked = ">> client text \"PASV\"\n<< connect data \"192.0.2.7:1\"\n>> data connected \"192.0.2.7:1\"\n"

func TestRedact(t *testing.T) {
	for name, test := range map[string]struct {
		text, match, want string
		found             int
	}{
		"the whole match": {`>> server "a secret b"`, `secret`, `>> server "a ****** b"`, 1},
		"the first group": {`>> server "PASS x y"`, `PASS (\S+) (\S+)`, `>> server "PASS * y"`, 1},
		"cut by reads": {">> server \"PASS hun\"\n<< client text \"a\"\n>> server \"t\"\n>> server \"er2\\r\\n\"", `PASS (\S+)`,
			">> server \"PASS ***\"\n<< client text \"a\"\n>> server \"*\"\n>> server \"***\\r\\n\"", 1},
		"sides are apart": {">> server \"sec\"\n>> client binary \"ret\"", `secret`, ">> server \"sec\"\n>> client binary \"ret\"", 0},
		"messages are apart": {">> client text \"PASS hunter2\"\n>> client text \"LIST\"", `PASS (\S+)`,
			">> client text \"PASS *******\"\n>> client text \"LIST\"", 1},
		"actions too": {">> server \"x\"\n<< server \"a se\"\n<< server \"cret\"\n<< client binary \"secret\"\n<< note \"secret\"\n<< close \"secret\"", `secret`,
			">> server \"x\"\n<< server \"a **\"\n<< server \"****\"\n<< client binary \"******\"\n<< note \"******\"\n<< close \"******\"", 4},
		"raw bytes, in the stream to the server": {">> client raw \"secret\"\n>> client raw \"a se\"\n<< server \"cr\"\n>> client raw \"et\"", `secret`,
			">> client raw \"******\"\n>> client raw \"a **\"\n<< server \"**\"\n>> client raw \"**\"", 2},
		"remarks and failures":      {"-- the secret\n>> server failed \"secret\"", `secret`, "-- the ******\n>> server failed \"******\"", 2},
		"not names":                 {"<< timer secret 2s\n>> timer secret", `secret`, "<< timer secret 2s\n>> timer secret", 0},
		"whole runes":               {`>> client text "hünter"`, `\S+`, `>> client text "*******"`, 1},
		"bytes that are no text":    {`>> server "\xff\xfesecret\xff"`, `secret`, `>> server "\xff\xfe******\xff"`, 1},
		"an empty match":            {`>> server "abc"`, `x*`, `>> server "abc"`, 0},
		"a group that took no part": {`>> server "abc"`, `abc|(x)`, `>> server "abc"`, 0},
		"what is marked": {">> client text \"PASS ü\"\n<< secret event 5 6\n<< server \"PASS ü\"\n<< secret event 0 1\n<< secret action 5 99", ``,
			">> client text \"*ASS **\"\n<< secret event 5 6\n<< server \"PASS **\"\n<< secret event 0 1\n<< secret action 5 99", 0},
		"what messages say": {"<< message from-server 0-9 \"a secret\"\n  v 0-9 \"\\tsecret\" ! \"no\\x00secret\"", `.secret`,
			"<< message from-server 0-9 \"a*******\"\n  v 0-9 \"********\" ! \"no**********\"", 3},
		"what is marked in a message's event": {">> server \"PASS ü\"\n<< message from-server 0-7 \"PASS ü\"\n<< secret event 5 7\n<< secret action 0 9", ``,
			">> server \"PASS **\"\n<< message from-server 0-7 \"PASS **\"\n<< secret event 5 7\n<< secret action 0 9", 0},
		"what is marked, and stars already": {">> server \"PASS **\"\n<< message from-server 0-7 \"PASS **\"\n<< secret event 5 7", ``,
			">> server \"PASS **\"\n<< message from-server 0-7 \"PASS **\"\n<< secret event 5 7", 0},
		"by links, each way a stream": {linked + ">> data bytes \"a sec\"\n<< data bytes \"secr\"\n>> server \"x\"\n>> data bytes \"ret\"\n<< data bytes \"et\"\n<< data bytes \"sec\"\n>> data eof", `secret`,
			linked + ">> data bytes \"a ***\"\n<< data bytes \"****\"\n>> server \"x\"\n>> data bytes \"***\"\n<< data bytes \"**\"\n<< data bytes \"sec\"\n>> data eof", 2},
		"links are apart": {linked + ">> client text \"x\"\n<< accept more \"\"\n>> more connected \"\"\n>> data bytes \"sec\"\n>> more bytes \"ret\"\n>> more failed \"secret\"", `secret`,
			linked + ">> client text \"x\"\n<< accept more \"\"\n>> more connected \"\"\n>> data bytes \"sec\"\n>> more bytes \"ret\"\n>> more failed \"******\"", 1},
		"what is marked of a link": {linked + ">> data bytes \"PASS ü\"\n<< secret event 5 7\n<< data bytes \"a PASS\"\n<< secret action 2 6", ``,
			linked + ">> data bytes \"PASS **\"\n<< secret event 5 7\n<< data bytes \"a ****\"\n<< secret action 2 6", 0},
		"a mark without a payload": {"<< secret event 5 6\n<< secret action 0 1", ``, "<< secret event 5 6\n<< secret action 0 1", 0},
	} {
		got, found := redacted(t, test.text+"\n", test.match)
		if got != test.want+"\n" || found != test.found {
			t.Errorf("%s: %d\n%s\nwant %d\n%s", name, found, got, test.found, test.want)
		}
	}
}

// Comments are redacted wherever they stand.
func TestRedactComments(t *testing.T) {
	const text = "workbench transcript v1\n# SECRET\nmode raw\n# hünter SECRET\ntarget \"h:1\"\n\n" +
		"# SECRET\n~~ any\n#SECRET\n>> server \"x\"\n# SECRET\n"
	before, err := transcript.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	after := *before
	if n, err := Redact(t.Context(), &after, compiled(t, `(?:h\S+ |#)?SECRET`)); n != 5 || err != nil {
		t.Errorf("found %d, %v", n, err)
	}
	want := strings.NewReplacer("# hünter SECRET", "# **************", "#SECRET", "# *******", "SECRET", "******").Replace(text)
	if got := string(after.Append(nil)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if string(before.Append(nil)) != text {
		t.Error("the caller's comments were changed")
	}
}

// Places are told as lines of the file.
func TestUnredacted(t *testing.T) {
	const text = "workbench transcript v1\n\n# SECRET\nmode raw\noption a \"1\"\n# one\n\noption b \"SECRET\"\ntarget \"SECRET:1\"\ntls cert \"CN=SECRET\"\nquiet 1s\nserver-eof stay\n# two\nstate \"\\xffSECRET\"\n\n" +
		"~~ match \"SECRET\"\n# three\n~~ until \"SECRET \"\n>> server \"SECRET SECRET \"\n"
	parsed, err := transcript.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	const want = "[{8 option b} {9 the target} {10 tls cert} {14 the state} {16 a rule} {18 a rule}]"
	places, err := Unredacted(t.Context(), parsed, compiled(t, "SECRET"))
	if got := fmt.Sprint(places); got != want || err != nil {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	if places, err := Unredacted(t.Context(), parsed, compiled(t, "SECRET(x?)")); places != nil || err != nil {
		t.Errorf("a group that is empty has %v, %v", places, err)
	}
}

// What a machine marked is told apart from the session's own bytes.
func TestRedactCopies(t *testing.T) {
	data := []byte("secret")
	before := transcript.Transcript{Entries: []transcript.Entry{{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: data}}}}
	after := before
	Redact(t.Context(), &after, compiled(t, "secret"))
	if string(data) != "secret" || string(before.Entries[0].Event.Data) != "secret" {
		t.Error("the caller's bytes were changed")
	}
}

// Lengths hold, the secret is gone from every stream, and it still parses.
func FuzzRedact(f *testing.F) {
	secret, err := Compile("secret")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("PASS sec", "ret\r\nsecret", "sécret", uint16(5), uint16(7))
	f.Fuzz(func(t *testing.T, a, b, text string, from, to uint16) {
		text = strings.ToValidUTF8(text, "?")
		if len(a)+len(b)+len(text) > 1<<16 {
			return
		}
		before := transcript.Transcript{Mode: "raw", Entries: []transcript.Entry{
			{Dir: transcript.Event, N: 1, Event: core.Event{Kind: core.ServerBytes, Data: []byte(a)}},
			{Dir: transcript.Event, N: 2, Event: core.Event{Kind: core.ClientText, Data: []byte(text)}},
			{Dir: transcript.Action, N: 2, Action: core.Action{Kind: core.Secret, Data: []byte(core.Span{From: int(from), To: int(to)}.String())}},
			{Dir: transcript.Event, N: 3, Event: core.Event{Kind: core.ServerBytes, Data: []byte(b)}},
		}}
		after := before
		Redact(t.Context(), &after, secret)
		for i := range before.Entries {
			if len(data(&before.Entries[i])) != len(data(&after.Entries[i])) {
				t.Fatal("a length has changed")
			}
		}
		joined := string(data(&after.Entries[0])) + string(data(&after.Entries[3]))
		if strings.Contains(joined, "secret") || strings.Contains(string(data(&after.Entries[1])), "secret") {
			t.Errorf("still there: %q", joined)
		}
		if from < to {
			if _, err := transcript.Parse("x", after.Append(nil)); err != nil {
				t.Error(err)
			}
		}
	})
}
