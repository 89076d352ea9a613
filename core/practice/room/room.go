// Package room is a room in which people practise: all practice servers, on one world of
// mailboxes, keys, pages and topics that those in the room share.
//
// The duties of its caller: make a [Room], and have its conversations serve connections,
// of a listener ([practice.Serve]) or of one's own. [Servers] are the servers to choose
// from.
//
// What it is not for: it listens nowhere, and does not know who is in the room.
package room

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/dns"
	"github.com/protocol-workbench/workbench/core/practice/ftp"
	"github.com/protocol-workbench/workbench/core/practice/imap"
	"github.com/protocol-workbench/workbench/core/practice/mail"
	"github.com/protocol-workbench/workbench/core/practice/mqtt"
	"github.com/protocol-workbench/workbench/core/practice/pop3"
	"github.com/protocol-workbench/workbench/core/practice/redis"
	"github.com/protocol-workbench/workbench/core/practice/smtp"
	"github.com/protocol-workbench/workbench/core/practice/telnet"
	"github.com/protocol-workbench/workbench/core/practice/toys"
	"github.com/protocol-workbench/workbench/core/practice/web"
)

// Server describes a server to those who choose one.
type Server struct {
	Name    string
	Summary string // a line: what it is, and what to say to it
	Mode    string // the line mode that suits it
	Port    uint16 // its usual one

	discipline func() core.Discipline     // of a machine …
	world      func(*Room) practice.World // … and what it asks; nil: time and chance
	other      newConversation            // or of another kind

	datagrams func(seed string) func(query []byte) []byte // nil: it has no UDP
}

type conversation = func(context.Context, net.Conn) error

// newConversation returns what serves a connection of a room, with its doors if it is within
// this process.
type newConversation = func(r *Room, c Choices, doors *practice.Doors) conversation

// Servers returns all servers, those that are met first at the head.
func Servers() []Server {
	return []Server{
		{Name: "echo", Port: 4000, Mode: "http-line", Summary: "sends back what you type; quit ends it", other: echo},
		{Name: "http", Port: 4080, Mode: "http-line", Summary: "a small web site: GET / HTTP/1.0, then an empty line", discipline: web.Discipline, world: func(r *Room) practice.World { return r.book }},
		{Name: "smtp", Port: 4025, Mode: "smtp", Summary: "takes mail for example.test, and nothing leaves this room: EHLO me", discipline: smtp.Discipline, world: mailWorld},
		{Name: "pop3", Port: 4110, Mode: "pop3", Summary: "gives out that mail: USER alice, PASS wonderland", discipline: pop3.Discipline, world: mailWorld},
		{Name: "imap", Port: 4143, Mode: "imap", Summary: "the same mailboxes: LOGIN alice wonderland", other: imapServer},
		{Name: "ftp", Port: 4021, Mode: "ftp", Summary: "files to fetch, and a place to put some: USER anonymous, PASS me, LIST", other: ftpServer},
		{Name: "redis", Port: 4379, Mode: "resp", Summary: "a few of Redis's words and types: SET name value, GET name", discipline: redis.Discipline, world: func(r *Room) practice.World { return r.keys }},
		{Name: "dns", Port: 4053, Mode: "dns", Summary: "answers for the zone example.test, over TCP: www.example.test", other: dnsServer,
			datagrams: func(seed string) func([]byte) []byte { return (&dns.Server{Seed: seed}).Datagrams() }},
		{Name: "telnet", Port: 4023, Mode: "telnet", Summary: "a log-in that tells what was negotiated: alice, wonderland, options", discipline: telnet.Discipline},
		{Name: "mqtt", Port: 4883, Mode: "mqtt", Summary: "a broker that all in the room share: SUB #, PUB my/topic hello", other: mqttServer},
		{Name: "daytime", Port: 4013, Mode: "http-line", Summary: "says what time it is, and closes", discipline: toys.Daytime},
		{Name: "discard", Port: 4009, Mode: "http-line", Summary: "takes everything and says nothing", discipline: toys.Discard},
		{Name: "chargen", Port: 4019, Mode: "http-line", Summary: "sends lines of characters on and on", discipline: toys.Chargen},
		{Name: "quote", Port: 4017, Mode: "http-line", Summary: "says something worth a thought, and closes", discipline: toys.Quote},
		{Name: "finger", Port: 4079, Mode: "http-line", Summary: "tells who is who here: an empty line, or a name", discipline: toys.Finger},
		{Name: "fortune", Port: 4007, Mode: "http-line", Summary: "tells a fortune for each line", discipline: toys.Fortune},
		{Name: "frames", Port: 4010, Mode: "raw", Summary: `a binary toy: 2 bytes of length, then a frame of that many: \x00\x03\x02hi`, discipline: toys.Frames},
		{Name: "guess", Port: 4011, Mode: "http-line", Summary: "thinks of a number that you guess", discipline: toys.Guess},
	}
}

