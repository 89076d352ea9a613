package play

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// linked is a script with further connections.
func linked(t testing.TB, entries string) *Script {
	t.Helper()
	tr, err := transcript.Parse("f", []byte("workbench transcript v1\nmode x\n\n"+entries))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewLinked("f", tr)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	download = `>> server "220 hi\r\n"
<< server "EPSV\r\n"
>> server "229 Entering Extended Passive Mode (|||4001|)\r\n"
<< connect data "192.0.2.7:4001"
>> data connected "192.0.2.7:4001"
<< server "RETR a\r\n"
>> server "150 Opening\r\n"
>> data bytes "one\r\n"
>> data bytes "two"
>> data eof
<< data close
>> server "226 Done\r\n"
>> data closed
<< server "QUIT\r\n"
>> server "221 Bye\r\n"
>> server eof
`
	upload = `<< server "PASV\r\n"
>> server "227 Entering Passive Mode (192,0,2,7,15,161).\r\n"
<< connect data "192.0.2.7:4001"
>> data connected "192.0.2.7:4001"
<< server "STOR a\r\n"
>> server "150 Go\r\n"
<< data bytes "up"
<< data bytes "load"
<< data close
>> server "226 Done\r\n"
>> data closed
<< server "PASV\r\n"
>> server "227 Entering Passive Mode (192,0,2,7,15,162).\r\n"
<< connect data "192.0.2.7:4002"
>> data failed "connection refused"
<< server "QUIT\r\n"
>> server "221 Bye\r\n"
>> server eof
`
	active = `<< accept data ""
>> data listening "192.0.2.9:40000"
<< server "EPRT |1|192.0.2.9|40000|\r\n"
>> server "200 Fine\r\n"
<< server "LIST\r\n"
>> data connected "192.0.2.7:20"
>> server "150 Here it comes\r\n"
>> data bytes "drwx pub\r\n"
>> data eof
<< data close
>> data closed
>> server "226 Sent\r\n"
<< accept data ""
>> data listening "192.0.2.9:40001"
<< server "PORT 192,0,2,9,156,65\r\n"
>> server "200 Fine\r\n"
<< server "ABOR\r\n"
>> server "226 Fine\r\n"
>> data failed "it did not connect"
<< server "QUIT\r\n"
>> server "221 Bye\r\n"
>> server eof
`
)

// Both sides of sessions with further connections understand each other, though the addresses
// are others than the recorded ones.
func TestLinksBothSides(t *testing.T) {
	for name, entries := range map[string]string{"EPSV": download, "PASV": upload, "EPRT": active} {
		t.Run(name, func(t *testing.T) {
			s := linked(t, events(entries))
			ended := make(chan error, 1)
			server := Server{Script: s, Fast: true, Limit: 1, Ended: func(_ net.Addr, _ string, err error) { ended <- err }}
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			served := make(chan error, 1)
			go func() { served <- server.Serve(t.Context(), listener) }()
			talk := Talk{Fast: true, Timeout: long}
			if err := talk.Over(t.Context(), dial(t, listener.Addr().String()), s.Play(core.Client)); err != nil {
				t.Errorf("the client: %v", err)
			}
			if err := cmp.Or(<-ended, <-served); err != nil {
				t.Errorf("the server: %v", err)
			}
		})
	}
}

// events puts an event above each order, as a transcript has it.
func events(entries string) string {
	return ">> client text \"\"\n" + entries
}

