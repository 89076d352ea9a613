package transcript

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// MaxTarget bounds the target in a header, in bytes. A client's first message
// has the same bound.
const MaxTarget = 1 << 10

// Bounds of the choices of TLS that a header names.
const (
	MaxTLS      = 8       // lines
	MaxTLSValue = 4 << 10 // bytes of a value
)

// MaxLines bounds a transcript in lines, not counting lines that continue a
// payload: an entry takes ten times the memory of a short line. A full recording
// of the shortest possible entries has fewer.
const MaxLines = 1 << 20

// SyntaxError says where a file is not a transcript, and what was expected
// there.
type SyntaxError struct {
	File  string
	Line  int    // from 1
	Msg   string // in words
	final bool   // a file cut off in this line cannot be the cause
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: %s", core.Printable(e.File), e.Line, e.Msg)
}

// Parse reads a whole transcript. name is the file's name for errors, which are
// all a *SyntaxError. Parse takes time in proportion to data, and memory to its
// bytes and its lines, at most MaxLines; it does not keep data. The opening has
// number 0, events are numbered from 1.
//
// A file of several connections is refused: ParseAll reads it.
func Parse(name string, data []byte) (*Transcript, error) {
	t, err := parse(name, data, 0)
	if err != nil {
		return nil, err // not a nil *SyntaxError in an interface
	}
	return t, nil
}

// parse parses what stands below so many lines of a file.
func parse(name string, data []byte, above int) (*Transcript, *SyntaxError) {
	text, marked := strings.CutPrefix(string(data), byteOrderMark)
	p := parser{size: len(text), armed: map[string]bool{}}
	first, _, _ := strings.Cut(text, "\n")
	p.t.ByteOrderMark, p.t.CRLF = marked, strings.HasSuffix(first, "\r")
	p.t.CutOff = !strings.HasSuffix(text, "\n")
	p.t.Entries = slices.Grow(p.t.Entries, min(entryLines(text), MaxLines))
	p.t.Above = above
	for number := above + 1; text != "" || number == above+1; number++ {
		line, rest, whole := strings.Cut(text, "\n")
		line, text = strings.TrimSuffix(line, "\r"), rest
		goesOn := p.open != nil || p.decoded
		err := p.line(line, number)
		if err != nil && (whole || p.at <= atMode || err.final) {
			err.File, err.Line = name, cmp.Or(err.Line, number)
			return nil, err
		}
		if !whole {
			p.tear(line, number, goesOn, err != nil)
		}
	}
	if err := p.endMessage(); err != nil {
		err.File = name
		return nil, err
	}
	if p.at <= atMode {
		return nil, &SyntaxError{File: name, Line: p.last + 1, Msg: "expected mode NAME, found the end of the file"}
	}
	if err := p.looseRules(); err != nil {
		err.File = name
		return nil, err
	}
	p.t.Trailing = p.takeComments()
	for n := len(p.t.Trailing); n > 0 && p.t.Trailing[n-1] == ""; n-- {
		p.t.Trailing = p.t.Trailing[:n-1]
	}
	return &p.t, nil
}

// HeaderMode returns the line mode of a transcript, even if what follows its
// header does not parse; "" if the header does not parse.
func HeaderMode(data []byte) string {
	text := strings.TrimPrefix(string(data[:min(len(data), 64<<10)]), byteOrderMark)
	p := parser{armed: map[string]bool{}}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if p.line(strings.TrimRight(line, "\r\n"), number) != nil || p.at > atMode {
			break
		}
	}
	return p.t.Mode
}

// The parts of a file, in their order.
const (
	atMagic = iota
	atMode
	atOptions
	atEntries
)

type parser struct {
	t        Transcript
	at       int
	last     int // number of the last line seen
	lines    int // so far, as MaxLines counts them
	n        uint64
	comments []string // above the next entry or header line
	rules    []Rule   // above the next entry
	header   int      // lines of the header read so far, without the first
	place    int      // in headerWords, of the header's last line
	// payloads holds all payloads. Decoded they are never longer than written, so
	// it is allocated once, and a continued payload goes on where it ended.
	payloads []byte
	size     int             // bytes of the file
	open     *form           // of the last entry, if the next line may continue its payload
	decoded  bool            // the last entry is a message, whose fields may follow
	armed    map[string]bool // timers that the actions so far have armed
	links    map[string]bool // that the actions so far have ordered and that have not ended
}

// entryLines counts the lines that begin like an entry.
func entryLines(text string) (n int) {
	for line := range strings.Lines(text) {
		if c := line[0]; c == '>' || c == '<' || c == '-' || '0' <= c && c <= '9' {
			n++
		}
	}
	return n
}

