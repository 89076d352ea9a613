package settings

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// MaxFile is how many bytes a file may have.
const MaxFile = 1 << 20

// System is the file of all accounts.
const System = "/etc/workbench/workbench.toml"

// file is what a file says, in its order.
type file struct {
	path  string // "" for none
	lines []line
}

// line is a key with its value.
type line struct {
	number  int
	section string // such as serve or transcript list
	key     string
	values  []string // one, or those of an array
	isArray bool
}

// find returns the path of the file to read: the one named by a flag or WORKBENCH_CONFIG, or
// else the account's, or the system's. It is "" if there is none.
func find(named string, getenv func(string) string) string {
	if named != "" {
		return named
	}
	if path := getenv(configEnv); path != "" {
		return path
	}
	places := []string{System}
	if dir, err := os.UserConfigDir(); err == nil {
		places = []string{filepath.Join(dir, "workbench", "workbench.toml"), System}
	}
	for _, path := range places {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			return path
		}
	}
	return ""
}

func read(path string) (*file, error) {
	info, err := os.Stat(path) // a link is fine: the file is the user's own
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, &readError{path: path, err: err}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &readError{path: path, err: err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	switch {
	case err != nil:
		return nil, &readError{path: path, err: err}
	case len(data) > MaxFile:
		return nil, &readError{path: path, err: fmt.Errorf("it has more than %d bytes", MaxFile)}
	}
	return parse(path, data)
}

// readError says that a file could not be read.
type readError struct {
	path  string
	named bool // by a flag or a variable; otherwise it stands where one is looked for
	err   error
}

func (e *readError) Error() string {
	why := e.err
	var of *os.PathError
	if errors.As(why, &of) {
		why = of.Err // the path is said already
	}
	words := fmt.Sprintf("read configuration %q: %v", e.path, why)
	if !e.named {
		words += ". Make it readable for this account, or name another file with --config, which may be empty"
	}
	return words
}

func (e *readError) Unwrap() error { return e.err }

// parse reads a file's text. The library's decoder checks it, and its parser says on which
// line a key is.
func parse(path string, data []byte) (*file, error) {
	var all map[string]any
	if err := toml.Unmarshal(data, &all); err != nil {
		var bad *toml.DecodeError
		if errors.As(err, &bad) {
			number, _ := bad.Position()
			return nil, fmt.Errorf("%s:%d: %s", path, number, strings.TrimPrefix(bad.Error(), "toml: "))
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f := &file{path: path}
	var p unstable.Parser
	p.Reset(data)
	var section []string
	for p.NextExpression() {
		e := p.Expression()
		keys, number := keysOf(&p, e)
		switch e.Kind {
		case unstable.ArrayTable:
			return nil, fmt.Errorf("%s:%d: [[%s]]: a section has single brackets, [%[3]s]", path, number, strings.Join(keys, "."))
		case unstable.Table:
			section = keys
		case unstable.KeyValue:
			l, err := lineOf(all, append(section[:len(section):len(section)], keys...))
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, number, err)
			}
			l.number = number
			f.lines = append(f.lines, l)
		}
	}
	return f, p.Error()
}

func keysOf(p *unstable.Parser, e *unstable.Node) (keys []string, number int) {
	for it := e.Key(); it.Next(); {
		if number == 0 {
			number = p.Shape(it.Node().Raw).Start.Line
		}
		keys = append(keys, string(it.Node().Data))
	}
	return keys, number
}

// lineOf finds a key's value in the decoded file.
func lineOf(all map[string]any, path []string) (line, error) {
	if len(path) < 2 {
		return line{}, fmt.Errorf("%s stands in no section, such as [serve]", path[0])
	}
	at := all
	for _, name := range path[:len(path)-1] {
		at, _ = at[name].(map[string]any)
	}
	key := path[len(path)-1]
	l := line{section: strings.Join(path[:len(path)-1], " "), key: key}
	values, isArray := at[key].([]any)
	if l.isArray = isArray; !isArray {
		values = []any{at[key]}
	}
	for _, v := range values {
		switch v := v.(type) {
		case string:
			l.values = append(l.values, v)
		case bool, int64, float64:
			l.values = append(l.values, fmt.Sprint(v))
		default:
			return l, fmt.Errorf("%s: a value is a text in quotes, a number, true or false, or an array of them", key)
		}
	}
	return l, nil
}
