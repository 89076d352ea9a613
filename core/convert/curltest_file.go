package convert

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of a test case of curl's.
const (
	maxCurlParts = 1000
	maxCurlLines = 100_000
	maxCurlStrip = 100     // regexps
	maxCurlBytes = 2 << 20 // of a file, and of what its %repeat and the like make
)

// curlPart is one part of a section, such as <data nocheck="yes"> of <reply>.
type curlPart struct {
	attributes map[string]string
	lines      []curlLine
}

// curlLine is a line of a part, with its line end.
type curlLine struct {
	number int // in the file, from 1
	text   string
	// pattern matches the line also where another port or version is in it; "": these are
	// in it nowhere.
	pattern string
}

// curlFile is a test case, taken apart: its parts by SECTION/PART.
type curlFile struct {
	name  string
	parts map[string]*curlPart
	size  int // of what was made of it
	vars  map[string]curlVariable
}

// curlVariable is what stands for a variable, and the regexp of what else may.
type curlVariable struct{ value, pattern string }

func (f *curlFile) fail(line int, format string, args ...any) error {
	return &transcript.SyntaxError{File: f.name, Line: max(line, 1), Msg: fmt.Sprintf(format, args...)}
}

var (
	curlOpens  = regexp.MustCompile(`^[ \t]*<([a-z][a-z0-9.]*)((?:[ \t]+[a-z]+="[^"<>]*")*)[ \t]*>[ \t]*\r?\n?$`)
	curlAttrib = regexp.MustCompile(`([a-z]+)="([^"]*)"`)
)

// readCurlFile takes a file apart. A tag has a line of its own; a part ends at its own end
// alone, so that anything may be in it.
func readCurlFile(name string, number int, data []byte) (*curlFile, error) {
	f := &curlFile{name: name, parts: map[string]*curlPart{}, vars: curlVariables(number)}
	if len(data) > maxCurlBytes {
		return nil, f.fail(1, "expected at most %d MiB", maxCurlBytes>>20)
	}
	section, part, opened, n, root := "", "", 0, 0, false
	for line := range bytes.Lines(data) {
		if n++; n > maxCurlLines {
			return nil, f.fail(n, "expected at most %d lines", maxCurlLines)
		}
		text := string(line)
		word := strings.TrimSpace(text)
		opens := curlOpens.FindStringSubmatch(text)
		switch {
		case part != "":
			if word == "</"+part+">" {
				part = ""
				continue
			}
			here := f.parts[section+"/"+part]
			here.lines = append(here.lines, curlLine{number: n, text: text})
		case !root:
			if root = opens != nil && opens[1] == "testcase"; !root && word != "" && !strings.HasPrefix(word, "<?") && !strings.HasPrefix(word, "#") {
				return nil, f.fail(n, "expected <testcase>, as a test case of curl's begins")
			}
		case section == "" && opens != nil:
			section, opened = opens[1], n
		case section != "" && word == "</"+section+">":
			section = ""
		case section != "" && opens != nil:
			if len(f.parts) == maxCurlParts {
				return nil, f.fail(n, "expected at most %d parts", maxCurlParts)
			}
			part, opened = opens[1], n
			if f.parts[section+"/"+part] != nil {
				return nil, f.fail(n, "expected one <%s> in <%s>", part, section)
			}
			one := &curlPart{attributes: map[string]string{}}
			for _, a := range curlAttrib.FindAllStringSubmatch(opens[2], -1) {
				one.attributes[a[1]] = a[2]
			}
			f.parts[section+"/"+part] = one
		case strings.HasPrefix(word, "%if"):
			return nil, f.fail(n, "the test case depends on a feature of curl's (%s): an import has no features", core.CutWords(word, 60))
		}
	}
	switch {
	case !root:
		return nil, f.fail(1, "expected <testcase>, as a test case of curl's begins")
	case part != "":
		return nil, f.fail(opened, "expected </%s> below", part)
	case section != "":
		return nil, f.fail(opened, "expected </%s> below", section)
	}
	return f, nil
}

