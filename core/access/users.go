package access

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Users are the people beside the account itself who may use the workbench: a file
// with a line for each, a name, a role and the hash of a token:
//
//	anna student sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//
// Blank lines and those that begin with # are left alone. The file is read for each
// request that shows a credential, so that what it says holds from then on: who is no
// longer in it is refused. It is safe for concurrent use by several processes, but of
// two that write at once one may win.
type Users struct{ path string }

// User is one line of the file.
type User struct {
	Name string
	Role Role
	hash [sha256.Size]byte // of the token
}

// maxUsers bounds the file, in bytes: 10,000 users.
const maxUsers = 2 << 20

// OpenUsers reads the file, which need not exist yet. It refuses one that others may
// write, or that says something else.
func OpenUsers(path string) (*Users, error) {
	u := &Users{path}
	_, err := u.List()
	if err != nil {
		return nil, err
	}
	return u, nil
}

// List returns all users, in the order of the file.
func (u *Users) List() ([]User, error) {
	if u == nil {
		return nil, nil
	}
	data, err := u.read()
	if err != nil {
		return nil, err
	}
	var all []User
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		user, ok, err := parseUser(lines.Text())
		if err == nil && slices.ContainsFunc(all, func(other User) bool { return ok && other.Name == user.Name }) {
			err = fmt.Errorf("name %q stands there twice", user.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", u.path, n, err)
		}
		if ok {
			all = append(all, user)
		}
	}
	return all, lines.Err()
}

// read returns the file's text, none if there is no file.
func (u *Users) read() ([]byte, error) {
	info, err := os.Stat(u.path) // opening a pipe would wait
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", u.path)
	}
	f, err := os.Open(u.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err = f.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.Mode().Perm()&0o022 != 0 && !anyMode:
		return nil, fmt.Errorf("%s can be written by others (mode %04o); chmod 600 it, and look at who is in it", u.path, info.Mode().Perm())
	case info.Size() > maxUsers:
		return nil, fmt.Errorf("%s is larger than %d MiB", u.path, maxUsers>>20)
	}
	return io.ReadAll(io.LimitReader(f, maxUsers))
}

// parseUser reads a line; ok is false if it names nobody.
func parseUser(line string) (user User, ok bool, err error) {
	fields := strings.Fields(line)
	if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
		return User{}, false, nil
	}
	if len(fields) != 3 {
		return User{}, false, errors.New("want a name, a role and a hash, as workbench user add writes them")
	}
	if err := CheckName(fields[0]); err != nil {
		return User{}, false, err
	}
	role, err := ParseRole(fields[1])
	if err != nil {
		return User{}, false, err
	}
	text, isHash := strings.CutPrefix(fields[2], "sha256:")
	user, err = User{Name: fields[0], Role: role}.WithHash(text)
	if !isHash || err != nil {
		return User{}, false, errHash
	}
	return user, true, nil
}

// ErrNoUser is the error of a name that is not in the file.
var ErrNoUser = errors.New("no such user")

// Find returns a user by name, or ErrNoUser.
func (u *Users) Find(name string) (User, error) {
	all, err := u.List()
	if err != nil {
		return User{}, err
	}
	for _, user := range all {
		if user.Name == name {
			return user, nil
		}
	}
	return User{}, ErrNoUser
}

// withToken returns the user with a token. All are looked at, so that the time tells
// nothing of who is there.
func (u *Users) withToken(token string) (found User, ok bool) {
	all, err := u.List()
	if err != nil {
		return User{}, false
	}
	hash := sha256.Sum256([]byte(token))
	for _, user := range all {
		if equal(string(user.hash[:]), string(hash[:])) {
			found, ok = user, true
		}
	}
	return found, ok
}

// Add adds a user, or gives one who is there another role and token, and returns the
// token: it is kept nowhere.
func (u *Users) Add(name string, role Role) (token string, err error) {
	if err := CheckName(name); err != nil {
		return "", err
	}
	var secret [keyBytes]byte
	rand.Read(secret[:])
	token = base64.RawURLEncoding.EncodeToString(secret[:])
	user := User{name, role, sha256.Sum256([]byte(token))}
	return token, u.change(map[string]string{name: user.line()})
}

// Remove takes a user out: what he has shown so far is refused from now on. What he
// has recorded stays.
func (u *Users) Remove(name string) error {
	if _, err := u.Find(name); err != nil {
		return err
	}
	return u.change(map[string]string{name: ""})
}

// Change adds users, or gives those who are there what they have now, and takes others out,
// all at once.
func (u *Users) Change(add []User, remove []string) error {
	lines := map[string]string{}
	for _, name := range remove {
		lines[name] = ""
	}
	for _, user := range add {
		lines[user.Name] = user.line()
	}
	return u.change(lines)
}

// line returns the user's line of the file.
func (u User) line() string { return fmt.Sprintf("%s %s sha256:%s\n", u.Name, u.Role, u.Hash()) }

// Hash returns the hash of the user's token, as hexadecimal digits. It proves nothing.
func (u User) Hash() string { return hex.EncodeToString(u.hash[:]) }

// WithHash returns the user with a hash that Hash has returned.
func (u User) WithHash(hash string) (User, error) {
	b, err := hex.DecodeString(hash)
	if err != nil || len(b) != sha256.Size {
		return u, errHash
	}
	u.hash = [sha256.Size]byte(b)
	return u, nil
}

var errHash = errors.New("the hash is not sha256: and 64 hexadecimal digits")

// change replaces the lines of some users, by nothing those who are taken out, and leaves
// all others as they are.
func (u *Users) change(lines map[string]string) error {
	if _, err := u.List(); err != nil { // a file that is not understood is not written
		return err
	}
	old, err := u.read()
	if err != nil {
		return err
	}
	var text []byte
	for l := range bytes.Lines(old) {
		user, ok, _ := parseUser(string(l))
		if _, changes := lines[user.Name]; ok && changes {
			continue
		}
		text = append(text, l...)
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		text = append(text, lines[name]...)
	}
	if err := os.MkdirAll(filepath.Dir(u.path), 0o700); err != nil {
		return err
	}
	return replaceFile(u.path, text)
}
