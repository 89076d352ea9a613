package smtp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of an address: RFC 5321, section 4.5.3.1.
const (
	maxLocal  = 64
	maxDomain = 255
)

var errNoDomain = errors.New("an address has a name, @ and a domain, such as <alice@example.test>")

// path is the argument of MAIL or RCPT.
type path struct {
	address    string
	empty      bool // <>
	parameters []string
}

// parsePath reads an argument as in RFC 5321, section 4.1.2. command is as it should
// begin: "MAIL FROM:". A source route is taken and ignored (appendix C). Its errors are
// for the person who typed it.
func parsePath(command, arg string) (path, error) {
	_, keyword, _ := strings.Cut(command, " ")
	form := command + "<alice@example.test>"
	if len(arg) < len(keyword) || !strings.EqualFold(arg[:len(keyword)], keyword) {
		return path{}, errors.New("write " + form)
	}
	rest := arg[len(keyword):]
	switch {
	case strings.HasPrefix(rest, " "):
		return path{}, errors.New("no space may stand after the colon: " + form)
	case !strings.HasPrefix(rest, "<"):
		return path{}, errors.New("the address stands in angle brackets: " + form)
	}
	end := closing(rest)
	if end < 0 {
		return path{}, errors.New("the closing bracket is missing: " + form)
	}
	p := path{address: rest[1:end], empty: end == 1, parameters: strings.Fields(rest[end+1:])}
	if after := rest[end+1:]; after != "" && after[0] != ' ' {
		return path{}, errors.New("a space stands between the closing bracket and what follows it")
	}
	if p.empty {
		return p, nil
	}
	if route, address, found := strings.Cut(p.address, ":"); found && strings.HasPrefix(route, "@") {
		p.address = address
	}
	if strings.EqualFold(p.address, "postmaster") {
		p.address = "postmaster"
		return p, nil
	}
	return p, checkAddress(p.address)
}

// closing returns where the bracket is closed, outside of quotes, or -1.
func closing(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '>' && !quoted:
			return i
		}
	}
	return -1
}

// checkAddress checks a mailbox's form: Local-part "@" ( Domain / address-literal ).
func checkAddress(address string) error {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || at == len(address)-1 {
		return errNoDomain
	}
	local, domain := address[:at], address[at+1:]
	switch {
	case len(local) > maxLocal:
		return fmt.Errorf("the name before @ has %d bytes; at most %d fit", len(local), maxLocal)
	case len(domain) > maxDomain:
		return fmt.Errorf("the domain has %d bytes; at most %d fit", len(domain), maxDomain)
	case !isQuoted(local) && !isDotted(local, "!#$%&'*+-/=?^_`{|}~"):
		return errors.New("the name before @ has letters, digits and dots between them; others stand in quotes")
	case !(strings.HasPrefix(domain, "[") && strings.HasSuffix(domain, "]")) && !isDotted(domain, "-"):
		return errors.New("the domain has letters, digits and hyphens, and dots between them")
	}
	return nil
}

// isDotted reports whether s is words of letters, digits and others, with a dot between.
func isDotted(s, others string) bool {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" {
			return false
		}
		for i := range len(word) {
			c := word[i]
			if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(others, c) >= 0) {
				return false
			}
		}
	}
	return true
}

// isQuoted reports whether s is a Quoted-string.
func isQuoted(s string) bool {
	if len(s) < 2 || s[0] != '"' {
		return false
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i == len(s)-1
		}
	}
	return false
}

// mailParameters returns the reply that refuses the parameters of MAIL, or "".
func (m *machine) mailParameters(parameters []string) string {
	for _, p := range parameters {
		key, value, _ := strings.Cut(p, "=")
		switch key = strings.ToUpper(key); {
		case !m.extended:
			return "555 parameters come with EHLO; you said HELO"
		case key == "SIZE":
			n, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				return "501 SIZE is a number of bytes, such as SIZE=1000"
			}
			if n > MaxData {
				return fmt.Sprintf("552 at most %d bytes fit into a message", MaxData)
			}
		case key == "BODY":
			if value = strings.ToUpper(value); value != "7BIT" && value != "8BITMIME" {
				return "501 BODY is 7BIT or 8BITMIME"
			}
		case key == "AUTH" && value != "": // RFC 4954, section 5; nobody is trusted with it
		default:
			return "555 MAIL knows no " + core.CutWords(p, 40) + " here"
		}
	}
	return ""
}