// curlVariables returns what an import puts for curl's variables.
func curlVariables(number int) map[string]curlVariable {
	vars := map[string]curlVariable{
		"HOSTIP": {value: "127.0.0.1"}, "CLIENTIP": {value: "127.0.0.1"}, "HOST6IP": {value: "[::1]"}, "CLIENT6IP": {value: "[::1]"},
		"TESTNUMBER": {value: strconv.Itoa(number)}, "VERSION": {"8.0.0", `[^ \r\n]*`},
		"SP": {value: " "}, "TAB": {value: "\t"}, "CR": {value: "\r"},
	}
	for name, port := range curlPorts {
		vars[name+"PORT"] = curlVariable{port, "[0-9]+"}
	}
	return vars
}

// curlPorts are the protocols that an import makes a transcript of, by the names of their
// variables, with their ports.
var curlPorts = map[string]string{"HTTP": "80", "FTP": "21", "SMTP": "25", "IMAP": "143", "POP3": "110"}

var (
	curlName     = regexp.MustCompile(`^%([A-Z][A-Z0-9_]*)`)
	curlFunction = regexp.MustCompile(`^%([a-z0-9]+)\[`)
	curlPlace    = regexp.MustCompile(`PORT$|PWD$|DIR$|PATH$|^CURL$|^USER$|^SSH|^RUSTLS|^PERL$|^PYTHON$`)
)

// lines returns a part's lines with all that stands for something else put in.
func (f *curlFile) lines(p *curlPart) ([]curlLine, error) {
	if p == nil {
		return nil, nil
	}
	made := make([]curlLine, 0, len(p.lines))
	for _, l := range p.lines {
		if strings.HasPrefix(strings.TrimSpace(l.text), "%if ") {
			return nil, f.fail(l.number, "the test case depends on a feature of curl's (%s): an import has no features", core.CutWords(strings.TrimSpace(l.text), 60))
		}
		text, pattern, err := f.put(l)
		if err != nil {
			return nil, err
		}
		if f.size += len(text); f.size > maxCurlBytes {
			return nil, f.fail(l.number, "expected at most %d MiB in all", maxCurlBytes>>20)
		}
		made = append(made, curlLine{l.number, text, pattern})
	}
	return made, nil
}

// put puts in what stands for something else in a line.
func (f *curlFile) put(l curlLine) (text, pattern string, err error) {
	var out, regex strings.Builder
	varies, endless := false, map[string]bool{}
	rest := l.text
	for {
		i := strings.IndexByte(rest, '%')
		if i < 0 {
			break
		}
		out.WriteString(rest[:i])
		regex.WriteString(regexp.QuoteMeta(rest[:i]))
		rest = rest[i:]
		value, size, matches := "%", 1, ""
		if m := curlFunction.FindStringSubmatch(rest); m != nil && !endless[m[1]] {
			if value, size, err = f.function(l.number, m[1], rest); err != nil {
				return "", "", err
			}
			endless[m[1]] = size == 1 // what is not there is looked for once
		} else if m := curlName.FindStringSubmatch(rest); m != nil {
			known := f.variable(m[1])
			switch v := f.vars[known]; {
			case known != "":
				value, size, matches = v.value, 1+len(known), v.pattern
			case curlPlace.MatchString(m[1]):
				return "", "", f.fail(l.number, "the test case needs %%%s, which only the machine of curl's tests has", core.CutWords(m[1], 60))
			}
		}
		if f.size+out.Len()+len(value) > maxCurlBytes {
			return "", "", f.fail(l.number, "expected at most %d MiB in all", maxCurlBytes>>20)
		}
		out.WriteString(value)
		if matches == "" {
			matches = regexp.QuoteMeta(value)
		} else {
			varies = true
		}
		regex.WriteString(matches)
		rest = rest[size:]
	}
	out.WriteString(rest)
	if varies {
		pattern = regex.String() + regexp.QuoteMeta(rest)
	}
	return out.String(), pattern, nil
}

// variable returns the longest variable that a name begins with: digits may follow it.
func (f *curlFile) variable(name string) string {
	for n := len(name); n > 0; n-- {
		if _, ok := f.vars[name[:n]]; ok && (n == len(name) || '0' <= name[n] && name[n] <= '9') {
			return name[:n]
		}
	}
	return ""
}

