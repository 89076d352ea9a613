package room

import (
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/dns"
	"github.com/protocol-workbench/workbench/core/practice/mail"
	"github.com/protocol-workbench/workbench/core/practice/web"
)

// Value returns what a server derives from a student's seed, for lessons that ask for it:
// http.word, http.number, http.today, mail.name, mail.password, mail.code, dns.name and
// dns.text. ok is false for another name.
func Value(seed, name string) (value string, ok bool) {
	word, number, today := web.Student(seed)
	person := mail.Student(seed)
	host, text := dns.Student(seed)
	value, ok = map[string]string{
		"http.word": word, "http.number": strconv.FormatUint(number, 10), "http.today": strconv.FormatUint(today, 10),
		"mail.name": person.Name, "mail.password": person.Password, "mail.code": person.Code,
		"dns.name": host, "dns.text": text,
	}[name]
	return value, ok
}

// ChoicesFor returns the choices for a student with a seed, as lessons write them: lines
// (strict or lenient), fragment, slow (no value) and closing (half-close, reset or cut).
func ChoicesFor(seed string, with map[string]string) (Choices, error) {
	c := Choices{Seed: seed}
	for name, value := range with {
		var err error
		switch name {
		case "lines":
			c.Lenient = value == "lenient"
		case "fragment":
			c.Manner.Fragment = true
		case "slow":
			c.Manner.Slow = true
		case "closing":
			c.Manner.Closing, err = practice.ParseClosing(value)
		default:
			err = fmt.Errorf("no practice server has the choice %q", name)
		}
		if err != nil {
			return Choices{}, err
		}
	}
	return c, nil
}
