package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/miekg/dns"

	"github.com/protocol-workbench/workbench/core/practice"
)

// Bounds of one connection, which holds at most a query and its answer, about
// 100 KiB. The caller bounds their number.
const (
	MaxQuery   = 4096            // bytes; a longer query is skipped and answered by FORMERR
	MaxQueries = 1000            // after that many answers the server closes
	IdleTime   = 2 * time.Minute // for a whole query to arrive: it may be written by hand
)

const (
	headerSize = 12   // bytes of a message's header (RFC 1035, section 4.1.1)
	plainSize  = 512  // bytes of a datagram's answer without EDNS (section 4.2.1)
	ednsSize   = 1232 // bytes of one with EDNS, at most: what crosses most networks in one piece
)

// Server is the practice name server. The zero value is ready to use.
type Server struct {
	Seed string // the student's, see [Student]; may be empty
}

// Converse answers the queries of one connection until the client's end of
// stream, a bound, or the end of ctx, and closes it. Its error says what was
// wrong with the connection or its messages, and is nil if nothing was.
func (s *Server) Converse(ctx context.Context, conn net.Conn) error {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	err := s.converse(practice.NewConn(conn))
	if ctx.Err() != nil {
		return nil // the server itself closed it
	}
	return err
}

func (s *Server) converse(conn *practice.Conn) error {
	z := newZone(s.Seed)
	for range MaxQueries {
		conn.SetReadDeadline(time.Now().Add(IdleTime)) // fails if the connection is closed, which read tells better
		query, err := read(conn)
		if err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("read query: %w", err)
		}
		reply, err := z.reply(query, false)
		if err != nil {
			return err
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
	}
	return nil
}

// read returns the next query without its length; of one longer than MaxQuery,
// only the header. The error is io.EOF if the stream ends between two queries.
func read(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(length[:]))
	rest := 0
	if n > MaxQuery {
		n, rest = headerSize, n-headerSize
	}
	query := make([]byte, n)
	_, err := io.ReadFull(r, query)
	if err == nil {
		_, err = io.CopyN(io.Discard, r, int64(rest))
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return query, err
}

// Datagrams returns what answers the queries that come by UDP, one after another, each in
// a datagram of its own: nil is no answer, to what is not a query. An answer that is too
// large for the client is truncated (RFC 2181, section 9), and a zone is never transferred,
// so that the client asks again by TCP.
func (s *Server) Datagrams() func(query []byte) []byte {
	z := newZone(s.Seed)
	return func(query []byte) []byte {
		if len(query) > MaxQuery {
			query = query[:headerSize]
		}
		reply, err := z.reply(query, true)
		if err != nil {
			return nil
		}
		return reply
	}
}

// reply returns the answer. It fails for what nobody could answer: less than a header, or
// a message that is itself an answer.
func (z *zone) reply(query []byte, datagram bool) ([]byte, error) {
	var q dns.Msg
	malformed := q.Unpack(query)
	if len(query) < headerSize {
		return nil, fmt.Errorf("query of %d bytes: a message has a header of %d", len(query), headerSize)
	}
	if q.Response {
		return nil, errors.New("the client sent an answer, not a query")
	}
	reply := new(dns.Msg).SetReply(&q)
	edns := q.IsEdns0()
	if edns != nil {
		reply.SetEdns0(ednsSize, false)
	}
	switch {
	case q.Opcode != dns.OpcodeQuery:
		reply.Rcode = dns.RcodeNotImplemented
	case malformed != nil || len(q.Question) != 1: // RFC 9619
		reply.Rcode = dns.RcodeFormatError
	case edns != nil && edns.Version() != 0:
		reply.Rcode = dns.RcodeBadVers
	case q.Question[0].Qclass != dns.ClassINET:
		reply.Rcode = dns.RcodeRefused
	case q.Question[0].Qtype == dns.TypeAXFR || q.Question[0].Qtype == dns.TypeIXFR: // RFC 1995, section 2
		if reply.Authoritative = dns.CanonicalName(q.Question[0].Name) == origin; reply.Authoritative {
			if reply.Truncated = datagram; !datagram {
				reply.Answer = z.transfer()
			}
		} else {
			reply.Rcode = dns.RcodeNotAuth
		}
	default:
		z.answer(q.Question[0], reply)
	}
	reply.Compress = true
	if datagram {
		size := plainSize
		if edns != nil {
			size = max(plainSize, min(int(edns.UDPSize()), ednsSize))
		}
		reply.Truncate(size)
	}
	packed, err := reply.Pack()
	if err != nil {
		return nil, fmt.Errorf("pack answer: %w", err)
	}
	return packed, nil
}
