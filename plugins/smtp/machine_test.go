package smtp

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/smtp") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "../../testdata/smtp") }

// open makes a machine of a client end, which is watched if it is a stream.
func open(t testing.TB, client core.ClientEnd) *machine {
	t.Helper()
	m, err := Discipline().Open(core.Opening{Client: client, Watch: client == core.Stream, Options: core.Options{optionLMTP: "false"}}, new(core.Out))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*machine)
}

func server(s string) core.Event { return core.Event{Kind: core.ServerBytes, Data: []byte(s)} }
func client(s string) core.Event { return core.Event{Kind: core.ClientBytes, Data: []byte(s)} }
func typed(s string) core.Event  { return core.Event{Kind: core.ClientText, Data: []byte(s)} }

var serverEOF = core.Event{Kind: core.ServerEOF}

// greeted opens a machine that watches, after the server's greeting.
func greeted(t testing.TB) *machine {
	t.Helper()
	m := open(t, core.Stream)
	plugintest.Answers(t, m, server("220\r\n"))
	return m
}

// A large mail is counted, and shown as far as it is kept.
func TestLargeMail(t *testing.T) {
	for name, command := range map[string]string{"data": "DATA\r\n", "bdat": fmt.Sprintf("BDAT %d LAST\r\n", 8003*1000)} {
		m := greeted(t)
		plugintest.Answers(t, m, client(command))
		for range 1000 {
			if got := plugintest.Answers(t, m, client(strings.Repeat("123456\r\n", 1000))); got != nil {
				t.Fatalf("%s: %.80q", name, got)
			}
			plugintest.Answers(t, m, client("..."))
			if state, err := m.Checkpoint(nil); err != nil || len(state) > 4096 {
				t.Fatalf("%s: a checkpoint of %d bytes, %v", name, len(state), err)
			}
		}
		if name == "data" {
			plugintest.Answers(t, m, client("\r\n"))
		}
	}
}

// A size that BDAT announces is a number, and no bytes are kept for it.
func TestAnnouncedSize(t *testing.T) {
	m := greeted(t)
	plugintest.Answers(t, m, client("BDAT 1125899906842624\r\n"))
	if got := plugintest.Answers(t, m, client(strings.Repeat("x", 1<<20))); got != nil {
		t.Errorf("%.80q", got)
	}
	if state, err := m.Checkpoint(nil); err != nil || len(state) > 4096 {
		t.Errorf("a checkpoint of %d bytes, %v", len(state), err)
	}
	for _, size := range []string{"1125899906842625", "99999999999999999999999", "-1", "+1", "1 FIRST", ""} {
		m := greeted(t)
		if got := plugintest.Answers(t, m, client("BDAT "+size+"\r\nNOOP\r\n")); len(got) != 2 || !strings.Contains(got[0], "RFC 3030") || !strings.Contains(got[1], "NOOP") {
			t.Errorf("BDAT %s: %q", size, got)
		}
	}
}

// Lines that never end are read in pieces, and what follows them as usual.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", maxLine-1)
	m := greeted(t)
	got := plugintest.Answers(t, m, client(long), client(long), client(long+"\r\nNOOP\r\n"), server(long), server(long+"\r\n"), server("250-"+long+"\r\n"), server("250 "+long), server("\r\n250 Ok\r\n"))
	if len(got) != 5 || !strings.Contains(got[0], "at most 512 bytes") || !strings.Contains(got[1], "NOOP") || !strings.Contains(got[2], "a line of a reply begins with") ||
		!strings.Contains(got[3], "(2 lines)") || !strings.Contains(got[4], fmt.Sprintf(" answers from-client %d ", 3*(maxLine-1)+2)) {
		t.Errorf("%d answers: %.300q", len(got), got)
	}
}

// A reply of many lines shows as many as are kept, and counts the others.
func TestLargeReply(t *testing.T) {
	m := open(t, core.Messages)
	const lines = 100_000
	for range lines / 1000 {
		if got := plugintest.Answers(t, m, server(strings.Repeat("220-123456\r\n", 1000))); got != nil {
			t.Fatalf("%.80q", got)
		}
	}
	if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint/4 {
		t.Fatalf("a checkpoint of %d bytes, %v", len(state), err)
	}
	got := plugintest.Answers(t, m, server("220 end\r\n"))
	if len(got) != 2 || len(got[0]) > maxShown+100 || !strings.HasSuffix(got[0], " more bytes)") || !strings.Contains(got[1], "(100001 lines)") || strings.Count(got[1], "parameter") != maxFields {
		t.Errorf("%d answers, %.80q", len(got), got)
	}
}

