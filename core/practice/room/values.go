package room

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/dns"
	"github.com/protocol-workbench/workbench/core/practice/ftp"
	"github.com/protocol-workbench/workbench/core/practice/mail"
	"github.com/protocol-workbench/workbench/core/practice/mqtt"
	"github.com/protocol-workbench/workbench/core/practice/web"
)

// Value returns what a server derives from a student's seed, for lessons that ask for it:
// http.word, http.number, http.today, mail.name, mail.password, mail.plain, mail.code,
// dns.name, dns.text, ftp.file, ftp.number, mqtt.topic and mqtt.word. ok is false for another name.
func Value(seed, name string) (value string, ok bool) {
	word, number, today := web.Student(seed)
	person := mail.Student(seed)
	host, text := dns.Student(seed)
	file, code := ftp.Student(seed)
	topic, retained := mqtt.Student(seed)
	value, ok = map[string]string{
		"http.word": word, "http.number": strconv.FormatUint(number, 10), "http.today": strconv.FormatUint(today, 10),
		"mail.name": person.Name, "mail.password": person.Password, "mail.code": person.Code,
		"mail.plain": base64.StdEncoding.EncodeToString([]byte("\x00" + person.Name + "\x00" + person.Password)), // RFC 4616
		"dns.name":   host, "dns.text": text, "ftp.file": file, "ftp.number": code,
		"mqtt.topic": topic, "mqtt.word": retained,
	}[name]
	return value, ok
}

// ChoicesFor returns the choices for a student with a seed, as lessons write them: lines
// (strict or lenient), fragment and slow (on, or no value), and closing (half-close, reset or cut).
func ChoicesFor(seed string, with map[string]string) (Choices, error) {
	c := Choices{Seed: seed}
	for name, value := range with {
		var err error
		switch name {
		case "lines":
			c.Lenient, err = either(name, value, "lenient", "strict")
		case "fragment":
			c.Manner.Fragment, err = either(name, cmp.Or(value, "on"), "on", "off")
		case "slow":
			c.Manner.Slow, err = either(name, cmp.Or(value, "on"), "on", "off")
		case "closing":
			c.Manner.Closing, err = practice.ParseClosing(value)
		default:
			err = fmt.Errorf("no practice server has the choice %q; there are lines, fragment, slow and closing", core.CutWords(name, core.MaxName))
		}
		if err != nil {
			return Choices{}, err
		}
	}
	return c, nil
}

// either reports whether a value is the one of two.
func either(name, value, yes, no string) (bool, error) {
	if value != yes && value != no {
		return false, fmt.Errorf("%s is %q; it must be %s or %s", name, core.CutWords(value, core.MaxName), yes, no)
	}
	return value == yes, nil
}
