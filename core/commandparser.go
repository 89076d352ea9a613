package core

import (
	"errors"
	"strings"
)

// lineParser takes a line apart.
type lineParser struct {
	line    string
	at, end int
}

func (p *lineParser) blanks() {
	for p.at < p.end && (p.line[p.at] == ' ' || p.line[p.at] == '\t') {
		p.at++
	}
}

// bare takes the word up to the next blank, and says where it began.
func (p *lineParser) bare() (word string, from int) {
	from = p.at
	for p.at < p.end && p.line[p.at] != ' ' && p.line[p.at] != '\t' {
		p.at++
	}
	return p.line[from:p.at], from
}

// value takes the value of a field.
func (p *lineParser) value(f *CommandField, v *callValue) (err error) {
	if p.line[p.at] == '"' {
		end := p.closingQuote()
		if end > 0 && (!f.Rest || end == p.end) {
			quoted := p.line[p.at+1 : end-1]
			v.from, v.to, v.given = p.at+1, end-1, true
			p.at = end
			if v.data, err = Unescape(quoted); err == nil && f.Type != ValueBytes {
				v.data, err = f.check(v.data)
			}
			return err
		}
		if !f.Rest {
			return errors.New(`begins with a double quote, and one with a blank or the end of the line behind it does not follow: \" stands for a quote within quotes`)
		}
	}
	word, from := "", p.at
	if f.Rest {
		word, p.at = p.line[from:p.end], p.end
	} else {
		word, from = p.bare()
	}
	if word == "-" && f.MayBeLeftOut() {
		return nil
	}
	if strings.ContainsAny(word, "\r\n") {
		return errors.New(`has a line end: a command is one line, and "\n" in double quotes stands for one`)
	}
	v.from, v.to, v.given = from, p.at, true
	v.data, err = f.read(word)
	return err
}

// closingQuote returns where the quoted word that begins here ends, if a blank or the end
// of the line follows it; else 0.
func (p *lineParser) closingQuote() int {
	for i := p.at + 1; i < p.end; i++ {
		switch p.line[i] {
		case '\\':
			i++
		case '"':
			if i+1 == p.end || p.line[i+1] == ' ' || p.line[i+1] == '\t' {
				return i + 1
			}
			return 0
		}
	}
	return 0
}
