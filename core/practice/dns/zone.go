package dns

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

const origin = "example.test."

//go:embed example.test.zone
var zoneFile string

// Student returns the name that the zone has for a student's seed, such as
// amber-otter-47.students.example.test, and the text of its TXT record, such as
// code=00112358. Without a seed there is none, and both are empty.
func Student(seed string) (name, text string) {
	if seed == "" {
		return "", ""
	}
	first := [...]string{"amber", "brave", "clever", "dusty", "eager", "fuzzy", "gentle", "hasty",
		"icy", "jolly", "keen", "lucky", "merry", "noble", "olive", "proud"}
	second := [...]string{"adder", "badger", "crane", "dormouse", "egret", "ferret", "gecko", "heron",
		"ibis", "jackdaw", "kestrel", "lynx", "marten", "newt", "otter", "puffin"}
	h := sha256.Sum256([]byte("dns " + seed))
	name = fmt.Sprintf("%s-%s-%d.students.example.test", first[h[0]%16], second[h[1]%16], h[2]%100)
	return name, fmt.Sprintf("code=%08d", binary.BigEndian.Uint32(h[4:])%1e8)
}

// zone is what the server knows. It does not change.
type zone struct {
	soa     *dns.SOA
	records []dns.RR            // in the file's order, the SOA first
	names   map[string][]dns.RR // by owner in lower case; empty: only others are below it
}

// newZone parses the file, and adds the names of the seed. It panics if that is
// not a zone, which no input can bring about.
func newZone(seed string) *zone {
	z := &zone{names: map[string][]dns.RR{}}
	text := zoneFile
	if name, code := Student(seed); name != "" {
		text += fmt.Sprintf("%s. TXT %q\n", name, code)
	}
	p := dns.NewZoneParser(strings.NewReader(text), "", "example.test.zone")
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		z.records = append(z.records, rr)
		owner := dns.CanonicalName(rr.Header().Name)
		z.names[owner] = append(z.names[owner], rr)
		for owner != origin {
			owner = parent(owner)
			if _, exists := z.names[owner]; !exists {
				z.names[owner] = nil
			}
		}
	}
	if p.Err() != nil {
		panic(p.Err())
	}
	z.soa = z.records[0].(*dns.SOA)
	return z
}

// parent returns what follows a name's first label.
func parent(name string) string {
	next, _ := dns.NextLabel(name, 0)
	return name[next:]
}

// transfer returns the whole zone as a transfer sends it (RFC 5936, section 2.2).
func (z *zone) transfer() []dns.RR {
	return append(slices.Clone(z.records), z.soa)
}

// answer fills in what the zone says to a question of class IN (RFC 1034, section
// 4.3.2). The code is that of the last name of a chain of aliases (RFC 6604).
func (z *zone) answer(q dns.Question, reply *dns.Msg) {
	name := dns.CanonicalName(q.Name)
	if !dns.IsSubDomain(origin, name) {
		reply.Rcode = dns.RcodeRefused
		return
	}
	reply.Authoritative = true
	owner := q.Name
	for !isAnswered(reply, name) { // or else the aliases go round
		records, exists := z.find(name)
		if !exists {
			reply.Rcode = dns.RcodeNameError
			reply.Ns = z.denial()
			return
		}
		var alias *dns.CNAME
		found := false
		for _, rr := range records {
			rr = dns.Copy(rr)
			rr.Header().Name = owner // as it was asked, and instead of a wildcard
			cname, isAlias := rr.(*dns.CNAME)
			if t := rr.Header().Rrtype; t == q.Qtype || q.Qtype == dns.TypeANY || isAlias {
				reply.Answer = append(reply.Answer, rr)
				reply.Extra = append(reply.Extra, z.addresses(rr)...)
				found = true
			}
			if isAlias && q.Qtype != dns.TypeCNAME && q.Qtype != dns.TypeANY {
				alias = cname
			}
		}
		switch {
		case !found:
			reply.Ns = z.denial()
			return
		case alias == nil:
			return
		}
		owner = alias.Target
		name = dns.CanonicalName(owner)
		if !dns.IsSubDomain(origin, name) {
			return // the client asks elsewhere
		}
	}
}

func isAnswered(reply *dns.Msg, name string) bool {
	return slices.ContainsFunc(reply.Answer, func(rr dns.RR) bool { return dns.CanonicalName(rr.Header().Name) == name })
}

// find returns the records of a name in the zone, or those of the wildcard that
// stands for it (RFC 4592, section 3.3.1). A name that only has others below it
// exists and has no records.
func (z *zone) find(name string) (records []dns.RR, exists bool) {
	if records, exists = z.names[name]; exists {
		return records, true
	}
	for encloser := parent(name); ; encloser = parent(encloser) {
		if _, exists := z.names[encloser]; exists {
			records, exists = z.names["*."+encloser]
			return records, exists
		}
	}
}

// denial is what goes with the answer that there is no such name or no such
// record: how long to believe that (RFC 2308, section 3).
func (z *zone) denial() []dns.RR {
	soa := *z.soa
	soa.Hdr.Ttl = min(soa.Hdr.Ttl, soa.Minttl)
	return []dns.RR{&soa}
}

// addresses returns the addresses, if they are in the zone, of the host that a
// record names, so that its reader need not ask for them.
func (z *zone) addresses(rr dns.RR) (found []dns.RR) {
	var host string
	switch rr := rr.(type) {
	case *dns.NS:
		host = rr.Ns
	case *dns.MX:
		host = rr.Mx
	case *dns.SRV:
		host = rr.Target
	}
	for _, rr := range z.names[host] {
		switch rr.(type) {
		case *dns.A, *dns.AAAA:
			found = append(found, rr)
		}
	}
	return found
}
