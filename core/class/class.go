package class

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/register"
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
	in     register.Value // of the events; nil: they are in the folder alone

	changing sync.Mutex // held to change the state and the file
	file     *os.File   // of the events, at its end
	size     int64
	revision uint64 // of what the state is, in that value
	refused  uint64 // that of a text that cannot be understood

	mu    sync.Mutex // guards state, which others read while it is being changed
	state State
}

// ErrOpen is the error of a class that another process has open.
var ErrOpen = errors.New("class is open in another workbench")

// UsersFile returns the path of the users of the class in a folder.
func UsersFile(folder string) string { return filepath.Join(folder, usersFile) }

// Open opens the class in a folder, or makes one, with a new code. Its errors are those of
// files, ErrOpen, ErrEnded, or ErrCopy. Close it.
func Open(folder string) (*Class, error) {
	if IsCopy(folder) {
		return nil, ErrCopy
	}
	return openWith(folder, (*Class).begin)
}

func openWith(folder string, begin func(*Class) error) (*Class, error) {
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
	if err = c.read(); err == nil {
		err = begin(c)
	}
	if err != nil {
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
	c.changing.Lock()
	defer c.changing.Unlock()
	if c.file != nil {
		c.file.Close()
		c.file = nil
		c.Use()
	}
	return c.lock.Close()
}

// begin begins a class that is new, and takes out the users of students who are gone: the
// workbench may have ended before it could.
func (c *Class) begin() error {
	if c.state.Opened.IsZero() {
		return c.change(opens)
	}
	return c.admitThose(c.state.all)
}

func opens(*State) (Event, error) { return Event{Kind: Opened, Code: newCode()}, nil }

// errNothing is returned to change where nothing is to be changed.
var errNothing = errors.New("nothing changes")

// change adds the event that next returns of the state. Where others hold the class too,
// it may be called again, of what they have made of it meanwhile.
func (c *Class) change(next func(s *State) (Event, error)) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	for {
		s := c.State()
		e, err := next(s)
		if err == errNothing {
			return nil
		} else if err != nil {
			return err
		}
		if err := c.add(s, e); !errors.Is(err, register.ErrChanged) {
			return err
		}
		if err := c.reload(); err != nil {
			return err
		}
	}
}

// add adds an event to a state, and has the class be in that: it is on the disk, and where
// others hold the class in their value, before it counts. An event that could not be
// written whole is not there.
func (c *Class) add(s *State, e Event) error {
	e.At = time.Now().UTC().Truncate(time.Millisecond)
	if e.Sent != nil {
		e.Sent.At = e.At
	}
	if err := s.Apply(e); err != nil {
		return err
	}
	if c.in != nil {
		return c.share(s)
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if c.size+int64(len(line)) > maxEvents {
		if err := c.rewrite(s); err != nil {
			return err
		}
		c.is(s)
		return nil
	}
	_, err = c.file.Write(line)
	if err = errors.Join(err, c.file.Sync()); err != nil {
		return errors.Join(err, c.cut(c.size))
	}
	c.size += int64(len(line))
	c.is(s)
	return nil
}

// is has the class be in a state.
func (c *Class) is(s *State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = *s
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
// ErrEnded, or one of files, or register.ErrUnreachable.
func (c *Class) Join(name string) (Student, error) {
	name, err := CleanName(name)
	if err != nil {
		return Student{}, err
	}
	var added access.User // who comes first: one whom the class does not know has no cookie yet
	err = c.change(func(s *State) (Event, error) {
		err := c.withdraw(added)
		if err == nil {
			added, err = c.newUser(s, name)
		}
		return Event{Kind: Joined, ID: added.Name, Name: name, User: added.Hash()}, err
	})
	if err != nil {
		return Student{}, errors.Join(err, c.withdraw(added))
	}
	one, _ := c.Find(added.Name)
	return one, nil
}

// newUser adds a user for somebody who joins.
func (c *Class) newUser(s *State, name string) (user access.User, err error) {
	switch {
	case !s.Ended.IsZero():
		return user, ErrEnded
	case len(s.all) >= maxJoins, len(s.Students()) >= MaxStudents:
		return user, ErrFull
	}
	others, err := c.users.List()
	if err != nil {
		return user, err
	}
	known := map[string]bool{}
	for _, u := range others {
		known[u.Name] = true
	}
	id := userName(name, len(s.all)+1, func(id string) bool { return known[id] || s.find(id) != nil })
	if _, err := c.users.Add(id, access.Student); err != nil {
		return user, err
	}
	return c.users.Find(id)
}

// withdraw takes out a user who was added for nothing. Another workbench may have given the
// name to somebody meanwhile.
func (c *Class) withdraw(user access.User) error {
	if now, err := c.users.Find(user.Name); err != nil || now != user {
		return nil
	}
	return c.users.Remove(user.Name)
}

// Remove takes a student out, whose cookie is refused from then on. What the student has
// recorded stays, and the user name is not given again. Its error is ErrNoStudent, or one
// of files, or register.ErrUnreachable.
func (c *Class) Remove(id string) error {
	err := c.change(func(*State) (Event, error) { return Event{Kind: Removed, ID: id}, nil })
	if err != nil {
		return err
	}
	if err := c.users.Remove(id); err != nil && !errors.Is(err, access.ErrNoUser) {
		return err
	}
	return nil
}

// Hand raises a student's hand, or takes it down. Its error is as Remove's.
func (c *Class) Hand(id string, up bool) error {
	return c.change(func(s *State) (Event, error) {
		one, ok := s.Find(id)
		switch {
		case ok && one.Hand.IsZero() == !up:
			return Event{}, errNothing
		case up:
			return Event{Kind: HandUp, ID: id}, nil
		}
		return Event{Kind: HandDown, ID: id}, nil
	})
}

// Pause pauses the class, or has it go on.
func (c *Class) Pause(paused bool) error {
	return c.change(func(s *State) (Event, error) {
		switch {
		case s.Paused.IsZero() == !paused:
			return Event{}, errNothing
		case paused:
			return Event{Kind: Paused}, nil
		}
		return Event{Kind: GoingOn}, nil
	})
}

// Send sends something to all students, or takes back what was sent, if sent is nothing.
// Its number and time are filled in.
func (c *Class) Send(sent Sent) error {
	return c.change(func(s *State) (Event, error) {
		next := sent
		next.N = s.Sent.N + 1
		return Event{Kind: SentAll, Sent: &next}, nil
	})
}

// ChangeCode gives the class a new code, and returns it. The one before lets nobody join.
func (c *Class) ChangeCode() (code string, err error) {
	err = c.change(func(s *State) (Event, error) {
		for code = newCode(); code == s.Code; code = newCode() {
		}
		return Event{Kind: NewCode, Code: code}, nil
	})
	return code, err
}
