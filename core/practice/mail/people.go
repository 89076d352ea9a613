package mail

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
)

// Domain is the fictional domain, of RFC 2606, section 2: no such mail exchanger exists.
const Domain = "example.test"

// Person is somebody who has a mailbox.
type Person struct {
	Name     string // of the mailbox, the part before @, lower case
	Password string
	Code     string // six digits that stand in one of the box's first messages
}

// Host returns the name by which a server greets: mail.example.test, and another one for
// each student's seed, such as mail-otter.example.test.
func Host(seed string) string {
	if seed == "" {
		return "mail." + Domain
	}
	return "mail-" + words[digest("host", seed)%uint64(len(words))] + "." + Domain
}

// Cast returns those whose mailboxes always exist, in order of their names.
func Cast() []Person {
	return []Person{
		person("alice", "wonderland"),
		person("bob", "builder"),
		person("carol", "songbook"),
		person("postmaster", "stamps"),
	}
}

// Student returns whose mailbox belongs to a student's seed, such as
// student-otter-4711. The same seed always gives the same; "" gives nobody.
func Student(seed string) Person {
	if seed == "" {
		return Person{}
	}
	n := digest("name", seed)
	name := studentPrefix + words[n%uint64(len(words))] + "-" + digits(n>>32, 4)
	return person(name, Password(name))
}

// Password returns the password of a mailbox, and "" where no such mailbox can exist.
// That of a student's is derived from its name.
func Password(name string) string {
	for _, p := range Cast() {
		if p.Name == name {
			return p.Password
		}
	}
	if !isStudent(name) {
		return ""
	}
	n := digest("password", name)
	return words[n%uint64(len(words))] + digits(n>>32, 3)
}

func person(name, password string) Person {
	return Person{Name: name, Password: password, Code: digits(digest("code", name), 6)}
}

const (
	studentPrefix = "student-"
	maxName       = 40 // bytes of a mailbox's name
)

// isStudent reports whether a mailbox of this name is made when somebody needs it:
// student- and letters, digits and hyphens, lower case.
func isStudent(name string) bool {
	word, ok := strings.CutPrefix(name, studentPrefix)
	if !ok || word == "" || len(name) > maxName {
		return false
	}
	for i := range len(word) {
		c := word[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' && i > 0) {
			return false
		}
	}
	return true
}

// digest is a number that differs for each purpose and value.
func digest(purpose, value string) uint64 {
	sum := sha256.Sum256([]byte("practice mail " + purpose + ":" + value))
	return binary.BigEndian.Uint64(sum[:])
}

// digits are the last decimal digits of n, with zeros in front.
func digits(n uint64, count int) string {
	s := strings.Repeat("0", count) + strconv.FormatUint(n, 10)
	return s[len(s)-count:]
}

var words = strings.Fields(`
	amber apple aspen badger basil beaver birch bison breeze candle canyon cedar cherry
	cloud clover cobalt comet copper coral crane cricket daisy delta dolphin ember falcon
	fern finch fox garnet ginger glacier hazel heron holly indigo iris ivory jade jasper
	juniper kestrel koala lagoon lantern laurel lemon lilac linden lotus lynx magnolia maple
	marble marten meadow melon merlin mint moose nectar nutmeg oak ocean olive onyx opal
	orchid osprey otter panda papaya pearl pebble pepper pine plum poppy prairie puffin quail
	quartz raven reed river robin ruby saffron sage salmon sierra sparrow spruce stone stork
	summit swift sycamore teal thistle tiger topaz tulip turtle valley velvet violet walnut
	willow wren yarrow zebra`)