// function returns what %NAME[…]NAME% makes, and how long it is.
func (f *curlFile) function(line int, name, s string) (value string, size int, err error) {
	end := "]" + name + "%"
	if name == "repeat" {
		end = "]%"
	}
	inside, _, ok := strings.Cut(s[len(name)+2:], end)
	if !ok {
		return "%", 1, nil // as curl leaves it
	}
	size = len(name) + 2 + len(inside) + len(end)
	switch name {
	case "hex":
		return percentDecoded(inside), size, nil
	case "b64":
		return base64.StdEncoding.EncodeToString([]byte(percentDecoded(inside))), size, nil
	case "repeat":
		times, text, ok := strings.Cut(inside, " x ")
		n, bad := strconv.Atoi(times)
		text = percentDecoded(text)
		if !ok || bad != nil || n < 0 || text != "" && n > (maxCurlBytes-f.size)/len(text) {
			return "", 0, f.fail(line, "expected %%repeat[N x TEXT]%% of at most %d MiB; found %%repeat[%s]%%", maxCurlBytes>>20, core.CutWords(inside, 40))
		}
		return strings.Repeat(text, n), size, nil
	}
	return "", 0, f.fail(line, "the test case uses %%%s[…], of which an import knows nothing; it knows hex, b64 and repeat", name)
}

// percentDecoded returns text with a byte for each %XX.
func percentDecoded(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if b, err := hex.DecodeString(text[i+1 : i+3]); err == nil {
				out.Write(b)
				i += 2
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

// curlHeader finds the lines that crlf="headers" is about; the empty line below them is one.
var curlHeader = regexp.MustCompile(`^(HTTP/[0-9]|[A-Z]+ \S+ HTTP/1|[A-Za-z0-9!#$&'*+.^_|~-]+:)`)

// bytes returns what a part stands for, as its attributes say.
func (f *curlFile) bytes(p *curlPart) ([]byte, error) {
	lines, err := f.shaped(p)
	if err != nil || p == nil {
		return nil, err
	}
	var all []byte
	for _, l := range lines {
		all = append(all, l.text...)
	}
	compact := func() []byte { return bytes.Join(bytes.Fields(all), nil) }
	switch {
	case p.attributes["base64"] == "yes":
		data, err := base64.StdEncoding.DecodeString(string(compact()))
		if err != nil {
			return nil, f.fail(p.line(), "expected base64: %v", err)
		}
		return data, nil
	case p.attributes["hex"] == "yes":
		data, err := hex.DecodeString(string(compact()))
		if err != nil {
			return nil, f.fail(p.line(), "expected hexadecimal digits: %v", err)
		}
		return data, nil
	}
	return all, nil
}

// shaped returns a part's lines with the line ends that its attributes say.
func (f *curlFile) shaped(p *curlPart) ([]curlLine, error) {
	if p == nil {
		return nil, nil
	}
	if p.attributes["loadfile"] != "" {
		return nil, f.fail(p.line(), "the test case loads a file (loadfile), which an import does not have")
	}
	lines, err := f.lines(p)
	crlf := p.attributes["crlf"]
	header := false // what the line above is
	for i := range lines {
		header = curlHeader.MatchString(lines[i].text) || header && strings.Trim(lines[i].text, "\r\n") == ""
		if l := &lines[i]; (crlf == "yes" || crlf == "headers" && header) && strings.HasSuffix(l.text, "\n") && !strings.HasSuffix(l.text, "\r\n") {
			l.text = l.text[:len(l.text)-1] + "\r\n"
			if l.pattern != "" {
				l.pattern = strings.TrimSuffix(l.pattern, "\n") + "\r\n"
			}
		}
		header = header && strings.Trim(lines[i].text, "\r\n") != ""
	}
	if p.attributes["nonewline"] == "yes" && len(lines) > 0 {
		last := &lines[len(lines)-1]
		last.text = strings.TrimSuffix(strings.TrimSuffix(last.text, "\n"), "\r")
		if last.pattern != "" {
			last.pattern = strings.TrimSuffix(strings.TrimSuffix(last.pattern, "\n"), "\r")
		}
	}
	return lines, err
}

func (p *curlPart) line() int {
	if len(p.lines) > 0 {
		return p.lines[0].number
	}
	return 1
}

// words returns a part's text without the blanks around it.
func (f *curlFile) words(name string) (words string, line int, err error) {
	p := f.parts[name]
	if p == nil {
		return "", 1, nil
	}
	data, err := f.bytes(p)
	return strings.TrimSpace(string(data)), p.line(), err
}