// A client finds the played server's own port in the reply, and the file comes by it in the
// order of the recording: not before RETR, and 226 after it.
func TestLinkOfPlayedServer(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"EPSV", "", ""},
		{"something else goes up", "upside", `byte 2 of the client's stream by the further connection data: expected "upload", got "ups"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			entries := download
			if c.data != "" {
				entries = strings.Replace(upload, "<< data bytes \"up\"\n<< data bytes \"load\"", `<< data bytes "upload"`, 1)
			}
			s := linked(t, events(entries))
			server := Server{Script: s, Fast: true}
			address, told := serve(t, &server)
			client := dial(t, address)
			defer client.Close()
			if c.data != "" {
				fmt.Fprint(client, "PASV\r\n")
				at := readTo(t, client, ".\r\n")
				var n [6]int
				if _, err := fmt.Sscanf(at[strings.Index(at, "("):], "(%d,%d,%d,%d,%d,%d)", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]); err != nil {
					t.Fatal(at, err)
				}
				data := dial(t, fmt.Sprintf("%d.%d.%d.%d:%d", n[0], n[1], n[2], n[3], n[4]<<8|n[5]))
				defer data.Close()
				fmt.Fprint(client, "STOR a\r\n")
				fmt.Fprint(data, c.data)
				io.ReadAll(client)
				if all := told(); len(all) != 1 || !strings.Contains(all[0], c.want) {
					t.Errorf("told %q, want %q", all, c.want)
				}
				return
			}
			fmt.Fprint(client, "EPSV\r\n")
			var port int
			if _, err := fmt.Sscanf(readTo(t, client, "|)\r\n"), "220 hi\r\n229 Entering Extended Passive Mode (|||%d|)", &port); err != nil || port == 4001 {
				t.Fatal(port, err)
			}
			data := dial(t, fmt.Sprint("127.0.0.1:", port))
			defer data.Close()
			fmt.Fprint(client, "RETR a\r\n")
			if got, err := io.ReadAll(data); string(got) != "one\r\ntwo" {
				t.Errorf("%q %v", got, err)
			}
			// The data connection is still open at this end: 226 does not wait for that.
			if got := readTo(t, client, "226 Done\r\n"); got != "150 Opening\r\n226 Done\r\n" {
				t.Errorf("%q", got)
			}
			fmt.Fprint(client, "QUIT\r\n")
			data.Close()
			io.ReadAll(client)
			if all := told(); len(all) > 0 {
				t.Error(all)
			}
		})
	}
}

// readTo reads up to and with an end.
func readTo(t *testing.T, r io.Reader, end string) string {
	t.Helper()
	var all []byte
	for b := make([]byte, 1); !bytes.HasSuffix(all, []byte(end)); {
		if _, err := io.ReadFull(r, b); err != nil {
			t.Fatalf("%q and then %v", all, err)
		}
		all = append(all, b[0])
	}
	return string(all)
}

// A played client does not follow a server to another host, and says what a server said
// otherwise by a further connection.
func TestLinkOfPlayedClient(t *testing.T) {
	pasv := strings.Join(strings.SplitAfter(upload, "\n")[:2], "")
	for _, c := range []struct{ name, server, want string }{
		{"another host", strings.Replace(pasv, "192,0,2,7,15,161", "127,0,0,2,15,161", 1), "to be opened, got further connections go to the peer's own address alone, 127.0.0.1: 127.0.0.2:4001 is another"},
		{"no address", strings.Replace(pasv, "192,0,2,7,15,161", "no idea", 1), `expected the address of the further connection data, such as "192,0,2,7,15,161", got "n"`},
		{"other bytes", strings.Replace(download, "two", "too", 1), `byte 6 of the server's stream by the further connection data: expected "two", got "to"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			ours := download
			if c.name != "other bytes" {
				ours = upload
			}
			server := Server{Script: linked(t, events(c.server)), Fast: true, Mismatch: func(net.Addr, *Mismatch) bool { return true }}
			address, _ := serve(t, &server)
			err := Talk{Fast: true, Timeout: long}.Over(t.Context(), dial(t, address), linked(t, events(ours)).Play(core.Client))
			var m *Mismatch
			if !errors.As(err, &m) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// What cannot be played is refused with its line.
func TestLinksRefused(t *testing.T) {
	for _, c := range []struct{ name, entries, want string }{
		{"nobody has told the address", strings.Replace(download, "|||4001|", "|||4002|", 1), `f:8: expected the server to have told where the further connection data goes, 192.0.2.7:4001`},
		{"a rule covers it", strings.Replace(download, `>> server "229`, "~~ match \"[0-9|]+\\\\)\\r\\n\"\n>> server \"229", 1), "f:8: expected no rule for bytes 39 to 42"},
	} {
		tr, err := transcript.Parse("f", []byte("workbench transcript v1\nmode x\n\n"+events(c.entries)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewLinked("f", tr); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
		if _, err := New("f", tr); err == nil || !strings.Contains(err.Error(), "the further connection data, which begins here, is not played") {
			t.Errorf("%s: one connection alone: %v", c.name, err)
		}
	}
	if _, err := NewPool([]*Script{linked(t, events(download))}, false); err == nil || !strings.Contains(err.Error(), "not the further connection data") {
		t.Errorf("a pool: %v", err)
	}
}

// What follows a file in the recording waits for it: 226 is not due until the further connection
// is where it was then.
func TestTogetherKeepsTheOrder(t *testing.T) {
	s := linked(t, events(upload))
	p := s.Play(core.Server)
	k := &talk{p: p, changed: make(chan struct{}, 1)}
	together := newTogether(t.Context(), k, p)
	defer together.cancel()
	k.together = together
	together.join(k, p)
	says := func() (all string) {
		for o, due := p.Next(); due; o, due = p.Next() {
			if o.Kind == Listen {
				p.Listening(o.Link, []byte("127,0,0,1,1,2"))
			}
			all += string(o.Data)
			together.said(k)
		}
		return all
	}
	hears := func(data string) {
		t.Helper()
		if rest, m := p.Take([]byte(data)); m != nil || len(rest) > 0 {
			t.Fatal(m, rest)
		}
		together.heard(k, true)
	}
	hears("PASV\r\n")
	if got := says(); got != "227 Entering Passive Mode (127,0,0,1,1,2).\r\n" {
		t.Fatalf("%q", got)
	}
	hears("STOR a\r\n")
	if got := says(); got != "" {
		t.Errorf("before the connection is there: %q", got)
	}
	link := s.links[0].Play(core.Server)
	data := &talk{p: link, changed: make(chan struct{}, 1), Talk: Talk{stream: 1}}
	together.join(data, link)
	if got := says(); got != "150 Go\r\n" {
		t.Errorf("when it is: %q", got)
	}
	for _, piece := range []string{"upl", "oad"} {
		link.Take([]byte(piece))
		together.heard(data, true)
		if got := says(); got != "" {
			t.Errorf("after %s: %q", piece, got)
		}
	}
	link.TakeEnd("")
	together.heard(data, true)
	if o, due := link.Next(); !due || o.Kind != Finish {
		t.Errorf("the server does not end it: %+v", o)
	}
	together.said(data)
	if got := says(); got != "226 Done\r\n" {
		t.Errorf("after the file: %q", got)
	}
}
