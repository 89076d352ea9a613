package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keyBytes is the length of a token before it is written as text.
const keyBytes = 32

// Key is the token of a workbench, in a file that only its user may read. The
// file is read each time, since two states of it within one tick of the system's
// clock cannot be told apart: a token that [Key.Rotate] replaced is refused from
// then on, in whatever process. It is safe for concurrent use.
type Key struct{ path string }

// OpenKey reads the token of a folder, and makes one where there is none. It
// refuses a file that others could read or that is no regular file.
func OpenKey(folder string) (*Key, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	k := &Key{path: filepath.Join(folder, "token")}
	_, err := k.Token()
	if errors.Is(err, fs.ErrNotExist) {
		if err := k.write(false); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		_, err = k.Token()
	}
	if err != nil {
		return nil, err
	}
	return k, nil
}

// Path returns the file.
func (k *Key) Path() string { return k.path }

var errNoKey = errors.New("this workbench has no token")

// Token returns the token: 43 characters of base64url for 256 random bits.
func (k *Key) Token() (string, error) {
	if k == nil {
		return "", errNoKey
	}
	info, err := os.Lstat(k.path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no regular file; remove it, and a new token is made", k.path)
	}
	if others := info.Mode().Perm() & 0o077; others != 0 && !anyMode {
		return "", fmt.Errorf("%s can be read or written by others (mode %04o); remove it, and a new token is made", k.path, info.Mode().Perm())
	}
	f, err := os.Open(k.path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(data))
	if b, err := base64.RawURLEncoding.DecodeString(token); err != nil || len(b) != keyBytes {
		return "", fmt.Errorf("%s has no token in it; remove it, and a new token is made", k.path)
	}
	return token, nil
}

// Rotate makes a new token: programs, browsers and links with the old one are
// refused from now on.
func (k *Key) Rotate() error { return k.write(true) }

// write puts a new token in place at once, whole. Without replace the file must
// not exist.
func (k *Key) write(replace bool) error {
	var secret [keyBytes]byte
	rand.Read(secret[:])
	text := []byte(base64.RawURLEncoding.EncodeToString(secret[:]) + "\n")
	if replace {
		return replaceFile(k.path, text)
	}
	return writeWith(k.path, text, os.Link)
}

// replaceFile puts a file of mode 0600 in place at once, whole.
func replaceFile(path string, text []byte) error { return writeWith(path, text, os.Rename) }

func writeWith(path string, text []byte, put func(from, to string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".token-*") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return put(f.Name(), path)
}

// sign returns what only a holder of the token can make of a purpose's text.
func sign(token, purpose, text string) string {
	mac := hmac.New(sha256.New, []byte(token))
	io.WriteString(mac, purpose+"\x00"+text)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
