package imap

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"github.com/protocol-workbench/workbench/core/practice/mail"
)

// session is what the library asks for one connection. Its methods are called one
// at a time, except Idle.
type session struct {
	server *Server
	ended  chan struct{} // closed when the library is done with it
	box    *mail.Box     // nil before LOGIN

	mu   sync.Mutex // guards view against Idle, which the library may leave running for a moment
	view *view      // nil unless INBOX is selected
}

var _ imapserver.SessionAppendLimit = (*session)(nil)

func no(code imap.ResponseCode, format string, args ...any) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: fmt.Sprintf(format, args...)}
}

// inbox returns an error unless the name is that of the only mailbox. The library
// writes it in capitals.
func inbox(name string, code imap.ResponseCode) error {
	if name != "INBOX" {
		return no(code, "No such mailbox: there is only INBOX")
	}
	return nil
}

func onlyInbox() error {
	return no(imap.ResponseCodeCannot, "There is one mailbox, INBOX, and no other can be made")
}

func (s *session) Close() error {
	close(s.ended)
	return nil
}

func (s *session) Login(username, password string) error {
	box, err := s.server.store.Login(username, password)
	switch {
	case errors.Is(err, mail.ErrLogin):
		return imapserver.ErrAuthFailed
	case err != nil:
		return no(imap.ResponseCodeUnavailable, "Login failed: %v", err)
	}
	s.box = box
	return nil
}

func (s *session) Select(name string, options *imap.SelectOptions) (*imap.SelectData, error) {
	if err := inbox(name, imap.ResponseCodeNonExistent); err != nil {
		return nil, err
	}
	next, all := s.box.Next(), s.box.Messages()
	v := &view{server: s.server, box: s.box, readOnly: options.ReadOnly, next: next}
	data := &imap.SelectData{Flags: flagNames(^mail.Flags(0)), UIDNext: imap.UID(next), UIDValidity: s.server.validity}
	for _, m := range all {
		if m.UID >= next {
			break // it came meanwhile, and will be told as new
		}
		v.told = append(v.told, told{m.UID, m.Flags})
		if m.Flags&mail.Seen == 0 && data.FirstUnseenSeqNum == 0 {
			data.FirstUnseenSeqNum = uint32(len(v.told))
		}
	}
	data.NumMessages = uint32(len(v.told))
	if !options.ReadOnly {
		data.PermanentFlags = data.Flags
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view = v
	return data, nil
}

func (s *session) Unselect() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view = nil
	return nil
}

// List takes both wildcards for the same, since no name has a hierarchy, and several
// in a row for one, without which the library tries all ways to divide the name.
func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, _ *imap.ListOptions) error {
	if len(patterns) == 0 { // asks for the delimiter
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}})
	}
	for _, p := range patterns {
		p = strings.ReplaceAll(p, "%", "*")
		for strings.Contains(p, "**") {
			p = strings.ReplaceAll(p, "**", "*")
		}
		p = strings.ToUpper(p)
		if imapserver.MatchList("INBOX", 0, ref, p) {
			return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoInferiors}, Mailbox: "INBOX"})
		}
	}
	return nil
}

func (s *session) Status(name string, _ *imap.StatusOptions) (*imap.StatusData, error) {
	if err := inbox(name, imap.ResponseCodeNonExistent); err != nil {
		return nil, err
	}
	var messages, unseen, deleted, recent, limit uint32 = 0, 0, 0, 0, MaxMessage
	var size, deletedSize int64
	for _, m := range s.box.Messages() {
		messages++
		size += int64(len(m.Data))
		if m.Flags&mail.Seen == 0 {
			unseen++
		}
		if m.Flags&mail.Deleted != 0 {
			deleted++
			deletedSize += int64(len(m.Data))
		}
	}
	return &imap.StatusData{
		Mailbox: name, NumMessages: &messages, NumRecent: &recent, UIDNext: imap.UID(s.box.Next()),
		UIDValidity: s.server.validity, NumUnseen: &unseen, NumDeleted: &deleted, Size: &size,
		AppendLimit: &limit, DeletedStorage: &deletedSize,
	}, nil
}

func (s *session) AppendLimit() uint32 { return MaxMessage }

func (s *session) Append(name string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) {
	if err := inbox(name, imap.ResponseCodeTryCreate); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r) // of MaxMessage at most: the library has asked AppendLimit
	if err != nil {
		return nil, err
	}
	if _, err := s.box.Append(data, flagsOf(options.Flags), options.Time); err != nil {
		return nil, no(imap.ResponseCodeOverQuota, "Append failed: %v", err)
	}
	return nil, nil
}

func (s *session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view == nil {
		return nil
	}
	return s.view.update(w, allowExpunge)
}

func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	tick := time.NewTicker(PollTime)
	defer tick.Stop()
	for {
		if err := s.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-stop:
			return nil
		}
	}
}

func (s *session) Expunge(w *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.expunge(w, uids)
}

func (s *session) Search(kind imapserver.NumKind, criteria *imap.SearchCriteria, options *imap.SearchOptions) (*imap.SearchData, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.search(kind, criteria, options)
}

func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.fetch(w, set, options)
}

func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, _ *imap.StoreOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.store(w, set, flags)
}

func (s *session) Copy(imap.NumSet, string) (*imap.CopyData, error) { return nil, onlyInbox() }

func (s *session) Create(string, *imap.CreateOptions) error         { return onlyInbox() }
func (s *session) Delete(string) error                              { return onlyInbox() }
func (s *session) Rename(string, string, *imap.RenameOptions) error { return onlyInbox() }
func (s *session) Unsubscribe(string) error                         { return onlyInbox() }

func (s *session) Subscribe(name string) error { return inbox(name, imap.ResponseCodeNonExistent) }
