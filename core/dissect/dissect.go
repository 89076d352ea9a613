// Package dissect has line modes watch what is in a capture, as they watch in a tap, and
// tells each message that they recognise.
//
// The duties of a caller, in order:
//
//  1. Fill in [Options]: the modes, how a machine of one is reached, and who is told.
//  2. [Options.Decode] a capture.
//
// What this package is not for: it knows no concrete line mode, starts no process and
// prints nothing.
package dissect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert/pcap"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Options say how a capture is decoded.
type Options struct {
	Modes []core.Manifest // that there are, in the order in which they are proposed
	// Open reaches a new machine of a mode.
	Open func(ctx context.Context, mode string) (*wire.Conn, error)
	// Mode decodes all connections, with Values for its options; "": the server's port
	// decides, among the modes that recognise messages, or for a port of none how its stream
	// begins; and connections that begin with TLS are skipped.
	Mode   string
	Values map[string]string
	Port   int // only connections to this port of a server; 0: to all
	To     Told
}

// Told is told what comes of a capture, one connection after the other, in the order in
// which they end. An error ends the decoding.
type Told interface {
	Begin(*Connection) error
	Message(*Connection, Message) error
	// Remark tells what is not whole, and what the mode notes.
	Remark(c *Connection, at Time, words string) error
	End(*Connection) error
}

// Time is a time since a connection's first packet, if the capture has times.
type Time struct {
	Known bool
	Since time.Duration
}

// Message is a message of a connection.
type Message struct {
	core.Message
	At    Time        // of the packet with its last byte
	Side  core.Side   // who sent it
	Text  core.Action // the message as a machine ordered it
	Event uint64      // the number of the event that it answers
	Wrong string      // what is wrong with the first field of which something is
}

// Connection is a connection that is decoded, or a flow of datagrams.
type Connection struct {
	pcap.Connection // without how many bytes there were
	Mode            string
	Messages, Wrong int
	Bytes           int64 // that the capture has of both sides
	Undecoded       int64 // of these, that are in no message
	Lost            int64 // that the capture lacks
}

// Summary is what there was in a capture.
type Summary struct {
	Connections     int // that were decoded
	Messages, Wrong int
	Bytes           int64
	Undecoded       int64
	Lost            int64
	Skipped         []Skipped // sorted by port, datagrams and TLS behind
	Warnings        []string  // of the reading
}

// Skipped are connections to a port that were not decoded: no mode was for them, or they begin
// with TLS and no mode was named.
type Skipped struct {
	Port        int
	Datagrams   bool
	TLS         bool
	Connections int
}

// Check says why a mode can decode nothing, or nothing.
func Check(m core.Manifest) error {
	switch {
	case !m.Messages:
		return fmt.Errorf("the line mode %s recognises no messages, so it can decode nothing", m.Name)
	case !m.Serves(core.Stream) && !m.Serves(core.Datagrams):
		return fmt.Errorf("the line mode %s is for typing alone: it can watch neither streams nor datagrams", m.Name)
	}
	return nil
}

