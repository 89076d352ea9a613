package lesson

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

const benchBlock = "check 2 a\n  client sent ^GET / HTTP/1\\.0$\n  client sent ^Host: b$\nhint no\n  bare LF\ncheck 1 b\n  server sent ^HTTP/1.. 200\n  server closed first\n  no bare LF\nhint closed\n  client closed first"

// A verdict while a session runs: on a short one, and on one past every bound.
func BenchmarkJudge(b *testing.B) {
	for _, c := range []struct {
		name, block string
		entries     int
	}{{"short", benchBlock, 0}, {"large", benchBlock, 4000}, {"large with a golden", benchBlock + "\ncheck 1 c\n  golden g", 4000}} {
		b.Run(c.name, func(b *testing.B) {
			l := lessonOf(b, c.block, map[string]string{"g": "workbench transcript v1\nmode raw\n\n<< server \"GET / HTTP/1.0\\r\\n\"\n"})
			log := parsed(b, strings.TrimSuffix(walk, ">> server eof"))
			for range c.entries {
				log.Entries = append(log.Entries, transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: []byte(strings.Repeat("x", 1000) + "\r\n")}})
			}
			a := attempt(log)
			for b.Loop() {
				l.Judge(a)
			}
		})
	}
}

// A lesson is made for each student.
func BenchmarkFor(b *testing.B) {
	s := sourceOf(b, "# T\n## S\n```lesson\n"+benchBlock+"\n```\n", nil)
	for b.Loop() {
		if _, err := s.For("anna"); err != nil {
			b.Fatal(err)
		}
	}
}