func TestManyPending(t *testing.T) {
	m := greeted(t)
	const all = maxPending + 10
	plugintest.Answers(t, m, client(strings.Repeat("NOOP\r\n", all/2)), client(strings.Repeat("NOOP\r\n", all/2)))
	if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint {
		t.Fatalf("a checkpoint of %d bytes, %v", len(state), err)
	}
	got := plugintest.Answers(t, m, server(strings.Repeat("250 Ok\r\n", all)))
	for i, a := range got {
		if names := strings.Contains(a, fmt.Sprintf(" answers from-client %d ", i*6)); names != (i < maxPending) {
			t.Fatalf("reply %d: %.80q", i, a)
		}
	}
	plugintest.Answers(t, m, client("NOOP\r\n"))
	if got := plugintest.Answers(t, m, server("250 Ok\r\n")); !strings.Contains(got[0], fmt.Sprintf(" answers from-client %d ", all*6)) {
		t.Errorf("%.80q", got[0])
	}
}

// The smallest messages of an event, and of all that can be typed at once, fit into an answer.
func TestSmallestMessages(t *testing.T) {
	for _, s := range []string{"\n", "a\n", "250\n", "\r\n"} {
		m := greeted(t)
		plugintest.Answers(t, m, client(strings.Repeat(s, core.MaxDecodedEvent/len(s))))
		plugintest.Answers(t, m, server(strings.Repeat(s, core.MaxDecodedEvent/len(s))))
		m = greeted(t)
		plugintest.Answers(t, m, client("AUTH LOGIN\r\n"), client(strings.Repeat(s, core.MaxDecodedEvent/len(s))))
	}
	m := open(t, core.Messages)
	plugintest.Answers(t, m, core.Event{Kind: core.ClientBinary, Data: []byte(strings.Repeat("\n", core.MaxEventPayload))})
	m = open(t, core.Messages)
	plugintest.Answers(t, m, typed("DATA"), server("220\r\n354\r\n"), typed(strings.Repeat(".\n", core.MaxEventPayload/2)))
	if m.Mail.Lines != core.MaxEventPayload/2 || m.Mail.Size != 3*core.MaxEventPayload/2 {
		t.Errorf("%d lines, %d bytes", m.Mail.Lines, m.Mail.Size)
	}
}

// A recording of a login has stars in place of the password and of what was made of it, and
// replays.
func TestHiddenLogin(t *testing.T) {
	for line, want := range map[string]string{
		"AUTH PLAIN joe ******":    "AUTH PLAIN ****************\r\n",
		"AUTH LOGIN joe ******":    "****\r\n********\r\n",
		"AUTH CRAM-MD5 joe ******": strings.Repeat("*", 48) + "\r\n",
	} {
		m := open(t, core.Messages)
		got := plugintest.Answers(t, m, server("220\r\n"), typed(line), server("334 YQ==\r\n334 YQ==\r\n"))
		var sent string
		for _, a := range got {
			if strings.HasSuffix(a, "\r\n") && strings.HasPrefix(strings.TrimPrefix(a, "AUTH PLAIN "), "*") && a != "*\r\n" {
				sent += a
			}
		}
		if sent != want {
			t.Errorf("%s: %q is sent, want %q", line, sent, want)
		}
	}
}

