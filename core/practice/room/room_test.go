package room

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// talks are what a newcomer says to each server, and how the answer begins.
var talks = map[string]struct{ say, want string }{
	"echo":    {"hello\r\n", "hello\r\n"},
	"http":    {"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
	"smtp":    {"", "220 "},
	"pop3":    {"", "+OK "},
	"imap":    {"", "* OK "},
	"ftp":     {"", "220 "},
	"redis":   {"PING\r\n", "+PONG\r\n"},
	"dns":     {"\x00\x1e\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x04test\x00\x00\x06\x00\x01", "\x00"},
	"telnet":  {"", "\xff\xfd\x18\xff\xfd\x1f\xff\xfb\x03\xff\xfb\x01The practice Telnet server"},
	"mqtt":    {"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", "\x20\x02\x00\x00"},
	"daytime": {"", ""},
	"discard": {"hello\r\n", ""},
	"chargen": {"", ` !"#`},
	"quote":   {"", ""},
	"finger":  {"\r\n", "Login"},
	"fortune": {"\r\n", ""},
	"frames":  {"\x00\x03\x01hi", "\x00\x03\x01hi"},
	"guess":   {"", "I am thinking"},
}

// Each server answers a newcomer, and a server without a row here fails.
func TestServers(t *testing.T) {
	ports := map[uint16]string{}
	for _, s := range Servers() {
		if ports[s.Port] != "" {
			t.Errorf("%s and %s have the same port", s.Name, ports[s.Port])
		}
		ports[s.Port] = s.Name
		if found, err := Find(s.Name); err != nil || found.Port != s.Port || s.Summary == "" || s.Mode == "" || !core.ValidName(s.Name) {
			t.Errorf("%s: %+v, %v", s.Name, found, err)
		}
		talk, ok := talks[s.Name]
		if !ok {
			t.Errorf("%s has no row in talks", s.Name)
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			got := say(t, New(), s, Choices{}, talk.say, len(talk.want))
			if !strings.HasPrefix(got, talk.want) {
				t.Errorf("got %q, want %q", got, talk.want)
			}
		})
	}
	if _, err := Find("gopher"); err == nil || !strings.Contains(err.Error(), "echo, http, smtp") {
		t.Error(err)
	}
}

// say says something to a server of a room, and returns the first bytes of the answer.
func say(t *testing.T, r *Room, s Server, c Choices, words string, size int) string {
	t.Helper()
	converse, err := r.Conversation(s, c)
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	done := make(chan struct{})
	go func() { converse(t.Context(), far); close(done) }()
	go io.WriteString(near, words)
	near.SetDeadline(time.Now().Add(time.Minute))
	got := make([]byte, size)
	if _, err := io.ReadFull(near, got); err != nil {
		t.Errorf("reading %d bytes: %v", size, err)
	}
	near.Close()
	<-done
	return string(got)
}

// What is chosen reaches the server.
func TestChoices(t *testing.T) {
	http, err := Find("http")
	if err != nil {
		t.Fatal(err)
	}
	alone := "GET / HTTP/1.0\n\n"
	if got := say(t, New(), http, Choices{}, alone, 12); got != "HTTP/1.1 400" {
		t.Errorf("strict: %q", got)
	}
	if got := say(t, New(), http, Choices{Lenient: true}, alone, 12); got != "HTTP/1.1 200" {
		t.Errorf("lenient: %q", got)
	}
	hunt := "GET /hunt HTTP/1.0\r\n\r\n"
	one, other := say(t, New(), http, Choices{Seed: "anna"}, hunt, 300), say(t, New(), http, Choices{Seed: "bert"}, hunt, 300)
	if one == other {
		t.Errorf("two seeds, and the same page: %q", one)
	}
	if got := say(t, New(), http, Choices{Manner: practice.Manner{Fragment: true}}, "GET / HTTP/1.0\r\n\r\n", 12); got != "HTTP/1.1 200" {
		t.Errorf("fragment: %q", got)
	}
	ftp, err := Find("ftp")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Choices{{}, {Lenient: true}} {
		if got := all(t, New(), ftp, c, "NOOP\nQUIT\r\n"); strings.Contains(got, "500 line 1 ended in LF alone at byte 5") == c.Lenient {
			t.Errorf("ftp, lenient %t: %q", c.Lenient, got)
		}
	}
	read := "USER anonymous\r\nPASS me\r\nMLST letters/"
	for _, seed := range []string{"anna", "bert"} {
		file, _ := Value(seed, "ftp.file")
		if got := all(t, New(), ftp, Choices{Seed: seed}, read+file+"\r\nQUIT\r\n"); !strings.Contains(got, "type=file") {
			t.Errorf("%s has no file %s: %q", seed, file, got)
		}
	}
}

