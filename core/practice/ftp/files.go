package ftp

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of all files that clients have put there.
const (
	MaxBytes = 16 << 20 // those on the way included
	MaxFile  = 4 << 20  // bytes of one file
	MaxFiles = 256      // directories included
	MaxName  = 100      // bytes of a file's name
	MaxPath  = 500      // bytes of a path
)

// Upload is the directory that clients may write to.
const Upload = "/upload"

// fileError says why something cannot be done with a file, as an answer has it.
type fileError struct {
	code  int
	words string // they come after the path
}

func (e *fileError) Error() string { return e.words }

var (
	errNone     = &fileError{550, "is not there; LIST shows what is"}
	errIsDir    = &fileError{550, "is a directory, not a file"}
	errNoDir    = &fileError{550, "is no directory"}
	errThere    = &fileError{550, "is there already"}
	errNotEmpty = &fileError{550, "is not empty"}
	errReadOnly = &fileError{550, "is for reading alone; " + Upload + " is for your files"}
	errInside   = &fileError{553, "cannot be moved into itself"}
	errName     = &fileError{553, "is no name for a file here: it has at most 100 bytes of UTF-8 without control characters, and a path 500"}
	errFull     = &fileError{552, "has no room: all uploads together have 16 MiB and 256 files; DELE removes one"}
	errTooLarge = &fileError{552, "would be larger than 4 MiB, the most that a file has here"}
	errBeyond   = &fileError{554, "ends before the byte that REST has named"}
)

// Files are the files of a room: some that are always there, and those that clients have
// put into Upload. It is safe for concurrent use.
type Files struct {
	now  func() time.Time
	made func() map[string]node

	mu    sync.Mutex
	nodes map[string]node // below Upload, by path
	bytes int             // of all nodes and drafts
}

// node is a file or a directory.
type node struct {
	path    string
	dir     bool
	data    []byte // must not be changed
	changed time.Time
	owner   string
}

func (n node) name() string { return path.Base(n.path) }

// NewFiles returns files to which nothing was added yet. now is its clock; nil is time.Now.
func NewFiles(now func() time.Time) *Files {
	if now == nil {
		now = time.Now
	}
	return &Files{now: now, made: sync.OnceValue(lasting), nodes: map[string]node{}}
}

// find returns what is at a path, among the files that all have, the student's own, and
// what was uploaded.
func (f *Files) find(own node, at string) (node, error) {
	if at == own.path {
		return own, nil
	}
	if n, ok := f.made()[at]; ok {
		return n, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if n, ok := f.nodes[at]; ok {
		return n, nil
	}
	return node{}, errNone
}

// list returns what is in a directory, in order of the names.
func (f *Files) list(own node, dir string) []node {
	f.mu.Lock()
	all := slices.Collect(maps.Values(f.nodes))
	f.mu.Unlock()
	all = append(slices.AppendSeq(all, maps.Values(f.made())), own)
	all = slices.DeleteFunc(all, func(n node) bool { return n.path == "/" || path.Dir(n.path) != dir })
	slices.SortFunc(all, func(a, b node) int { return cmp.Compare(a.path, b.path) })
	return all
}

// room returns an error unless a node may be made at a path. The caller has the lock.
func (f *Files) room(at string) error {
	name := path.Base(at)
	if !strings.HasPrefix(at, Upload+"/") {
		return errReadOnly
	}
	if len(name) > MaxName || len(at) > MaxPath || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return errName
	}
	if up := path.Dir(at); up != Upload && !f.nodes[up].dir {
		return errNone
	}
	if _, old := f.nodes[at]; !old && len(f.nodes) == MaxFiles {
		return errFull
	}
	return nil
}

// mayPut returns an error unless a file may be put at a path.
func (f *Files) mayPut(at string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch err := f.room(at); {
	case at == Upload || f.nodes[at].dir:
		return errIsDir
	default:
		return err
	}
}

// makeDir makes a directory.
func (f *Files) makeDir(at, owner string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, old := f.nodes[at]; old || at == Upload {
		return errThere
	}
	if err := f.room(at); err != nil {
		return err
	}
	f.nodes[at] = node{path: at, dir: true, changed: f.now(), owner: owner}
	return nil
}

// remove removes a file, or a directory in which nothing is.
func (f *Files) remove(at string, dir bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, ok := f.nodes[at]
	switch _, lasts := f.made()[at]; {
	case lasts || !ok && !strings.HasPrefix(at, Upload+"/"):
		return errReadOnly
	case !ok:
		return errNone
	case n.dir && !dir:
		return errIsDir
	case dir && !n.dir:
		return errNoDir
	}
	for other := range f.nodes {
		if path.Dir(other) == at {
			return errNotEmpty
		}
	}
	delete(f.nodes, at)
	f.bytes -= len(n.data)
	return nil
}

// mayMove returns an error unless what is at a path may be moved.
func (f *Files) mayMove(at string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.movable(at)
}

func (f *Files) movable(at string) error {
	if !strings.HasPrefix(at, Upload+"/") {
		return errReadOnly
	}
	if _, ok := f.nodes[at]; !ok {
		return errNone
	}
	return nil
}

// move gives a file another path, or a directory with all that is in it.
func (f *Files) move(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.movable(from); err != nil {
		return err
	}
	if _, there := f.nodes[to]; there || to == Upload {
		return errThere
	}
	if strings.HasPrefix(to, from+"/") {
		return errInside
	}
	if err := f.room(to); err != nil && err != errFull {
		return err
	}
	moved := map[string]node{}
	for at, n := range f.nodes {
		rest, below := strings.CutPrefix(at, from)
		if !below || rest != "" && rest[0] != '/' {
			continue
		}
		if n.path = to + rest; len(n.path) > MaxPath {
			return errName
		}
		moved[at] = n
	}
	for at := range moved {
		delete(f.nodes, at)
	}
	for _, n := range moved {
		f.nodes[n.path] = n
	}
	return nil
}

// draft is a file on its way into Files, which counts what has come.
type draft struct {
	files *Files
	data  []byte
}

// add takes more of a file.
func (d *draft) add(data []byte) error {
	if len(d.data)+len(data) > MaxFile {
		return errTooLarge
	}
	d.files.mu.Lock()
	defer d.files.mu.Unlock()
	if d.files.bytes+len(data) > MaxBytes {
		return errFull
	}
	d.files.bytes += len(data)
	d.data = append(d.data, data...)
	return nil
}

// drop gives up a draft, or what has become of it.
func (d *draft) drop() {
	d.files.mu.Lock()
	defer d.files.mu.Unlock()
	d.files.bytes -= len(d.data)
	d.data = nil
}

// put makes a file of a draft: what stands there stays up to the byte from, or all of it if
// from is below 0. The draft is dropped in any case.
func (d *draft) put(at, owner string, from int64) error {
	defer d.drop()
	f := d.files
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.nodes[at]
	if err := f.room(at); err != nil {
		return err
	}
	if from < 0 {
		from = int64(len(old.data))
	}
	switch size := from + int64(len(d.data)); {
	case old.dir:
		return errIsDir
	case from > int64(len(old.data)):
		return errBeyond
	case size > MaxFile:
		return errTooLarge
	case f.bytes-len(old.data)-len(d.data)+int(size) > MaxBytes:
		return errFull
	}
	data := slices.Concat(old.data[:from], d.data)
	f.nodes[at] = node{path: at, data: data, changed: f.now(), owner: owner}
	f.bytes += len(data) - len(old.data)
	return nil
}