// line takes one line without its end. After an error the entries are as they
// were before the line.
func (p *parser) line(line string, number int) *SyntaxError {
	p.last = number
	if err := checkText(line); err != nil {
		return err
	}
	if isConflict(line) {
		return final("expected a transcript without merge conflicts, found the marker %s: keep one of the two versions and remove the markers", shown(line))
	}
	if p.at == atMagic {
		return p.magic(line)
	}
	if isMagic(line) {
		return final("expected one connection, and here another one begins: replay, plugin test, transcript show and play take files of several, and nothing else does; to read it elsewhere, put it into a file of its own")
	}
	trimmed := strings.Trim(line, " \t")
	indented := line != "" && (line[0] == ' ' || line[0] == '\t')
	if p.decoded && indented && trimmed != "" && trimmed[0] != '#' {
		return p.field(line)
	}
	if err := p.endMessage(); err != nil {
		return err
	}
	if strings.HasPrefix(trimmed, `"`) {
		if p.open == nil || !indented {
			return errorf("expected an entry; a quoted string that continues the payload above must be indented")
		}
		return p.more(trimmed)
	}
	p.open = nil
	if p.lines++; p.lines > MaxLines {
		return final("expected at most %d lines, not counting those that continue a payload; split the file, and begin each part with the header", MaxLines)
	}
	if trimmed == "" || trimmed[0] == '#' {
		p.comments = append(p.comments, trimmed)
		return nil
	}
	switch word, rest := cutWord(trimmed); {
	case indented:
		return errorf("expected an entry at the start of the line, or an indented quoted string that continues a payload")
	case p.at == atMode:
		return p.mode(word, rest)
	case slices.Contains(headerWords[:], word):
		return p.setting(word, rest, number)
	}
	return p.entry(trimmed, number)
}

func (p *parser) magic(line string) *SyntaxError {
	const format = "workbench transcript "
	line = strings.TrimRight(line, " \t")
	if line == magic {
		p.at = atMode
		return nil
	}
	if version, ok := strings.CutPrefix(line, format); ok {
		return errorf("expected %q; version %s is unknown, a newer workbench may read it", magic, shown(version))
	}
	return errorf("expected %q as the first line, found %s", magic, shown(line))
}

func (p *parser) mode(word, rest string) *SyntaxError {
	name, rest := cutWord(rest)
	if word != "mode" || !core.ValidName(name) || rest != "" {
		return errorf("expected mode NAME, such as mode http-line")
	}
	p.t.Mode = name
	p.at = atOptions
	p.keepHeaderComments()
	return nil
}

// headerWords are the first words of the header's lines below the first, in
// this order. All but mode may be missing; option, tls and skip-if may be repeated.
var headerWords = [...]string{"mode", "option", "target", "tls", "quiet", "server-eof", "client", "server", "watch", "seed", "start", "skip-if", "state"}

// setting takes a header line below the mode.
func (p *parser) setting(word, rest string, number int) *SyntaxError {
	place := slices.Index(headerWords[:], word)
	switch {
	case p.at == atEntries:
		return errorf("expected an entry (>>, << or --); %s belongs above the first one", word)
	case word == "mode":
		return errorf("expected one mode; already set to %s", p.t.Mode)
	case place < p.place:
		return errorf("expected an entry (>>, << or --); %s belongs above the %s", word, headerWords[p.place])
	case place == p.place && word != "option" && word != "tls" && word != "skip-if":
		return errorf("expected one %s", word)
	}
	p.place = place
	var err *SyntaxError
	switch word {
	case "option":
		err = p.named(&p.t.Options, word, rest, core.MaxOptions, core.MaxOptionValue)
	case "target":
		if p.t.Target, err = p.value(rest, MaxTarget); err == nil && p.t.Target == "" {
			err = errorf("expected target \"host:port\"; leave the line out if there is none")
		}
	case "tls":
		err = p.named(&p.t.TLS, word, rest, MaxTLS, MaxTLSValue)
	case "quiet":
		quiet, bad := time.ParseDuration(rest)
		if bad != nil || quiet < core.MinQuiet || quiet > core.MaxQuiet {
			err = errorf("expected quiet and a time from 20ms to 10s, such as quiet 200ms; found %s", shown(rest))
		}
		p.t.Quiet = quiet
	case "server-eof":
		if p.t.ServerEOFStays = rest == "stay"; rest != "stay" {
			err = errorf("expected server-eof stay, found %s", shown(rest))
		}
	case "client":
		var ok bool
		if p.t.Client, ok = core.ParseClientEnd(rest); !ok || p.t.Client == core.Messages {
			err = errorf("expected client stream or client datagrams, found %s; without the line the client sends messages", shown(rest))
		}
	case "server":
		var ok bool
		if p.t.Server, ok = core.ParseServerEnd(rest); !ok || p.t.Server == core.ServerStream {
			err = errorf("expected server datagrams or server messages, found %s; without the line the server's bytes are a stream", shown(rest))
		}
	case "watch":
		switch p.t.Watch = true; {
		case rest != "":
			err = errorf("expected nothing after watch, found %s", shown(rest))
		case p.t.Client == core.Messages:
			err = errorf("expected client stream or client datagrams above watch: only a program is watched")
		}
	case "seed":
		var ok bool
		if p.t.Seed, ok = core.ParseSeed(rest); !ok || p.t.Seed == (core.Seed{}) {
			err = errorf("expected seed and 64 lower-case hexadecimal digits, not all 0, found %s; without the line all are 0", shown(rest))
		}
	case "start":
		var ok bool
		if p.t.Start, ok = core.ParseStart(rest); !ok || p.t.Start.IsZero() {
			err = errorf("expected start and a time in UTC, such as start 2026-07-01T12:00:00.25Z, found %s", shown(rest))
		}
	case "skip-if":
		err = p.skip(rest, number)
	case "state":
		p.t.State, err = unquote([]byte{}, rest, core.MaxCheckpoint)
	}
	if err == nil {
		p.keepHeaderComments()
	}
	return err
}