func imapServer(r *Room, _ Choices, _ *practice.Doors) conversation {
	s := imap.New(r.mail)
	s.TLS = r.TLS
	return s.Converse
}

func ftpServer(r *Room, c Choices, doors *practice.Doors) conversation {
	s := &ftp.Server{Files: r.files, Seed: c.Seed, Lenient: c.Lenient, TLS: r.TLS, Active: r.ActiveFTP, Doors: doors}
	return s.Converse
}

func dnsServer(_ *Room, c Choices, _ *practice.Doors) conversation {
	return (&dns.Server{Seed: c.Seed}).Converse
}

func mqttServer(r *Room, c Choices, _ *practice.Doors) conversation {
	return (&mqtt.Server{Broker: r.broker, Seed: c.Seed}).Converse
}

func echo(*Room, Choices, *practice.Doors) conversation { return (&practice.Echo{}).Converse }
func mailWorld(r *Room) practice.World                  { return r.mail }

// Find returns the server of a name. Its error names those that there are.
func Find(name string) (Server, error) {
	all := Servers()
	at := slices.IndexFunc(all, func(s Server) bool { return s.Name == name })
	if at < 0 {
		var names []string
		for _, s := range all {
			names = append(names, s.Name)
		}
		return Server{}, fmt.Errorf("there is no practice server %q; there are %s", core.CutWords(name, core.MaxName), strings.Join(names, ", "))
	}
	return all[at], nil
}

// Room is the world that its servers share. It is in memory, and bounded by what it is
// made of.
type Room struct {
	// TLS is what SMTP, POP3, IMAP and FTP upgrade their connections to; nil: they offer no
	// STARTTLS.
	TLS *tls.Config
	// ActiveFTP has FTP connect to its clients, where they ask it to: see ftp.Server. To one
	// within this process it does in any case.
	ActiveFTP bool

	mail   *mail.Store
	keys   *redis.Keys
	book   *web.Guestbook
	files  *ftp.Files
	broker *mqtt.Broker
}

// New returns a room in which nobody has done anything yet.
func New() *Room {
	return &Room{mail: mail.New(time.Now), keys: redis.NewKeys(time.Now), book: new(web.Guestbook), files: ftp.NewFiles(time.Now), broker: mqtt.New()}
}

// Choices are how a server serves one who practises. The zero value is strict, and the
// same for all.
type Choices struct {
	// Seed makes names and numbers of a server differ between those who practise.
	Seed string
	// Lenient has the server take LF alone as the end of a line, which it else refuses in
	// words that teach.
	Lenient bool
	// Manner is how it sends and ends, where the server is a machine.
	Manner practice.Manner
}

// Dial connects to a server without a listener. The server serves the connection until it
// ends, or ctx does, and is counted in served. doors say where its further connections go.
func (r *Room) Dial(ctx context.Context, s Server, c Choices, served *sync.WaitGroup) (conn *net.TCPConn, doors *practice.Doors, err error) {
	doors = new(practice.Doors)
	converse, err := r.conversation(s, c, doors)
	if err != nil {
		return nil, nil, err
	}
	near, far, err := practice.Pair()
	if err != nil {
		return nil, nil, err
	}
	served.Go(func() { converse(ctx, far) })
	return near, doors, nil
}

// Datagrams returns what answers the datagrams that come to a server by UDP; nil: it
// has no UDP.
func (s Server) Datagrams(c Choices) func(query []byte) (answer []byte) {
	if s.datagrams == nil {
		return nil
	}
	return s.datagrams(c.Seed)
}

// Conversation returns what serves a connection to a server; it closes the connection.
func (r *Room) Conversation(s Server, c Choices) (func(context.Context, net.Conn) error, error) {
	return r.conversation(s, c, nil)
}

func (r *Room) conversation(s Server, c Choices, doors *practice.Doors) (conversation, error) {
	if s.other != nil {
		return s.other(r, c, doors), nil
	}
	d := s.discipline()
	values := map[string]string{}
	for _, o := range d.Manifest.Options {
		switch {
		case o.Name == "seed":
			values["seed"] = c.Seed
		case o.Name == "lines" && c.Lenient:
			values["lines"] = "lenient"
		case o.Name == "starttls" && r.TLS != nil:
			values["starttls"] = "true"
		}
	}
	options, err := d.Manifest.ParseOptions(values)
	if err != nil {
		return nil, err
	}
	m := &practice.Machine{Discipline: d, Options: options, Manner: c.Manner, TLS: r.TLS}
	if s.world != nil {
		m.World = s.world(r)
	}
	return m.Converse, nil
}
