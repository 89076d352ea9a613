package imap

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core/practice/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client is the other end of a conversation.
type client struct {
	t     *testing.T
	conn  net.Conn
	r     *bufio.Reader
	ended <-chan error
}

// connect begins a conversation, in a bubble of synctest.
func connect(t *testing.T, s *Server) *client {
	t.Helper()
	near, far := net.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- s.Converse(t.Context(), far) }()
	t.Cleanup(func() { near.Close() })
	c := &client{t, near, bufio.NewReader(near), ended}
	if greeting := c.line(); !strings.HasPrefix(greeting, "* OK [CAPABILITY IMAP4rev1 ") {
		t.Errorf("greeting %q", greeting)
	}
	return c
}

// alice is connected and has selected her mailbox, with the three first messages.
func alice(t *testing.T, s *Server) *client {
	t.Helper()
	c := connect(t, s)
	c.send("LOGIN alice wonderland")
	c.send("SELECT INBOX")
	return c
}

func (c *client) line() string {
	c.t.Helper()
	line, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatalf("%q, %v", line, err)
	}
	return strings.TrimSuffix(line, "\r\n")
}

// send sends a command and returns the lines of its answer, the last one without tag.
func (c *client) send(command string) []string {
	c.t.Helper()
	go io.WriteString(c.conn, "a "+command+"\r\n")
	for lines := []string(nil); ; {
		line, last := strings.CutPrefix(c.line(), "a ")
		if lines = append(lines, line); last {
			return lines
		}
	}
}

// expect sends a command and compares the answer.
func (c *client) expect(command string, want ...string) {
	c.t.Helper()
	if got := c.send(command); !slices.Equal(got, want) {
		c.t.Errorf("%s\ngot:  %s\nwant: %s", command, strings.Join(got, "\n      "), strings.Join(want, "\n      "))
	}
}

func newStore() *mail.Store {
	return mail.New(func() time.Time { return time.Date(2026, 11, 29, 5, 0, 0, 0, time.UTC) })
}

func bubble(t *testing.T, f func(t *testing.T, store *mail.Store, s *Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		f(t, store, New(store))
	})
}