// A secret of several pieces, of which no line end has come, is hidden in each.
func TestLongSecret(t *testing.T) {
	m := greeted(t)
	var out core.Out
	for i, said := range []string{"AUTH PLAIN " + strings.Repeat("x", maxLine/2), strings.Repeat("x", maxLine), strings.Repeat("x", maxLine), "x\r\n"} {
		out.Reset()
		m.Handle(client(said), &out)
		hidden := 0
		for i := range out.Len() {
			if span, err := core.ParseSpan(string(out.Action(i).Data)); out.Action(i).Kind == core.Secret && err == nil {
				hidden += span.To - span.From
			}
		}
		if want := len(strings.TrimPrefix(strings.TrimSpace(said), "AUTH PLAIN ")); hidden != want {
			t.Errorf("piece %d: %d bytes are hidden, want %d", i, hidden, want)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	m := open(t, core.Messages)
	plugintest.Answers(t, m, server("220\r\n"), typed("AUTH LOGIN a b"), typed("DATA"), typed("text"), server("250-abc\r\nde"))
	state, err := m.Checkpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := open(t, core.Messages).Restore(state); err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]string{
		{`"At":`, `"At":-1`}, {`"Lines":1`, `"Lines":-1`}, {`"Kind":4`, `"Kind":99`}, {`"Phase":2`, `"Phase":9`}, {`"Phase":2`, `"Phase":0`}, {`"Left":0`, `"Left":5`},
		{`"Part":false`, `"Part":true`}, {`"Code":"250"`, `"Code":"25"`}, {`"Step":0`, `"Step":-1`}, {`"Mechanism":"LOGIN"`, `"Mechanism":"X"`}, {`"Later":0`, `"Later":-1`},
		{`{`, ``}, {`{`, `{"X":1,`},
	} {
		changed := strings.Replace(string(state), r[0], r[1], 1)
		if changed == string(state) {
			t.Errorf("the state has no %s: %s", r[0], state)
		}
		if open(t, core.Messages).Restore([]byte(changed)) == nil {
			t.Errorf("a state with %s was restored", r[1])
		}
	}
}

// FuzzTalk has a machine watch what the fuzzer says as client and as server, in turns, cut in
// two ways, and restored from its checkpoint after each piece.
func FuzzTalk(f *testing.F) {
	f.Add([]byte("EHLO x\r\nAUTH PLAIN x y\r\nAUTH LOGIN\r\nDATA\n"), []byte("220-hi\r\n220\r\n250-\r\nx\r\n235 y\r\n334 a\r\n501\r\n"), []byte("a\r\n.\r\n..\n.\n"), uint8(3))
	f.Add([]byte("STARTTLS\r\nBDAT 5 LAST\r\nab"), []byte("220\r\n354 x\r\n220 tls\r\n"), []byte("abc\r\n"), uint8(1))
	f.Add([]byte("LHLO\r\nRCPT TO:<a>\r\nRCPT TO:<b>\r\nDATA\r\nx\r\n.\r\n"), []byte("220\r\n250\r\n250\r\n250\r\n554\r\n250\r\n500 x"), []byte("NOOP\r\n"), uint8(2))
	f.Fuzz(func(t *testing.T, asks, replies, more []byte, size uint8) {
		said := [4]core.Event{}
		for i, data := range [4][]byte{asks, replies, more, replies} {
			said[i] = core.Event{Kind: [2]core.EventKind{core.ClientBytes, core.ServerBytes}[i%2], Data: data[:min(len(data), core.MaxDecodedEvent)]}
		}
		want := plugintest.Answers(t, open(t, core.Stream), append(said[:], serverEOF)...)
		var got []string
		m := open(t, core.Stream)
		for _, ev := range said {
			for data := ev.Data; len(data) > 0; {
				n := min(len(data), 1+int(size%32))
				got = append(got, plugintest.Answers(t, m, core.Event{Kind: ev.Kind, Data: data[:n]})...)
				data = data[n:]
				state, err := m.Checkpoint(nil)
				if err != nil {
					t.Fatal(err)
				}
				m = open(t, core.Stream)
				if err := m.Restore(state); err != nil {
					t.Fatalf("%v: %s", err, state)
				}
			}
		}
		got = append(got, plugintest.Answers(t, m, serverEOF)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("whole and in pieces (-whole +pieces):\n%s", diff)
		}
	})
}

// FuzzMachine holds what is typed and answered to the promises of every machine.
func FuzzMachine(f *testing.F) {
	f.Add("AUTH CRAM-MD5 joe secret", "220\r\n334 PDE+\r\n")
	f.Add("=AUTH LOGIN\\r\\n", "220\r\n334 abc\r\n")
	f.Add("DATA", "220\r\n354\r\n")
	f.Fuzz(func(t *testing.T, text, said string) {
		if !utf8.ValidString(text) {
			t.Skip() // no client can send it
		}
		events := []core.Event{typed(text)}
		if said != "" {
			events = append(events, server(said))
		}
		plugintest.Events(t, Discipline(), nil, append(events, typed(text), serverEOF)...)
	})
}

// BenchmarkWatch has a machine watch commands in pipelines of 16 and their replies, and mails.
func BenchmarkWatch(b *testing.B) {
	mail := strings.Repeat("A line of a mail that is about as long as such lines are.\r\n", 1000)
	for name, of := range map[string]struct {
		asks, replies string
		messages      int
	}{
		"commands": {strings.Repeat("RCPT TO:<bob@example.org>\r\n", 16), strings.Repeat("250 2.1.5 Ok\r\n", 16), 32},
		"data":     {"DATA\r\n" + mail + ".\r\n", "354 go on\r\n250 Ok\r\n", 4},
		"bdat":     {fmt.Sprintf("BDAT %d\r\n%s", len(mail), mail), "250 Ok\r\n", 3},
	} {
		b.Run(name, func(b *testing.B) {
			m, out := greeted(b), core.Out{}
			asks, replies := client(of.asks), server(of.replies)
			b.SetBytes(int64(len(of.asks) + len(of.replies)))
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				m.Handle(asks, &out)
				m.Handle(replies, &out)
			}
			if out.Len() != of.messages {
				b.Fatalf("%d messages", out.Len())
			}
			b.ReportMetric(float64(of.messages*b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