// A student's own topic is there for the student, and what is retained is shared by a room.
func TestMQTT(t *testing.T) {
	mqtt, err := Find("mqtt")
	if err != nil {
		t.Fatal(err)
	}
	connect := "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"
	// first returns what the first message has that is retained for one of two filters.
	first := func(r *Room, seed, filter, other string, size int) string {
		body := fmt.Sprintf("\x00\x01\x00%c%s\x00\x00%c%s\x00", len(filter), filter, len(other), other)
		said := say(t, r, mqtt, Choices{Seed: seed}, fmt.Sprintf("%s\x82%c%s", connect, len(body), body), 4+6+4+size)
		return said[4+6+4:]
	}
	r := New()
	all(t, r, mqtt, Choices{}, connect+"\x31\x0a\x00\x04minekept\xe0\x00")
	for _, seed := range []string{"anna", "bert"} {
		topic, _ := Value(seed, "mqtt.topic")
		word, _ := Value(seed, "mqtt.word")
		if got := first(r, seed, topic, "room/humidity", len(topic+word)); got != topic+word {
			t.Errorf("%s hears %q, want %q", seed, got, topic+word)
		}
	}
	for room, want := range map[*Room]string{r: "minekept", New(): "room/humidity40"} {
		if got := first(room, "", "mine", "room/humidity", len(want)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Servers offer STARTTLS in a room that has a certificate, and only there.
func TestStartTLS(t *testing.T) {
	for name, c := range map[string]struct{ say, offer string }{
		"smtp": {"EHLO me\r\nQUIT\r\n", "250-STARTTLS\r\n"},
		"pop3": {"CAPA\r\nQUIT\r\n", "\r\nSTLS\r\n"},
		"imap": {"a CAPABILITY\r\nb LOGOUT\r\n", " STARTTLS "},
		"ftp":  {"FEAT\r\nQUIT\r\n", "\r\n AUTH TLS\r\n"},
	} {
		s, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		r := New()
		for _, has := range []bool{false, true} {
			if has {
				r.TLS = &tls.Config{}
			}
			if got := all(t, r, s, Choices{}, c.say); strings.Contains(got, c.offer) != has {
				t.Errorf("%s, with a certificate %t, says %q", name, has, got)
			}
		}
	}
}

// all says something to a server of a room, and returns all that it answers.
func all(t *testing.T, r *Room, s Server, c Choices, words string) string {
	t.Helper()
	var served sync.WaitGroup
	defer served.Wait()
	conn, _, err := r.Dial(t.Context(), s, c, &served)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	io.WriteString(conn, words)
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Error(err)
	}
	return string(got)
}

// The servers of a room share its world, and rooms share nothing.
func TestRooms(t *testing.T) {
	redis, err := Find("redis")
	if err != nil {
		t.Fatal(err)
	}
	r := New()
	say(t, r, redis, Choices{}, "SET shared 1\r\n", 5)
	if got := say(t, r, redis, Choices{}, "GET shared\r\n", 7); got != "$1\r\n1\r\n" {
		t.Errorf("the same room: %q", got)
	}
	if got := say(t, New(), redis, Choices{}, "GET shared\r\n", 5); got != "$-1\r\n" {
		t.Errorf("another room: %q", got)
	}
}

// The list in the documents is this one.
func TestDocs(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/practice.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Servers() {
		if !bytes.Contains(doc, []byte("`"+s.Name+"`")) {
			t.Errorf("docs/practice.md does not name %s", s.Name)
		}
	}
}