func box(t *testing.T, store *mail.Store, name string) *mail.Box {
	t.Helper()
	b, err := store.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSession(t *testing.T) {
	bubble(t, func(t *testing.T, store *mail.Store, s *Server) {
		c := connect(t, s)
		c.expect("SELECT INBOX", "BAD [CLIENTBUG] This command is only valid in the authenticated state")
		c.expect("LOGIN alice builder", "NO [AUTHENTICATIONFAILED] Authentication failed")
		c.send(`LOGIN "alice@example.test" "wonderland"`)
		c.expect(`LIST "" *`, `* LIST (\Noinferiors) NIL INBOX`, "OK LIST completed")
		c.expect(`LIST "" ""`, `* LIST (\Noselect) NIL ""`, "OK LIST completed")
		c.expect(`LSUB "" %`, `* LSUB (\Noinferiors) NIL INBOX`, "OK LSUB completed")
		c.expect(`LIST "" Sent`, "OK LIST completed")
		c.expect("SELECT Sent", "NO [NONEXISTENT] No such mailbox: there is only INBOX")
		c.expect("CREATE Sent", "NO [CANNOT] There is one mailbox, INBOX, and no other can be made")
		c.expect("STATUS INBOX (MESSAGES UNSEEN UIDNEXT RECENT)", "* STATUS INBOX (MESSAGES 3 UIDNEXT 4 UNSEEN 3 RECENT 0)", "OK STATUS completed")
		c.expect("SELECT inbox", "* 3 EXISTS", "* 0 RECENT", "* OK [UNSEEN 1] First unseen message",
			fmt.Sprintf("* OK [UIDVALIDITY %d] UIDs valid", s.validity), "* OK [UIDNEXT 4] Predicted next UID",
			`* FLAGS (\Seen \Answered \Flagged \Deleted \Draft)`,
			`* OK [PERMANENTFLAGS (\Seen \Answered \Flagged \Deleted \Draft)] Permanent flags`, "OK [READ-WRITE] SELECT completed")
		c.expect("FETCH 1 (UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (SUBJECT)])",
			fmt.Sprintf(`* 1 FETCH (UID 1 INTERNALDATE "29-Nov-2026 05:00:00 +0000" RFC822.SIZE %d BODY[HEADER.FIELDS ("SUBJECT")] {36}`,
				len(box(t, store, "alice").Messages()[0].Data)),
			"Subject: Welcome to example.test", "", ")", "OK FETCH completed")
		c.expect("FETCH 2 BODY[TEXT]<5.4>", `* 2 FETCH (FLAGS (\Seen) BODY[TEXT]<5> {4}`, "ode )", "OK FETCH completed")
		c.expect("FETCH 3 BODY.PEEK[]<9999999999.9223372036854775807>", "* 3 FETCH (BODY[]<1410065407> {0}", ")", "OK FETCH completed")
		c.expect("SEARCH UNSEEN", "* SEARCH 1 3", "OK SEARCH completed")
		c.expect(`STORE 1,3 +FLAGS (\Deleted $Junk)`, `* 1 FETCH (FLAGS (\Deleted))`, `* 3 FETCH (FLAGS (\Deleted))`, "OK STORE completed")
		c.expect("EXPUNGE", "* 3 EXPUNGE", "* 1 EXPUNGE", "OK EXPUNGE completed")
		c.expect("UID FETCH 1:* FLAGS", `* 1 FETCH (UID 2 FLAGS (\Seen))`, "OK UID FETCH completed")
		c.expect("UID FETCH 100:* FLAGS", `* 1 FETCH (UID 2 FLAGS (\Seen))`, "OK UID FETCH completed")
		c.expect(`UID STORE 2 -FLAGS (\Seen)`, `* 1 FETCH (UID 2 FLAGS ())`, "OK UID STORE completed")
		c.expect(`UID STORE 2 FLAGS.SILENT (\Flagged)`, "OK UID STORE completed")
		c.expect("FETCH 2 FLAGS", "BAD No message 2: the mailbox has 1")
		c.expect("FETCH 2:* FLAGS", `* 1 FETCH (FLAGS (\Flagged))`, "OK FETCH completed")
		c.expect("COPY 1 INBOX", "NO [CANNOT] There is one mailbox, INBOX, and no other can be made")
		c.expect("LOGOUT", "* BYE Logging out", "OK LOGOUT completed")
		if err := <-c.ended; err != nil {
			t.Error(err)
		}
	})
}

func TestExamineChangesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, store *mail.Store, s *Server) {
		b := box(t, store, "alice")
		b.SetFlags(1, mail.Deleted)
		c := alice(t, s)
		if got := c.send("EXAMINE INBOX"); !slices.Contains(got, "* OK [PERMANENTFLAGS ()] Permanent flags") || !slices.Contains(got, "OK [READ-ONLY] EXAMINE completed") {
			t.Errorf("%q", got)
		}
		c.send("FETCH 1:3 BODY[]")
		c.expect(`STORE 1 FLAGS (\Seen)`, "NO The mailbox was opened by EXAMINE, to be read only")
		c.expect("EXPUNGE", "NO The mailbox was opened by EXAMINE, to be read only")
		c.expect("CLOSE", "OK CLOSE completed")
		for i, m := range b.Messages() {
			if want := mail.Deleted * mail.Flags(b2i(i == 0)); m.Flags != want {
				t.Errorf("message %d has flags %v", i+1, m.Flags)
			}
		}
		c.send("SELECT INBOX")
		c.expect("CLOSE", "OK CLOSE completed")
		if n := len(b.Messages()); n != 2 {
			t.Errorf("%d messages after CLOSE", n)
		}
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// What one session does reaches the other in the order that its numbers allow.
func TestTwoSessions(t *testing.T) {
	bubble(t, func(t *testing.T, store *mail.Store, s *Server) {
		one, two := alice(t, s), alice(t, s)
		one.send(`STORE 1 +FLAGS (\Deleted)`)
		one.send("EXPUNGE")
		store.Deliver("", []string{"alice"}, []byte("Subject: new\n\nnew\n"))
		two.expect("FETCH 1:3 FLAGS", "* 2 FETCH (FLAGS ())", "* 3 FETCH (FLAGS ())", "* 4 EXISTS", "OK FETCH completed")
		two.expect("SEARCH ALL", "* SEARCH 2 3 4", "OK SEARCH completed")
		one.expect(`STORE 1 +FLAGS (\Flagged)`, `* 1 FETCH (FLAGS (\Flagged))`, "* 3 EXISTS", "OK STORE completed")
		two.expect("NOOP", `* 2 FETCH (UID 2 FLAGS (\Flagged))`, "* 1 EXPUNGE", "OK NOOP completed")
		two.expect("FETCH 3 UID", "* 3 FETCH (UID 4)", "OK FETCH completed")
	})
}

func TestIdle(t *testing.T) {
	bubble(t, func(t *testing.T, store *mail.Store, s *Server) {
		c := alice(t, s)
		io.WriteString(c.conn, "i IDLE\r\n")
		if line := c.line(); line != "+ idling" {
			t.Error(line)
		}
		time.Sleep(IdleTime / 2)
		store.Deliver("", []string{"alice"}, []byte("Subject: new\n\nnew\n"))
		start := time.Now()
		if line := c.line(); line != "* 4 EXISTS" || time.Since(start) > PollTime {
			t.Errorf("%s after %v", line, time.Since(start))
		}
		io.WriteString(c.conn, "DONE\r\n")
		if line := c.line(); line != "i OK IDLE completed" {
			t.Error(line)
		}
	})
}

func TestSearch(t *testing.T) {
	bubble(t, func(t *testing.T, store *mail.Store, s *Server) {
		b := box(t, store, "alice")
		b.Append([]byte("Subject: =?utf-8?q?gr=C3=BCn?=\r\nFrom: Mallory <m@example.test>\r\nDate: Sat, 1 Feb 2025 23:59:00 +0900\r\n\r\nbody of four\r\n"),
			mail.Flagged, time.Date(2025, 2, 3, 1, 0, 0, 0, time.UTC))
		b.SetFlags(2, mail.Seen|mail.Answered)
		c := alice(t, s)
		for key, want := range map[string]string{
			"ALL":                                " 1 2 3 4",
			"2:3":                                " 2 3",
			"*":                                  " 4",
			"UID 4:9":                            " 4",
			"SEEN":                               " 2",
			"UNSEEN UNFLAGGED":                   " 1 3",
			"KEYWORD $Junk":                      "",
			"RECENT":                             "",
			"OLD":                                " 1 2 3 4",
			"FROM mallory":                       " 4",
			"FROM \"\"":                          " 1 2 3 4",
			"HEADER Message-ID 2.alice":          " 2",
			"SUBJECT dot":                        " 3",
			"BODY mallory":                       "",
			"BODY \"OF FOUR\"":                   " 4",
			"TEXT MALLORY":                       " 4",
			"NOT (BODY four)":                    " 1 2 3",
			"OR SUBJECT dot SEEN":                " 2 3",
			"SINCE 3-Feb-2025 BEFORE 4-Feb-2025": " 4",
			"BEFORE 3-Feb-2025":                  "",
			"SENTON 1-Feb-2025":                  " 4",
			"SENTSINCE 3-Nov-2026":               " 2 3",
			"SMALLER 200":                        " 4",
			"LARGER 200":                         " 1 2 3",
		} {
			c.expect("SEARCH "+key, "* SEARCH"+want, "OK SEARCH completed")
		}
		c.expect("SEARCH CHARSET UTF-8 SUBJECT {5+}\r\ngr\u00fcn", "* SEARCH 4", "OK SEARCH completed")
		c.expect("UID SEARCH FLAGGED", "* SEARCH 4", "OK UID SEARCH completed")
		c.expect("SEARCH RETURN (MIN MAX COUNT) ALL", `* ESEARCH (TAG "a") MIN 1 MAX 4 COUNT 4`, "OK SEARCH completed")
		c.expect("SEARCH RETURN (SAVE) ALL", "BAD SEARCHRES is not offered: see CAPABILITY")
	})
}

func TestAppend(t *testing.T) {
	bubble(t, func(t *testing.T, store *mail.Store, s *Server) {
		c := alice(t, s)
		io.WriteString(c.conn, "x APPEND INBOX (\\Draft) \"01-Feb-2025 10:00:00 +0100\" {17}\r\n")
		if line := c.line(); line != "+ Ready for literal data" {
			t.Error(line)
		}
		go io.WriteString(c.conn, "Subject: x\r\n\r\nhey\r\n")
		if lines := []string{c.line(), c.line()}; !slices.Equal(lines, []string{"* 4 EXISTS", "x OK APPEND completed"}) {
			t.Errorf("%q", lines)
		}
		c.expect("FETCH 4 (FLAGS INTERNALDATE BODY.PEEK[])", `* 4 FETCH (FLAGS (\Draft) INTERNALDATE " 1-Feb-2025 10:00:00 +0100" BODY[] {19}`,
			"Subject: x", "", "hey", ")", "OK FETCH completed")
		c.expect("APPEND Sent {1+}\r\nx", "NO [TRYCREATE] No such mailbox: there is only INBOX")
		c.expect(fmt.Sprintf("APPEND INBOX {%d}", MaxMessage+1), fmt.Sprintf("NO [TOOBIG] Literals are limited to %d bytes for this command", MaxMessage))
		for len(box(t, store, "alice").Messages()) < mail.MaxMessages {
			store.Deliver("", []string{"alice"}, []byte("x"))
		}
		c.expect("APPEND INBOX {1+}\r\nx", "NO [OVERQUOTA] Append failed: no room for more")
	})
}

// Students send what is no well-formed message, and it must still be readable.
func TestOddMessages(t *testing.T) {
	nested := strings.Repeat("Content-Type: message/rfc822\r\n\r\n", MaxParts+1)
	for name, m := range map[string]struct{ data, structure string }{
		"no header":          {"just a line\r\n", `("text" "plain" NIL NIL NIL "7bit" 0 0)`},
		"no empty line":      {"Subject: a\r\n", `("text" "plain" NIL NIL NIL "7bit" 0 0)`},
		"empty line alone":   {"\r\n", `("text" "plain" NIL NIL NIL "7bit" 0 0)`},
		"parts that are not": {"Content-Type: multipart/mixed; boundary=x\r\n\r\nnone\r\n", `("text" "plain" NIL NIL NIL "7bit" 6 1)`},
		"no boundary":        {"Content-Type: multipart/mixed\r\n\r\nnone\r\n", `("text" "plain" NIL NIL NIL "7bit" 6 1)`},
		"too deep":           {nested + "x\r\n", fmt.Sprintf(`("text" "plain" NIL NIL NIL "7bit" %d %d)`, len(nested)-32+3, 2*MaxParts+1)},
		"zero in a name":     {"Subject: =?utf-8?q?a=0D=0Ab?=\r\nFrom: =?utf-8?q?=0D=0A?= <a\x00@example.test>\r\n\r\n", `("text" "plain" NIL NIL NIL "7bit" 0 0)`},
	} {
		bubble(t, func(t *testing.T, store *mail.Store, s *Server) {
			store.Deliver("", []string{"alice"}, []byte(m.data))
			c := alice(t, s)
			got := strings.Join(c.send("FETCH 4 BODY.PEEK[]"), "\n")
			if want := fmt.Sprintf("* 4 FETCH (BODY[] {%d}\n%s)\nOK FETCH completed", len(m.data), strings.ReplaceAll(m.data, "\r\n", "\n")); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
			var size [2]int
			for i, what := range []string{"HEADER", "TEXT"} {
				fmt.Sscanf(c.send("FETCH 4 BODY.PEEK[" + what + "]")[0], "* 4 FETCH (BODY["+what+"] {%d}", &size[i])
			}
			if size[0]+size[1] != len(m.data) {
				t.Errorf("%s: header and text are %d bytes of %d", name, size, len(m.data))
			}
			c.expect("FETCH 4 BODY", "* 4 FETCH (BODY "+m.structure+")", "OK FETCH completed")
			for _, command := range []string{"BODYSTRUCTURE", "ENVELOPE", "BODY.PEEK[1.1.1]", "BODY.PEEK[1.HEADER]", "BODY.PEEK[HEADER.FIELDS (Subject)]", "FULL"} {
				if answer := c.send("FETCH 4 " + command); answer[len(answer)-1] != "OK FETCH completed" {
					t.Errorf("%s: %s: %q", name, command, answer)
				}
			}
		})
	}
}

func TestBounds(t *testing.T) {
	bubble(t, func(t *testing.T, store *mail.Store, s *Server) {
		c := alice(t, s)
		c.expect("SEARCH"+strings.Repeat(" TEXT x", MaxKeys+1), "NO [LIMIT] More than 64 keys in one SEARCH")
		c.expect("SEARCH"+strings.Repeat(" NOT", MaxKeys+1)+" ALL", "NO [LIMIT] More than 64 keys in one SEARCH")
		c.expect("FETCH 1 ("+strings.Repeat("BODY[1] ", MaxSections)+"BODY[2])", "NO [LIMIT] More than 32 body sections in one FETCH")
		c.expect("FETCH 1 BINARY[1]", "BAD BINARY is not offered: see CAPABILITY")
		c.expect("FETCH $ FLAGS", "BAD $ is not offered: see CAPABILITY")
		c.expect(`LIST "" `+strings.Repeat("%*", 1000), `* LIST (\Noinferiors) NIL INBOX`, "OK LIST completed")
		c.expect(`LIST "" `+strings.Repeat("*a", 1000), "OK LIST completed")
	})
}

func TestWhatEndsAConnection(t *testing.T) {
	bubble(t, func(t *testing.T, _ *mail.Store, s *Server) {
		c := connect(t, s)
		start := time.Now()
		if err := <-c.ended; err == nil || time.Since(start) != IdleTime {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
	for sent, want := range map[string]string{"": "", "a NOOP\r\n": "", "a LO": "unexpected EOF", "a LOGIN {3+}\r\nx": "failed to read command"} {
		bubble(t, func(t *testing.T, _ *mail.Store, s *Server) {
			c := connect(t, s)
			go io.Copy(io.Discard, c.r)
			io.WriteString(c.conn, sent)
			synctest.Wait()
			c.conn.Close()
			if err := fmt.Sprint(<-c.ended); !strings.Contains(err, want) || want == "" && err != "<nil>" {
				t.Errorf("%q: %s", sent, err)
			}
		})
	}
}

// A whole conversation, cut anywhere, gets the same answers.
func TestPieces(t *testing.T) {
	commands := "a LOGIN alice wonderland\r\na SELECT INBOX\r\na FETCH 1:* (FLAGS BODY[TEXT])\r\na SEARCH FROM bob\r\na LOGOUT\r\n"
	said := func(size int) (out string) {
		bubble(t, func(t *testing.T, _ *mail.Store, s *Server) {
			near, far := net.Pipe()
			go s.Converse(t.Context(), far)
			go func() {
				for piece := range slices.Chunk([]byte(commands), size) {
					near.Write(piece)
				}
			}()
			all, err := io.ReadAll(near)
			if err != nil {
				t.Error(err)
			}
			out = string(all)
		})
		return regexp.MustCompile(`UIDVALIDITY \d+`).ReplaceAllString(out, "")
	}
	if whole, pieces := said(len(commands)), said(1); whole != pieces || !strings.Contains(whole, "* SEARCH 3\r\n") {
		t.Errorf("whole:\n%s\nin pieces:\n%s", whole, pieces)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: b\r\n\r\n--x--\r\n"), 2)
	f.Add([]byte("Subject: =?utf-8?q?a?=\r\n b\r\nDate: x\r\nFrom: <a@b>, c: d;\r\n\r\nx"), 1)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		if !writable(structure(data)) {
			t.Error("a part lacks parts")
		}
		for _, s := range []*imap.FetchItemBodySection{
			{Part: []int{n}}, {Part: []int{n, 1}, Specifier: imap.PartSpecifierHeader}, {Specifier: imap.PartSpecifierMIME},
			{Specifier: imap.PartSpecifierHeader, HeaderFieldsNot: []string{"Subject"}},
		} {
			section(data, s)
		}
		imapserver.ExtractEnvelope(header(data))
		new(view).matches(0, &searched{Message: mail.Message{Data: data}},
			&imap.SearchCriteria{SentSince: time.Unix(0, 0), Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: "a"}}})
	})
}
