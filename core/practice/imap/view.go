package imap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"github.com/protocol-workbench/workbench/core/practice/mail"
)

// view is the mailbox as the client was told that it is. Sequence numbers count
// in it: that others add and remove messages reaches the client only with update.
type view struct {
	server   *Server
	box      *mail.Box
	readOnly bool
	told     []told // the message with number n is at n-1
	next     uint32 // messages from this UID on are new
}

// told is what the client knows of a message.
type told struct {
	uid   uint32
	flags mail.Flags
}

// update tells the client what others have done. While it may not (RFC 3501,
// section 7.4.1), a message that is gone keeps its number.
func (v *view) update(w *imapserver.UpdateWriter, allowExpunge bool) error {
	all := v.box.Messages()
	for i := len(v.told) - 1; i >= 0; i-- {
		k := &v.told[i]
		at, found := slices.BinarySearchFunc(all, k.uid, byUID)
		switch {
		case found && all[at].Flags != k.flags:
			k.flags = all[at].Flags
			if err := w.WriteMessageFlags(uint32(i+1), imap.UID(k.uid), flagNames(k.flags)); err != nil {
				return err
			}
		case !found && allowExpunge:
			v.told = slices.Delete(v.told, i, i+1)
			if err := w.WriteExpunge(uint32(i + 1)); err != nil {
				return err
			}
		}
	}
	before := v.next
	for _, m := range all {
		if m.UID >= v.next {
			v.told = append(v.told, told{m.UID, m.Flags})
			v.next = m.UID + 1
		}
	}
	if v.next == before {
		return nil
	}
	return w.WriteNumMessages(uint32(len(v.told)))
}

func byUID(m mail.Message, uid uint32) int { return int(int64(m.UID) - int64(uid)) }

// each calls f with the place in told of each message of the set that is still
// there. A sequence number that the mailbox does not have is an error of the client,
// except in a range that ends in *.
func (v *view) each(set imap.NumSet, f func(i int, m mail.Message) error) error {
	if imap.IsSearchRes(set) {
		return &imap.Error{Type: imap.StatusResponseTypeBad, Text: "$ is not offered: see CAPABILITY"}
	}
	if seq, ok := set.(imap.SeqSet); ok {
		for _, r := range seq {
			if r.Stop > uint32(len(v.told)) {
				return &imap.Error{Type: imap.StatusResponseTypeBad,
					Text: fmt.Sprintf("No message %d: the mailbox has %d", r.Stop, len(v.told))}
			}
		}
	}
	for i, k := range v.told {
		if !v.has(set, i) {
			continue
		}
		m, err := v.box.Message(k.uid)
		if err != nil {
			continue // another session has removed it
		}
		if err := f(i, m); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether the set holds the message at place i.
func (v *view) has(set imap.NumSet, i int) bool {
	switch set := set.(type) {
	case imap.SeqSet:
		return slices.ContainsFunc(set, func(r imap.SeqRange) bool {
			return within(uint32(i+1), r.Start, r.Stop, uint32(len(v.told)))
		})
	case imap.UIDSet:
		return slices.ContainsFunc(set, func(r imap.UIDRange) bool {
			return within(v.told[i].uid, uint32(r.Start), uint32(r.Stop), v.told[len(v.told)-1].uid)
		})
	}
	return false
}

// within reports whether n is from start to stop, in either order; 0 stands for *,
// the largest number in use.
func within(n, start, stop, largest uint32) bool {
	if start == 0 {
		start = largest
	}
	if stop == 0 {
		stop = largest
	}
	return min(start, stop) <= n && n <= max(start, stop)
}

func (v *view) fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	if len(options.BodySection) > MaxSections {
		return no(imap.ResponseCodeLimit, "More than %d body sections in one FETCH", MaxSections)
	}
	if len(options.BinarySection)+len(options.BinarySectionSize) > 0 {
		return &imap.Error{Type: imap.StatusResponseTypeBad, Text: "BINARY is not offered: see CAPABILITY"}
	}
	reads := slices.ContainsFunc(options.BodySection, func(s *imap.FetchItemBodySection) bool { return !s.Peek })
	return v.each(set, func(i int, m mail.Message) error {
		flags := options.Flags
		if reads && !v.readOnly && m.Flags&mail.Seen == 0 {
			m.Flags = v.change(i, imap.StoreFlagsAdd, mail.Seen)
			flags = true
		}
		r := w.CreateMessage(uint32(i + 1))
		if options.UID {
			r.WriteUID(imap.UID(m.UID))
		}
		if flags {
			r.WriteFlags(flagNames(m.Flags))
		}
		err := writeMessage(r, m, options)
		if closed := r.Close(); err == nil {
			err = closed
		}
		return err
	})
}

func (v *view) store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags) error {
	if v.readOnly {
		return no("", "The mailbox was opened by EXAMINE, to be read only")
	}
	_, byUID := set.(imap.UIDSet)
	return v.each(set, func(i int, m mail.Message) error {
		now := v.change(i, flags.Op, flagsOf(flags.Flags))
		if flags.Silent {
			return nil
		}
		r := w.CreateMessage(uint32(i + 1))
		if byUID {
			r.WriteUID(imap.UID(m.UID))
		}
		r.WriteFlags(flagNames(now))
		return r.Close()
	})
}

