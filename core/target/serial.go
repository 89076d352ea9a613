package target

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxBaud bounds a serial line's speed, in bits a second.
const MaxBaud = 20_000_000

// Line is a serial line, and how it is spoken to.
type Line struct {
	Device string // its path
	Baud   int    // bits a second
	Data   int    // bits of a character, 5 to 8
	Parity string // of parities
	Stop   string // of stopBits
}

var (
	parities = []string{"none", "odd", "even", "mark", "space"}
	stopBits = []string{"1", "1.5", "2"}
)

// String returns the line in the form that follows serial:// in an address.
func (l Line) String() string {
	return fmt.Sprintf("%s?baud=%d&data=%d&parity=%s&stop=%s", l.Device, l.Baud, l.Data, l.Parity, l.Stop)
}

// Line returns what a target of the kind Serial names.
func (t Target) Line() Line {
	l, _ := readLine(t.Path)
	return l
}

// parseSerial reads what follows serial: in an address.
func parseSerial(rest string) (Target, error) {
	l, err := readLine(strings.TrimSpace(rest))
	if err != nil {
		return Target{}, err
	}
	t := Target{Kind: Serial, Path: l.String()}
	if len(t.String()) > MaxTarget {
		return Target{}, fail(nil, "the target has %d bytes; at most %d fit", len(t.String()), MaxTarget)
	}
	return t, nil
}

// readLine reads a device's path with its parameters: baud, data, parity and stop, each
// once at most. Without them a line has 9600 baud, 8 data bits, no parity and 1 stop
// bit.
func readLine(s string) (Line, error) {
	path, query, _ := strings.Cut(s, "?")
	device, ok := absolute(path)
	if !ok {
		return Line{}, fail(nil, "the path of a serial device is absolute, as in serial:///dev/ttyUSB0?baud=115200")
	}
	l := Line{Device: device, Baud: 9600, Data: 8, Parity: "none", Stop: "1"}
	if err := checkPath(l.Device, "the path"); err != nil {
		return Line{}, err
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		if seen[name] {
			return Line{}, fail(nil, "%s is given more than once", short(name))
		}
		seen[name] = true
		if err := l.set(name, value); err != nil {
			return Line{}, err
		}
	}
	return l, nil
}

// absolute reads what follows a scheme and its colon as an absolute path: one slash, or
// three. After two would come a host, which there is none of.
func absolute(s string) (path string, ok bool) {
	if after, two := strings.CutPrefix(s, "//"); two {
		s = after
	}
	if !strings.HasPrefix(s, "/") {
		return "", false
	}
	return "/" + strings.TrimLeft(s, "/"), true
}

func (l *Line) set(name, value string) error {
	var ok bool
	var must string
	switch name {
	case "baud":
		l.Baud, ok = number(value, 1, MaxBaud)
		must = fmt.Sprintf("a number from 1 to %d", MaxBaud)
	case "data":
		l.Data, ok = number(value, 5, 8)
		must = "5, 6, 7 or 8"
	case "parity":
		l.Parity, ok = value, slices.Contains(parities, value)
		must = strings.Join(parities, ", ")
	case "stop":
		l.Stop, ok = value, slices.Contains(stopBits, value)
		must = strings.Join(stopBits, ", ")
	default:
		return fail(nil, "a serial line has baud, data, parity and stop, and no %q", short(name))
	}
	if !ok {
		return fail(nil, "%s is %q; it must be %s", name, short(value), must)
	}
	return nil
}

// number reads a number in digits alone.
func number(s string, from, to int) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && from <= n && n <= to && strings.Trim(s, "0123456789") == ""
}
