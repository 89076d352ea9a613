package lines

import (
	"bytes"
	"fmt"
	"strings"
)

// nmea is NMEA 0183, as receivers and ships speak it over TCP.
func nmea() preset {
	return preset{
		end: "\r\n", crlf: "NMEA 0183, section 5.3",
		typed: func(line string) (string, error) {
			body := nmeaBody([]byte(line))
			if body == nil {
				return "", fmt.Errorf("a sentence begins with $ or !, as in: $GPGLL,4916.45,N,12311.12,W,225444,A")
			}
			before, sum, has := strings.Cut(string(body), "*")
			switch want := nmeaSum([]byte(before)); {
			case !has:
				return line + "*" + want, nil
			case !strings.EqualFold(sum, want):
				return "", fmt.Errorf("the checksum of this is %s, not %s; without one it is made", want, sum)
			}
			return line, nil
		},
		wrong: func(line []byte, _ bool) string {
			body := nmeaBody(line)
			if body == nil {
				return "NMEA 0183, section 5.3: a sentence begins with $ or !"
			}
			before, sum, has := bytes.Cut(body, []byte("*"))
			if want := nmeaSum(before); has && !strings.EqualFold(string(sum), want) {
				return fmt.Sprintf("NMEA 0183, section 5.3: the checksum of what was sent is %s", want)
			}
			if len(body)+3 > 82 {
				return "NMEA 0183, section 5.3: a sentence has at most 82 characters with its end"
			}
			return ""
		},
		fields: func(raw []byte, _ bool) ([]field, string) {
			s := scan(raw)
			body := nmeaBody(s.line)
			if body == nil {
				s.field("nmea0183.text", 0, len(s.line))
				return s.all, ""
			}
			at := len(s.line) - len(body)
			if at > 1 {
				s.field("nmea0183.tag", 0, at-1)
			}
			end := len(s.line)
			if i := bytes.IndexByte(body, '*'); i >= 0 {
				end = at + i
			}
			for name := "nmea0183.sentence"; len(s.all) < 2*maxWords; name = "nmea0183.field" {
				n := bytes.IndexByte(s.line[at:end], ',')
				if n < 0 {
					s.field(name, at, end)
					break
				}
				s.field(name, at, at+n)
				at += n + 1
			}
			if end < len(s.line) {
				s.field("nmea0183.checksum", end+1, len(s.line))
			}
			return s.all, ""
		},
	}
}

// nmeaBody returns what follows the $ or ! of a sentence, which may have a tag block before
// it; nil if it is none.
func nmeaBody(line []byte) []byte {
	if len(line) > 0 && line[0] == '\\' {
		i := bytes.IndexByte(line[1:], '\\')
		if i < 0 {
			return nil
		}
		line = line[i+2:]
	}
	if len(line) == 0 || line[0] != '$' && line[0] != '!' {
		return nil
	}
	return line[1:]
}

func nmeaSum(data []byte) string {
	var sum byte
	for _, b := range data {
		sum ^= b
	}
	return fmt.Sprintf("%02X", sum)
}