// change changes the flags of the message at place i and returns what they are now.
func (v *view) change(i int, op imap.StoreFlagsOp, flags mail.Flags) mail.Flags {
	v.server.flags.Lock()
	defer v.server.flags.Unlock()
	k := &v.told[i]
	m, err := v.box.Message(k.uid)
	if err != nil {
		return k.flags // it has just been removed
	}
	switch op {
	case imap.StoreFlagsSet:
		m.Flags = flags
	case imap.StoreFlagsAdd:
		m.Flags |= flags
	case imap.StoreFlagsDel:
		m.Flags &^= flags
	}
	if v.box.SetFlags(k.uid, m.Flags) == nil {
		k.flags = m.Flags
	}
	return k.flags
}

// expunge removes what is marked as deleted, of uids if they are given. The writer
// of CLOSE writes nothing and is empty; CLOSE after EXAMINE removes nothing and
// succeeds (RFC 3501, section 6.4.2).
func (v *view) expunge(w *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	if v.readOnly {
		if *w == (imapserver.ExpungeWriter{}) {
			return nil
		}
		return no("", "The mailbox was opened by EXAMINE, to be read only")
	}
	var set imap.NumSet = imap.SeqSet{{Start: 1, Stop: 0}}
	if uids != nil {
		set = *uids
	}
	var places []int
	var gone []uint32
	err := v.each(set, func(i int, m mail.Message) error {
		if m.Flags&mail.Deleted != 0 {
			places = append(places, i)
			gone = append(gone, m.UID)
		}
		return nil
	})
	v.box.Delete(gone...)
	for _, i := range slices.Backward(places) { // so that each number is still the message's
		v.told = slices.Delete(v.told, i, i+1)
		if err := w.WriteExpunge(uint32(i + 1)); err != nil {
			return err
		}
	}
	return err
}

// flagNames returns the names of flags in an order that does not change.
func flagNames(flags mail.Flags) []imap.Flag {
	var names []imap.Flag
	for flag, name := range systemFlags {
		if flags&(1<<flag) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// flagsOf returns the flags with these names. Others are not kept, as
// PERMANENTFLAGS says.
func flagsOf(names []imap.Flag) (flags mail.Flags) {
	for flag, name := range systemFlags {
		if slices.ContainsFunc(names, func(n imap.Flag) bool { return strings.EqualFold(string(n), string(name)) }) {
			flags |= 1 << flag
		}
	}
	return flags
}

// systemFlags are the names of the bits of mail.Flags.
var systemFlags = [...]imap.Flag{imap.FlagSeen, imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagDraft}
