package pluginproto

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"

	"github.com/protocol-workbench/workbench/core/wire"
)

// LaneName is the name of the socket on which a plugin process takes lanes, in the
// directory that go-plugin has it make its own socket in.
//
// A lane is a session's stream on a connection of its own, in place of a stream of
// go-plugin's connection: each byte then takes the shortest way there is. The host
// dials and first sends the number of the stream, in 4 bytes, the highest first;
// frames follow at once. After the host's bye it may send another number: the next
// session's. A process that is not reached in this way, and the sessions for which
// it has no more room, use [Client.Session].
const LaneName = "lane"

// LaneNumbers is the first number of a lane. Those of other streams, which
// go-plugin counts, are lower.
const LaneNumbers = 1 << 31

// Lanes is where a process takes lanes.
type Lanes struct {
	net.Listener
	Most int // that may be open at a time
}

// LanesReply answers the call Lanes.
type LanesReply struct {
	Most int // lanes that may be open at a time
}

// Lanes has the process take lanes from now on.
func (s *service) Lanes(_ None, reply *LanesReply) error {
	if s.Server.Lanes == nil {
		return errors.New("takes no lanes")
	}
	lanes, err := s.Server.Lanes()
	if err != nil {
		return err
	}
	reply.Most = lanes.Most
	go s.takeLanes(lanes)
	return nil
}

func (s *service) takeLanes(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				s.Log.Error("no more sessions can be taken on connections of their own", "reason", err)
			}
			return
		}
		go s.serveLane(&Lane{Conn: conn})
	}
}

// serveLane runs the sessions of a lane, one after the other.
func (s *service) serveLane(l *Lane) {
	for l.lasts = true; l.lasts; {
		var number [4]byte
		if _, err := io.ReadFull(l, number[:]); err != nil {
			l.Close()
			return
		}
		l.lasts = false
		s.Server.Session(l, binary.BigEndian.Uint32(number[:]))
	}
}

// Lane is the plugin's end of a lane.
type Lane struct {
	net.Conn
	rest  []byte // was read already
	lasts bool   // the session has ended, and another may come
}

var _ wire.Lasting = (*Lane)(nil)

// Next says that the lane's session has ended, and what was read of the next one.
func (l *Lane) Next(rest []byte) {
	l.rest, l.lasts = append(bytes.Clone(rest), l.rest...), true
}

// Read reads from the lane.
func (l *Lane) Read(b []byte) (int, error) {
	if len(l.rest) == 0 {
		return l.Conn.Read(b)
	}
	n := copy(b, l.rest)
	if l.rest = l.rest[n:]; len(l.rest) == 0 {
		l.rest = nil
	}
	return n, nil
}

// Lanes has the process take lanes, and returns how many may be open at a time.
// The error is an rpc.ServerError for a plugin that takes none, or was built before
// this call existed.
func (c *Client) Lanes() (most int, err error) {
	var reply LanesReply
	err = c.calls.Call("Plugin.Lanes", None{}, &reply)
	return reply.Most, err
}
