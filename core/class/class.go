package class

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/plainfile"
)

// What a class's folder has in it, beside the recordings.
const (
	eventsFile = "events.jsonl"
	usersFile  = "users"
	lockFile   = "lock"
)

// maxEvents bounds the file of events, in bytes. A longer one is written anew, with the
// fewest events that add up to the same: at most 3 for each who ever joined, and 3 more.
const maxEvents = 2 << 20

// Class is a class with its folder. It is safe for concurrent use.
type Class struct {
	folder string
	path   string // of the events
	users  *access.Users
	lock   *os.File

	mu    sync.Mutex
	state State
	file  *os.File // of the events, at its end
	size  int64
}

// ErrOpen is the error of a class that another process has open.
var ErrOpen = errors.New("class is open in another workbench")

// UsersFile returns the path of the users of the class in a folder.
func UsersFile(folder string) string { return filepath.Join(folder, usersFile) }

// Open opens the class in a folder, or makes one, with a new code. Its errors are those of
// files, ErrOpen, or ErrEnded. Close it.
func Open(folder string) (*Class, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	users, err := access.OpenUsers(UsersFile(folder))
	if err != nil {
		return nil, err
	}
	lock, err := Lock(folder)
	if err != nil {
		return nil, err
	}
	c := &Class{folder: folder, path: filepath.Join(folder, eventsFile), users: users, lock: lock}
	if err := c.open(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Lock keeps others from opening the class in a folder, until the file is closed. Its
// errors are those of files, or ErrOpen.
func Lock(folder string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(folder, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if !lock(f) {
		f.Close()
		return nil, ErrOpen
	}
	return f, nil
}

// Close ends the use of the class, which stays as it is.
func (c *Class) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file != nil {
		c.file.Close()
		c.Use()
	}
	return c.lock.Close()
}

// open reads the events, and leaves out a last line that was not written whole.
func (c *Class) open() error {
	size, err := c.state.read(c.path)
	if err != nil {
		return err
	}
	if !c.state.Ended.IsZero() {
		return ErrEnded
	}
	if c.file, err = os.OpenFile(c.path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if err := c.cut(size); err != nil {
		return err
	}
	c.Use()
	if size == 0 {
		return c.add(Event{Kind: Opened, Code: newCode()})
	}
	return c.refuseRemoved()
}

// read adds the events of a file, if there is one, and returns how many bytes of it are
// whole lines: the last may be of a process that was killed, or is writing it.
func (s *State) read(path string) (size int64, err error) {
	data, err := plainfile.ReadFile(path, 2*maxEvents)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	n := 0
	for line := range bytes.Lines(whole) {
		n++
		var e Event
		err := json.Unmarshal(line, &e)
		if err == nil {
			err = s.Apply(e)
		}
		if err != nil {
			return 0, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
	}
	return int64(len(whole)), nil
}

// Read returns how the class in a folder is, which may be open in another process. Its
// errors are those of files; without a class it is fs.ErrNotExist.
func Read(folder string) (*State, error) {
	s := new(State)
	path := filepath.Join(folder, eventsFile)
	size, err := s.read(path)
	if err == nil && size == 0 {
		err = &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// refuseRemoved takes out the users of students who are gone: the workbench may have ended
// before it could.
func (c *Class) refuseRemoved() error {
	for _, one := range c.state.all {
		if !one.gone {
			continue
		}
		if err := c.users.Remove(one.ID); err != nil && !errors.Is(err, access.ErrNoUser) {
			return err
		}
	}
	return nil
}

// cut has the file end there.
func (c *Class) cut(size int64) error {
	if err := c.file.Truncate(size); err != nil {
		return err
	}
	_, err := c.file.Seek(size, io.SeekStart)
	c.size = size
	return err
}

// add puts an event on the disk, and then into the state. An event that could not be
// written whole is not there.
func (c *Class) add(e Event) error {
	e.At = time.Now().UTC().Truncate(time.Millisecond)
	if e.Sent != nil {
		e.Sent.At = e.At
	}
	next := c.state
	next.all = slices.Clone(c.state.all)
	if err := next.Apply(e); err != nil {
		return err
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if c.size+int64(len(line)) > maxEvents {
		if err := c.rewrite(&next); err != nil {
			return err
		}
		c.state = next
		return nil
	}
	_, err = c.file.Write(line)
	if err = errors.Join(err, c.file.Sync()); err != nil {
		return errors.Join(err, c.cut(c.size))
	}
	c.size += int64(len(line))
	c.state = next
	return nil
}

// rewrite replaces the file by one that adds up to a state.
func (c *Class) rewrite(s *State) error {
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	for _, e := range s.Events() {
		if err := lines.Encode(e); err != nil {
			return err
		}
	}
	err := plainfile.Write(c.path, 0o600, func(w io.Writer) error {
		_, err := w.Write(text.Bytes())
		return errors.Join(err, w.(*os.File).Sync())
	})
	if err != nil {
		return err
	}
	file, err := os.OpenFile(c.path, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	c.file.Close()
	c.file = file
	return c.cut(int64(text.Len()))
}

// Admits reports whether a code, as somebody has typed it, is the class's.
func (c *Class) Admits(code string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Admits(code)
}

// State returns how the class is now, in a copy.
func (c *Class) State() *State {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.state
	s.all = slices.Clone(s.all)
	return &s
}

// IsPaused reports whether the class is paused.
func (c *Class) IsPaused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.state.Paused.IsZero()
}

// Sent returns what was sent to all students last; its N is 0 if nothing was.
func (c *Class) Sent() Sent {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Sent
}

// HasEnded reports whether the class is to be deleted.
func (c *Class) HasEnded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.state.Ended.IsZero()
}

// HasLeft reports whether somebody was a student, and was removed.
func (c *Class) HasLeft(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.state.find(id)
	return one != nil && one.gone
}

// Find returns a student who is there.
func (c *Class) Find(id string) (Student, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Find(id)
}

// Join adds a student, and a user of that role. Its error is a *NameError, ErrFull,
// ErrEnded, or one of files.
func (c *Class) Join(name string) (Student, error) {
	name, err := CleanName(name)
	if err != nil {
		return Student{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.state.Ended.IsZero() {
		return Student{}, ErrEnded
	}
	if len(c.state.all) >= maxJoins || len(c.state.Students()) >= MaxStudents {
		return Student{}, ErrFull
	}
	others, err := c.users.List()
	if err != nil {
		return Student{}, err
	}
	known := map[string]bool{}
	for _, u := range others {
		known[u.Name] = true
	}
	id := userName(name, len(c.state.all)+1, func(id string) bool { return known[id] || c.state.find(id) != nil })
	// The user comes first: one whom the class does not know has no cookie yet.
	if _, err := c.users.Add(id, access.Student); err != nil {
		return Student{}, err
	}
	if err := c.add(Event{Kind: Joined, ID: id, Name: name}); err != nil {
		return Student{}, errors.Join(err, c.users.Remove(id))
	}
	return *c.state.find(id), nil
}

// Remove takes a student out, whose cookie is refused from then on. What the student has
// recorded stays, and the user name is not given again. Its error is ErrNoStudent, or one
// of files.
func (c *Class) Remove(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.add(Event{Kind: Removed, ID: id}); err != nil {
		return err
	}
	if err := c.users.Remove(id); err != nil && !errors.Is(err, access.ErrNoUser) {
		return err
	}
	return nil
}

// Hand raises a student's hand, or takes it down. Its error is ErrNoStudent, or one of
// files.
func (c *Class) Hand(id string, up bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one, ok := c.state.Find(id); ok && one.Hand.IsZero() == !up {
		return nil
	}
	kind := HandDown
	if up {
		kind = HandUp
	}
	return c.add(Event{Kind: kind, ID: id})
}

// Pause pauses the class, or has it go on.
func (c *Class) Pause(paused bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Paused.IsZero() == !paused {
		return nil
	}
	kind := GoingOn
	if paused {
		kind = Paused
	}
	return c.add(Event{Kind: kind})
}

// Send sends something to all students, or takes back what was sent, if s is nothing. Its
// number and time are filled in.
func (c *Class) Send(s Sent) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.N = c.state.Sent.N + 1
	return c.add(Event{Kind: SentAll, Sent: &s})
}

// ChangeCode gives the class a new code, and returns it. The one before lets nobody join.
func (c *Class) ChangeCode() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	code := newCode()
	for code == c.state.Code {
		code = newCode()
	}
	return code, c.add(Event{Kind: NewCode, Code: code})
}
