package shared

import (
	"context"
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

// Answer answers what other workbenches ask of a kind, until ctx is done, if known says
// that it can.
func (l *Log) Answer(ctx context.Context, kind string, known func(text []byte) bool) error {
	asked, err := l.nc.Subscribe(l.askedSubject(kind), func(m *nats.Msg) {
		if known(m.Data) {
			m.Respond([]byte(l.c.Gateway))
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

// Ask returns the name of another workbench that knows something of a kind; "": nobody
// answered within a second.
func (l *Log) Ask(ctx context.Context, kind string, text []byte) (gateway string) {
	ctx, cancel := context.WithTimeout(ctx, peerLimit)
	defer cancel()
	m, err := l.nc.RequestWithContext(ctx, l.askedSubject(kind), text)
	if err != nil || string(m.Data) == l.c.Gateway {
		return ""
	}
	return string(m.Data)
}

// peerLimit is how long other workbenches have to answer.
const peerLimit = time.Second
