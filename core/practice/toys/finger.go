package toys

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
)

// Finger returns the practice server of RFC 1288: it tells of the users of a
// fictional campus. The client sends one line, the server answers and closes. An
// empty line asks for all users, a login or a part of a name for one, and /W before
// it for more words. A query for another host ("ann@host") is refused, which the RFC
// allows.
func Finger() core.Discipline {
	return core.Discipline{
		Manifest: manifest("finger", "Finger (RFC 1288)", "Tells of the users of a fictional campus: type a name, or nothing for all of them.",
			"the answer to one line, then it closes", linewise.Options("finger")...),
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			return newTalk(o, "finger", &finger{seed: o.Options["seed"]}), nil
		},
	}
}

type user struct{ login, name, does, plan string }

// users are those of mail.Cast: who is told of here has a mailbox.
var users = [...]user{
	{"alice", "Alice Aldermoor", "student", "Pass the networks course. Then sleep."},
	{"bob", "Bob Hallenby", "gardener", "The cable under the rose bed is marked now. Please ask before digging."},
	{"carol", "Carol Ferriter", "librarian", "Lend out every document from 1 to the end, and get each of them back."},
	{"postmaster", "Rook Castellan", "postmaster", "No mail shall be lost. Some may be late."},
}

type finger struct{ seed string }

func (*finger) said(*talk, string, *core.Out) {}

func (f *finger) line(t *talk, line string, out *core.Out) {
	query := strings.TrimSpace(line)
	first, rest, _ := strings.Cut(query, " ")
	wordy := strings.EqualFold(first, "/W")
	if wordy {
		query = strings.TrimSpace(rest)
	}
	switch found := matching(query); {
	case strings.Contains(query, "@"):
		say(out, "Finger forwarding service denied: this server tells of its own users only.")
	case len(found) == 0:
		say(out, strconv.QuoteToASCII(query[:min(len(query), maxShown)])+": no such user. Send an empty line for all of them.")
	case query == "" && !wordy:
		say(out, fmt.Sprintf("%-10s %-18s %-20s %s", "Login", "Name", "Does", "Office"))
		for _, u := range found {
			say(out, fmt.Sprintf("%-10s %-18s %-20s %d", u.login, u.name, u.does, f.office(u)))
		}
	default:
		for i, u := range found {
			if i > 0 {
				say(out, "")
			}
			f.tell(u, wordy, out)
		}
	}
	t.end("the query is answered", out)
}

// matching returns the users of a login or a part of a name; of "" all.
func matching(query string) (found []user) {
	for _, u := range users {
		isPart := false
		for part := range strings.FieldsSeq(u.name) {
			isPart = isPart || strings.EqualFold(query, part)
		}
		if query == "" || isPart || strings.EqualFold(query, u.login) {
			found = append(found, u)
		}
	}
	return found
}

func (f *finger) office(u user) uint64 { return 100 + hash(f.seed+"/office/"+u.login)%300 }

func (f *finger) tell(u user, wordy bool, out *core.Out) {
	say(out, fmt.Sprintf("Login: %-20s Name: %s", u.login, u.name))
	say(out, fmt.Sprintf("Office: %-19d Telephone: %d", f.office(u), 4000+hash(f.seed+"/telephone/"+u.login)%1000))
	say(out, "Does: "+u.does)
	if wordy {
		say(out, "Plan: "+u.plan)
	}
}
