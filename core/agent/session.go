package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of sessions.
const (
	MaxSessions = 16      // open at a time
	MaxKept     = 1 << 20 // bytes of a session's payload that can be read again

	openLimit  = 30 * time.Second // for a target to be reached
	sendLimit  = 10 * time.Second // for the workbench to take a message
	closeLimit = 5 * time.Second  // for a session to end
	maxFrame   = 8 << 20          // bytes of a message of the workbench
)

// session is one that an agent has open.
type session struct {
	hello   entry
	decodes bool // the line mode decodes messages
	ws      *websocket.Conn
	turn    chan struct{} // held by who says something and waits for what comes

	mu       sync.Mutex
	changed  chan struct{} // closed when something below changes
	entries  []entry       // the newest
	size     int           // of their payloads
	last     time.Time     // when something came
	bytes    int64         // that the server has sent
	messages int64         // from the server
	refused  string        // why the workbench did not take what was said last
	ended    *Ended
	told     uint64 // position up to which the agent was told
}

// Ended says how a session ended.
type Ended struct {
	Code string `json:"code" jsonschema:"such as server-closed, client-closed, server-failed, idle"`
	Text string `json:"text"`
}

// open opens a session.
func (c *client) open(ctx context.Context, target string, query url.Values, decodes bool) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	ws, err := c.upgrade(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &session{decodes: decodes, ws: ws, turn: make(chan struct{}, 1), changed: make(chan struct{}), last: time.Now(), told: 1}
	stop := context.AfterFunc(ctx, func() { ws.Close() })
	err = s.begin(target)
	if !stop() && err != nil {
		err = fmt.Errorf("the session did not begin: %w", context.Cause(ctx))
	}
	if err != nil {
		ws.Close()
		return nil, err
	}
	go s.hear()
	return s, nil
}

// begin names the target and awaits the hello.
func (s *session) begin(target string) error {
	s.ws.SetReadLimit(maxFrame)
	if err := s.ws.WriteMessage(websocket.TextMessage, []byte(target)); err != nil {
		return err
	}
	_, first, err := s.ws.ReadMessage()
	if err != nil {
		return err
	}
	words, failed := strings.CutPrefix(string(first), "FAIL:")
	if !failed && string(first) != "SUCC" {
		return errors.New("an agent cannot wait for a client; name a target to connect to")
	}
	var told []entry
	_, text, err := s.ws.ReadMessage()
	if err == nil {
		err = json.Unmarshal(text, &told)
	}
	switch {
	case failed && err == nil && len(told) == 1 && told[0].Code != "":
		return fmt.Errorf("%s (code %s)", core.Printable(words), told[0].Code)
	case failed:
		return errors.New(core.Printable(words))
	case err != nil || len(told) != 1 || told[0].Kind != "hello":
		return fmt.Errorf("the workbench began the session in an unknown way: %w", err)
	}
	s.hello = told[0]
	return nil
}

// hear takes what the workbench says, until the session ends or the connection does.
func (s *session) hear() {
	defer s.ws.Close()
	for {
		_, text, err := s.ws.ReadMessage()
		var told []entry
		if err == nil {
			err = json.Unmarshal(text, &told)
		}
		s.take(told, err)
		if err != nil {
			return
		}
	}
}

func (s *session) take(told []entry, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range told {
		switch {
		case e.Kind == "ended":
			s.ended = &Ended{e.Code, core.PrintableText(e.Text)}
		case e.Kind == "not-taken":
			s.refused = core.PrintableText(e.Text)
		case e.Dir != "":
			s.keep(e)
		}
	}
	if err != nil && s.ended == nil {
		s.ended = &Ended{"disconnected", "the connection to the workbench ended: " + err.Error()}
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// keep takes an entry, and drops old ones that are too much.
func (s *session) keep(e entry) {
	s.last = time.Now()
	if e.isFromServer() {
		s.bytes += int64(len(e.Text) + len(e.B64))
	}
	if e.isMessage(s.decodes) {
		s.messages++
	}
	const overhead = 200 // bytes of an entry beside its payload, about
	s.entries = append(s.entries, e)
	s.size += e.size() + overhead
	for s.size > MaxKept && len(s.entries) > 1 {
		s.size -= s.entries[0].size() + overhead
		s.entries[0] = entry{}
		s.entries = s.entries[1:]
	}
}

// say sends one message of workbench.v1.
func (s *session) say(message map[string]any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	s.ws.SetWriteDeadline(time.Now().Add(sendLimit))
	return s.ws.WriteMessage(websocket.TextMessage, text)
}

// until is what is waited for.
type until struct {
	quiet, limit    time.Duration
	bytes, messages int64 // from the server, since the session began; 0: none are waited for
}

// wait waits until the session is quiet or something else of what is waited for has come,
// and says what.
func (s *session) wait(ctx context.Context, u until) (what string, err error) {
	began := time.Now()
	for {
		s.mu.Lock()
		refused, ended, changed := s.refused, s.ended, s.changed
		came := u.bytes > 0 && s.bytes >= u.bytes || u.messages > 0 && s.messages >= u.messages
		quietAt := latest(s.last, began).Add(u.quiet)
		s.mu.Unlock()
		now := time.Now()
		switch {
		case refused != "":
			return "", errors.New(refused)
		case ended != nil:
			return "ended", nil
		case came:
			return "came", nil
		case !now.Before(began.Add(u.limit)):
			return "limit", nil
		case u.quiet > 0 && !now.Before(quietAt):
			return "quiet", nil
		}
		next := began.Add(u.limit)
		if u.quiet > 0 && quietAt.Before(next) {
			next = quietAt
		}
		timer := time.NewTimer(next.Sub(now))
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		timer.Stop()
		if err != nil {
			return "", err
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// end ends the session, and waits a little until it has.
func (s *session) end(ctx context.Context) {
	if s.hello.Attach != "" {
		s.say(map[string]any{"end": true})
	} else {
		s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(sendLimit))
	}
	s.wait(ctx, until{limit: closeLimit})
	s.ws.Close()
}
