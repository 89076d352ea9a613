package shared

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// This file is for what workbenches tell each other while they run. Nothing of it is kept:
// who does not hear it at the time does not hear it.

// toldSubject returns where a workbench tells something of a kind.
func (l *Log) toldSubject(kind, gateway string) string {
	return "wb." + l.c.Tenant + ".t." + kind + "." + gateway
}

// Tell tells the other workbenches something of a kind, which has letters and digits only.
// They may miss it. A text may have up to register.MaxText bytes.
func (l *Log) Tell(kind string, text []byte) error {
	return l.nc.Publish(l.toldSubject(kind, l.c.Gateway), text)
}

// Hear calls heard with what other workbenches tell of a kind, and the name of who tells
// it, until ctx is done.
func (l *Log) Hear(ctx context.Context, kind string, heard func(from string, text []byte)) error {
	told, err := l.nc.Subscribe(l.toldSubject(kind, "*"), func(m *nats.Msg) {
		from := m.Subject[strings.LastIndexByte(m.Subject, '.')+1:]
		if from != l.c.Gateway {
			heard(from, m.Data)
		}
	})
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-l.ctx.Done():
	}
	return told.Unsubscribe()
}

// askedSubject returns where something of a kind is asked.
func (l *Log) askedSubject(kind string) string { return "wb." + l.c.Tenant + ".q." + kind }

// Answer answers what other workbenches ask of a kind, until ctx is done. An answer that is
// nil is not given: another one may know.
func (l *Log) Answer(ctx context.Context, kind string, answer func(text []byte) []byte) error {
	asked, err := l.nc.Subscribe(l.askedSubject(kind), func(m *nats.Msg) {
		if m.Header.Get(fromHeader) == l.c.Gateway {
			return
		}
		if text := answer(m.Data); text != nil {
			m.Respond(text)
		}
	})
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-l.ctx.Done():
	}
	return asked.Unsubscribe()
}

// fromHeader names the workbench that asks.
const fromHeader = "Wb-From"

// peerLimit is how long other workbenches have to answer.
const peerLimit = time.Second

// question returns a message that asks something of a kind.
func (l *Log) question(kind string, text []byte) *nats.Msg {
	m := &nats.Msg{Subject: l.askedSubject(kind), Data: text, Header: nats.Header{}}
	m.Header.Set(fromHeader, l.c.Gateway)
	return m
}

// Ask returns the first answer of another workbench; nil: none came within a second. Its
// error says that none can be asked now.
func (l *Log) Ask(ctx context.Context, kind string, text []byte) ([]byte, error) {
	if l.isReady() && l.mirror.others(l.c.Gateway, l.deadAfter) == 0 {
		return nil, nil
	}
	asked, cancel := context.WithTimeout(ctx, peerLimit)
	defer cancel()
	m, err := l.nc.RequestMsgWithContext(asked, l.question(kind, text))
	switch {
	case err == nil:
		return m.Data, nil
	case errors.Is(err, nats.ErrNoResponders), asked.Err() != nil && l.nc.IsConnected():
		return nil, nil
	}
	return nil, err
}

// AskAll returns the answers of all other workbenches that run, as far as they come within a
// second.
func (l *Log) AskAll(ctx context.Context, kind string, text []byte) (answers [][]byte) {
	ctx, cancel := context.WithTimeout(ctx, peerLimit)
	defer cancel()
	in, err := l.nc.SubscribeSync(l.nc.NewInbox())
	if err != nil {
		return nil
	}
	defer in.Unsubscribe()
	m := l.question(kind, text)
	m.Reply = in.Subject
	if l.nc.PublishMsg(m) != nil {
		return nil
	}
	for len(answers) < l.mirror.others(l.c.Gateway, l.deadAfter) {
		answer, err := in.NextMsgWithContext(ctx)
		if err != nil || len(answer.Data) == 0 && answer.Header.Get("Status") != "" { // nobody listens
			break
		}
		answers = append(answers, answer.Data)
	}
	return answers
}
