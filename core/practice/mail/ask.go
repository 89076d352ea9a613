package mail

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// refusals are the words by which Ask answers an error.
var refusals = []struct {
	err   error
	words string
}{
	{ErrNoBox, "no box"},
	{ErrLogin, "no login"},
	{ErrFull, "no full"},
	{ErrSize, "no size"},
	{ErrNoMessage, "no message"},
	{ErrLocked, "no locked"},
	{ErrNoLock, "no lock"},
}

// errQuestion is answered by "no question".
var errQuestion = errors.New("no such question")

// Ask answers a machine's question: one line, and after it a body if there is one.
// Arguments are separated by one space; addresses, names and passwords are quoted as by
// strconv.Quote. The answer's first line is "ok …", or "no WHY", where WHY is box, login,
// full, size, message, locked, lock or question.
//
//	box ADDRESS               ok NAME, if the mailbox exists or can be made, and has room
//	login ADDRESS PASSWORD    ok NAME
//	deliver FROM TO…          the body is the message: ok, delivered to all; or no, to none
//	lock ADDRESS PASSWORD     ok NAME SESSION; the body has a line "UID SIZE" for each message
//	apop ADDRESS STAMP DIGEST the same, where DIGEST proves the password: RFC 1939, section 7
//	hold NAME SESSION         ok, the session still has the mailbox
//	read NAME SESSION UID     ok; the body is the message
//	quit NAME SESSION UID…    ok COUNT: deletes the messages and gives the mailbox back
//
// A session has a mailbox to itself from lock to quit, as RFC 1939, section 4, wants. It
// loses the mailbox to the next one that asks if it asked nothing for LockIdle, and is
// then answered "no lock": so a session that ended without a word blocks nobody for long.
func (s *Store) Ask(question []byte) []byte {
	line, body, _ := bytes.Cut(question, []byte("\n"))
	words, err := split(string(line))
	if err != nil {
		return []byte("no question")
	}
	answer, err := s.answer(words, body)
	if err == nil {
		return answer
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return []byte(r.words)
		}
	}
	return []byte("no question")
}

func (s *Store) answer(words []string, body []byte) ([]byte, error) {
	verb, args := words[0], words[1:]
	switch {
	case verb == "box" && len(args) == 1:
		return s.askBox(args[0])
	case verb == "login" && len(args) == 2:
		b, err := s.Login(args[0], args[1])
		if err != nil {
			return nil, err
		}
		return []byte("ok " + strconv.Quote(b.name)), nil
	case verb == "deliver" && len(args) >= 2:
		return []byte("ok"), s.Deliver(args[0], args[1:], body)
	case verb == "lock" && len(args) == 2:
		return s.lock(args[0], args[1])
	case verb == "apop" && len(args) == 3:
		return s.lockByDigest(args[0], args[1], args[2])
	case verb == "hold" && len(args) == 2:
		return s.locked(args, func(*Box, []uint32) ([]byte, error) { return []byte("ok"), nil })
	case verb == "read" && len(args) == 3:
		return s.locked(args, func(b *Box, uids []uint32) ([]byte, error) {
			m, err := b.message(uids[0])
			return append([]byte("ok\n"), m.Data...), err
		})
	case verb == "quit" && len(args) >= 2:
		return s.locked(args, func(b *Box, uids []uint32) ([]byte, error) {
			b.session = 0
			return []byte("ok " + strconv.Itoa(b.remove(uids))), nil
		})
	}
	return nil, errQuestion
}

// askBox makes no mailbox: names that are only asked for must not fill the store.
func (s *Store) askBox(address string) ([]byte, error) {
	name, err := Name(address)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[name]
	if b == nil && len(s.boxes) == MaxBoxes || b != nil && len(b.all) == MaxMessages || s.bytes >= MaxBytes {
		return nil, ErrFull
	}
	return []byte("ok " + strconv.Quote(name)), nil
}

func (s *Store) lock(address, password string) ([]byte, error) {
	b, err := s.Login(address, password)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if b.session != 0 && now.Sub(b.used) < LockIdle {
		return nil, ErrLocked
	}
	s.session++
	b.session, b.used = s.session, now
	answer := []byte("ok " + strconv.Quote(b.name) + " " + strconv.FormatUint(b.session, 10))
	for _, m := range b.all {
		answer = append(answer, '\n')
		answer = strconv.AppendUint(answer, uint64(m.UID), 10)
		answer = append(answer, ' ')
		answer = strconv.AppendInt(answer, int64(len(m.Data)), 10)
	}
	return answer, nil
}

// lockByDigest is lock for a client that knows the password, since it has made the MD5 of
// the greeting's time stamp and of it.
func (s *Store) lockByDigest(address, stamp, digest string) ([]byte, error) {
	name, err := Name(address)
	if err != nil {
		return nil, ErrLogin
	}
	password := Password(name)
	sum := md5.Sum([]byte(stamp + password))
	if digest != hex.EncodeToString(sum[:]) {
		return nil, ErrLogin
	}
	return s.lock(address, password)
}

// locked does what a session that has the mailbox asks for: args are the name, the
// session, and UIDs.
func (s *Store) locked(args []string, do func(b *Box, uids []uint32) ([]byte, error)) ([]byte, error) {
	session, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil || session == 0 {
		return nil, errQuestion
	}
	var uids []uint32
	for _, arg := range args[2:] {
		uid, err := strconv.ParseUint(arg, 10, 32)
		if err != nil {
			return nil, errQuestion
		}
		uids = append(uids, uint32(uid))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[args[0]]
	if b == nil || b.session != session {
		return nil, ErrNoLock
	}
	b.used = s.now()
	return do(b, uids)
}

// split returns the words of a line, at least one.
func split(line string) ([]string, error) {
	var words []string
	for {
		word := line
		if strings.HasPrefix(line, `"`) {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, errQuestion
			}
			line = line[len(quoted):]
			word, _ = strconv.Unquote(quoted) // QuotedPrefix says that it is one
		} else {
			word, _, _ = strings.Cut(line, " ")
			line = line[len(word):]
		}
		words = append(words, word)
		if line == "" {
			return words, nil
		}
		var more bool
		if line, more = strings.CutPrefix(line, " "); !more {
			return nil, errQuestion
		}
	}
}