// named takes a header line of the form WORD NAME "value".
func (p *parser) named(all *[]OptionValue, word, rest string, most, bytes int) *SyntaxError {
	name, rest := cutWord(rest)
	if !core.ValidName(name) {
		return errorf("expected %s NAME \"value\", found name %s", word, shown(name))
	}
	if slices.ContainsFunc(*all, func(o OptionValue) bool { return o.Name == name }) {
		return errorf("expected %s %s only once", word, name)
	}
	if len(*all) == most {
		return final("expected at most %d lines %s", most, word)
	}
	value, err := p.value(rest, bytes)
	if err == nil {
		*all = append(*all, OptionValue{name, value})
	}
	return err
}

// value reads a quoted string at the end of the line.
func (p *parser) value(s string, most int) (string, *SyntaxError) {
	v, err := unquote(nil, s, most)
	return string(v), err
}

// takeComments returns the comments so far and clears them. The blank lines
// between header and first entry are the printer's own.
func (p *parser) takeComments() []string {
	c := p.comments
	p.comments = nil
	if len(p.t.Entries) == 0 && len(p.rules) == 0 {
		for len(c) > 0 && c[0] == "" {
			c = c[1:]
		}
	}
	if len(c) == 0 {
		return nil
	}
	return c
}

func (p *parser) keepHeaderComments() {
	if p.comments != nil {
		for len(p.t.HeaderComments) < p.header {
			p.t.HeaderComments = append(p.t.HeaderComments, nil)
		}
		p.t.HeaderComments = append(p.t.HeaderComments, p.comments)
		p.comments = nil
	}
	p.header++
}

// isConflict reports whether the line is a marker that version control leaves
// around the two versions of text that it could not merge.
func isConflict(line string) bool {
	for _, marker := range [...]string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"} { // a name may follow
		rest, ok := strings.CutPrefix(line, marker)
		if ok && (rest == "" || rest[0] == ' ') {
			return true
		}
	}
	return false
}

// checkText reports the first byte of a line that is not text.
func checkText(line string) *SyntaxError {
	for i := range len(line) {
		if c := line[i]; c < 0x20 && c != '\t' || c == 0x7f {
			return errorf(`expected text, found byte 0x%02x; inside quotes it is written \x%02x`, c, c)
		}
	}
	if !utf8.ValidString(line) {
		return errorf(`expected UTF-8 text; inside quotes other bytes are written \xNN`)
	}
	return nil
}

func errorf(format string, args ...any) *SyntaxError {
	return &SyntaxError{Msg: fmt.Sprintf(format, args...)}
}

// final makes an error that a cut-off file cannot cause: a broken bound, a merge
// conflict.
func final(format string, args ...any) *SyntaxError {
	e := errorf(format, args...)
	e.final = true
	return e
}

// shown quotes and shortens foreign text for an error.
func shown(s string) string { return fmt.Sprintf("%q", core.CutWords(s, 60)) }

// cutWord returns the first word of s and what follows it, without the blanks
// around them. Only blanks end a word.
func cutWord(s string) (word, rest string) {
	s = strings.TrimLeft(s, " \t")
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], strings.TrimLeft(s[i:], " \t")
	}
	return s, ""
}