// Decode decodes a capture, pcap or pcapng, gzipped or not. Of each connection it decodes
// both sides once the connection has ended; until then what crossed is in a temporary
// file. The summary holds also where an error is returned.
func (o Options) Decode(ctx context.Context, capture io.Reader) (Summary, error) {
	d := decoder{Options: o, skipped: map[Skipped]int{}}
	if o.Mode == "" {
		d.Modes = slices.DeleteFunc(slices.Clone(o.Modes), func(m core.Manifest) bool { return Check(m) != nil })
	}
	var err error
	if d.folder, err = os.MkdirTemp("", "workbench-decode-"); err != nil {
		return Summary{}, err
	}
	defer os.RemoveAll(d.folder)
	report, err := pcap.Import(ctx, capture, pcap.Options{
		Mode: "decode", Watch: true, Datagrams: true, Most: math.MaxInt,
		Create: func(c pcap.Connection) (io.WriteCloser, error) { return d.create(ctx, c) },
	})
	for s, n := range d.skipped {
		s.Connections = n
		d.sum.Skipped = append(d.sum.Skipped, s)
	}
	slices.SortFunc(d.sum.Skipped, func(a, b Skipped) int {
		return cmp.Or(a.Port-b.Port, falseFirst(a.Datagrams, b.Datagrams), falseFirst(a.TLS, b.TLS))
	})
	d.sum.Warnings = report.Warnings()
	return d.sum, err
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// decoder decodes one capture.
type decoder struct {
	Options
	folder  string
	sum     Summary
	skipped map[Skipped]int
}

// create returns where a connection's transcript goes.
func (d *decoder) create(ctx context.Context, c pcap.Connection) (io.WriteCloser, error) {
	port := int(c.Server.Port())
	if d.Port != 0 && port != d.Port {
		return nowhere{}, nil
	}
	end := core.Stream
	if c.Datagrams {
		end = core.Datagrams
	}
	s := &spool{d: d, ctx: ctx, c: c, path: filepath.Join(d.folder, fmt.Sprint(c.Number))}
	s.able = slices.DeleteFunc(slices.Clone(d.Modes), func(m core.Manifest) bool { return !m.Serves(end) })
	chosen := core.Proposal{Mode: d.Mode, Options: d.Values}
	if d.Mode == "" {
		chosen, _ = core.ProposeByPort(s.able, port)
	}
	if chosen.Mode == "" && !c.Datagrams {
		return s, nil // what the server says first may tell
	}
	if found, err := s.choose(chosen); !found || err != nil {
		return nowhere{}, err
	}
	return s, nil
}

// nowhere takes what is not decoded.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

// spool keeps a connection's transcript in a file, which is open only while it is written
// to: a capture has more connections at a time than a process may have files.
type spool struct {
	d       *decoder
	ctx     context.Context
	c       pcap.Connection
	able    []core.Manifest // that can decode it
	path    string
	size    int
	skipped bool

	manifest *core.Manifest // nil: it is still open which mode it is for
	options  core.Options
}

// undecided is how many bytes of a transcript are kept until it is decided which mode it is
// for.
const undecided = 64 << 10

// choose takes a mode for the connection, or skips it.
func (s *spool) choose(p core.Proposal) (found bool, err error) {
	i := slices.IndexFunc(s.able, func(m core.Manifest) bool { return m.Name == p.Mode })
	if i < 0 {
		return false, s.skip(false)
	}
	s.manifest = &s.able[i]
	s.options, err = s.manifest.ParseOptions(p.Options)
	return true, err
}

// decide chooses the mode by what the server has said.
func (s *spool) decide() error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	first := greeting(f)
	f.Close() // Windows removes no file that is open
	p, _ := core.ProposeByGreeting(s.able, first)
	_, err = s.choose(p)
	return err
}

// skip counts the connection as not decoded, and drops what there is of it.
func (s *spool) skip(isTLS bool) error {
	s.skipped = true
	s.d.skipped[Skipped{Port: int(s.c.Server.Port()), Datagrams: s.c.Datagrams, TLS: isTLS}]++
	if s.size == 0 {
		return nil
	}
	return os.Remove(s.path)
}

func (s *spool) Write(p []byte) (int, error) {
	if s.skipped {
		return len(p), nil
	}
	f, err := os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := f.Write(p)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if s.size += n; err == nil && s.manifest == nil && s.size >= undecided {
		err = s.decide()
	}
	return n, err
}

// Close decodes the connection, which has ended.
func (s *spool) Close() error {
	if s.manifest == nil && !s.skipped {
		if err := s.decide(); err != nil {
			return err
		}
	}
	if s.skipped {
		return nil
	}
	if s.d.Mode == "" && !s.c.Datagrams {
		if is, err := s.isTLS(); is || err != nil {
			return errors.Join(err, s.skip(true))
		}
	}
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer os.Remove(s.path)
	defer f.Close()
	c := &Connection{Connection: s.c, Mode: s.manifest.Name}
	err = s.d.connection(s.ctx, c, s.manifest, s.options, f)
	sum := &s.d.sum
	sum.Connections++
	sum.Messages += c.Messages
	sum.Wrong += c.Wrong
	sum.Bytes += c.Bytes
	sum.Undecoded += c.Undecoded
	sum.Lost += c.Lost
	return err
}

func (s *spool) isTLS() (bool, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return isTLS(f)
}
