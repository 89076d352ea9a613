package store

import (
	"fmt"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

const (
	idTime     = "20060102-150405"
	idTimeSize = len("20060102-150405-000")
	maxID      = idTimeSize + 2*(1+core.MaxName)
)

// NewID names a transcript by when it began (UTC, to the millisecond), its
// session and its line mode: 20260102-150405-123-s12-http-line. Characters that
// a name cannot have become '_', so that what the names are made of does not
// matter.
func NewID(began time.Time, session, mode string) string {
	began = began.UTC()
	return fmt.Sprintf("%s-%03d-%s-%s", began.Format(idTime), began.Nanosecond()/1e6, safeName(session), safeName(mode))
}

// ValidID reports whether NewID can have made id.
func ValidID(id string) bool {
	_, err := idBegan(id)
	return err == nil
}

// idBegan returns the time that an ID states.
func idBegan(id string) (time.Time, error) {
	if len(id) <= idTimeSize+1 || len(id) > maxID || id[idTimeSize] != '-' || strings.Trim(id[len(idTime)+1:idTimeSize], "0123456789") != "" {
		return time.Time{}, ErrNotFound
	}
	for i := range len(id) {
		if !isNameByte(id[i]) {
			return time.Time{}, ErrNotFound
		}
	}
	began, err := time.Parse(idTime+".000", id[:len(idTime)]+"."+id[len(idTime)+1:idTimeSize])
	if err != nil || id[len(idTime)] != '-' {
		return time.Time{}, ErrNotFound
	}
	return began, nil
}

func safeName(s string) string {
	name := []byte(s[:min(len(s), core.MaxName)])
	for i, c := range name {
		if !isNameByte(c) {
			name[i] = '_'
		}
	}
	if len(name) == 0 {
		return "_"
	}
	return string(name)
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
