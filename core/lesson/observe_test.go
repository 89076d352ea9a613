package lesson

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/transcript"
)

// parsed is a transcript of the entries.
func parsed(t testing.TB, entries string) *transcript.Transcript {
	t.Helper()
	log, err := transcript.Parse("log", []byte("workbench transcript v1\nmode raw\n\n"+entries+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// lessonOf is a lesson of one step with this block; files are further ones.
func lessonOf(t testing.TB, block string, files map[string]string) *Lesson {
	t.Helper()
	l, err := sourceOf(t, "# T\n## S\n```lesson\n"+block+"\n```\n", files).For("anna")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func sourceOf(t testing.TB, text string, files map[string]string) *Source {
	t.Helper()
	all := map[string][]byte{textFile: []byte(text)}
	for name, data := range files {
		all[name] = []byte(data)
	}
	s, err := newSource(all, "t", nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func attempt(logs ...*transcript.Transcript) Attempt {
	var a Attempt
	for _, log := range logs {
		a.Connections = append(a.Connections, Connection{Log: log})
	}
	return a
}

const walk = `>> client text "GET / HTTP/1.0"
<< server "GET / HTTP/1.0\r\n"
>> client text "Host: a"
<< server "Ho"
<< server "st: a\r\n\r\n"
>> server "HTTP/1.0 200 O"
>> server "K\r\nA: b\r\n\r\n\x00\x05ok"
>> server eof`

const hurried = `>> client text "HEAD"
<< server "HEAD\n"
>> client closed`

const broken = `<< server "a\r\n"
>> server failed "connection reset"`

const waiting = `<< server "a\r\n"
>> server "login: "`

// Each condition, where it holds, and where it does not: with the code that says why.
func TestConditions(t *testing.T) {
	t.Parallel()
	golden := map[string]string{
		"walk.golden": "workbench transcript v1\nmode raw\n\n<< server \"GET / HTTP/1.0\\r\\nHost: a\\r\\n\\r\\n\"\n" +
			"~~ until \"\\r\\n\\r\\n\"\n>> server \"HTTP/1.0 404 No\\r\\n\\r\\n\\x00\\x05ok\"\n",
	}
	for _, c := range []struct {
		conditions, log string
		code            Code // "" where it holds
		entry           int  // that shows it, from 1; 0: none
	}{
		{"client sent ^GET / HTTP", walk, "", 2},
		{"client sent ^POST", walk, CodeMissing, 0},
		{"client sent ^Host: a$", walk, "", 5},
		{"server sent ^HTTP/1.0 200 OK$", walk, "", 7},
		{"server sent ^GET", walk, CodeMissing, 0},
		{"server sent ^login: $", waiting, "", 2},
		{"client sent ^Host\nclient sent ^GET", walk, CodeMissing, 5},
		{"client sent ^GET\nclient sent ^Host\nserver sent ^A", walk, "", 7},
		{"server sent 200\nclient sent ^Host", walk, CodeMissing, 7},
		{"client stream (?s)^GET .*\\r\\nHost: a\\r\\n\\r\\n$", walk, "", 5},
		{"client stream GET / HTTP/1.0\\r\\n\nclient sent ^Host", walk, "", 5},
		{"client stream Host\nclient stream GET", walk, CodeMissing, 5},
		{"server bytes 00 05 6f", walk, "", 7},
		{"server bytes 00 06", walk, CodeMissing, 0},
		{"server bytes 00 05\nserver bytes 00 05", walk, CodeMissing, 7},
		{"server closed", walk, "", 8},
		{"server closed", hurried, CodeOpen, 0},
		{"client closed", hurried, "", 3},
		{"server closed first", walk, "", 8},
		{"server closed first", hurried, CodeClosedFirst, 3},
		{"server closed first", waiting, CodeOpen, 0},
		{"client closed first", hurried, "", 3},
		{"client closed first", walk, CodeClosedFirst, 8},
		{"server reset", broken, "", 2},
		{"server reset", walk, CodeOpen, 0},
		{"no bare LF", walk, "", 0},
		{"no bare LF", hurried, CodeBareLF, 2},
		{"no bare LF", "<< server \"a\"", CodeMissing, 0},
		{"no bare LF from server", walk, "", 0},
		{"bare LF", hurried, "", 2},
		{"bare LF", walk, CodeMissing, 0},
		{"at least 3 segments", walk, "", 5},
		{"at least 4 segments", walk, CodeSegments, 0},
		{"at least 2 segments from server", walk, "", 7},
		{"at least 2 segments in ^Host", walk, "", 5},
		{"at least 2 segments in ^GET", walk, CodeSegments, 0},
		{"at least 2 segments from server in ^HTTP", walk, "", 7},
		{"golden walk.golden", walk, "", 0},
		{"golden walk.golden", hurried, CodeDiffers, 2},
		{"golden walk.golden", "<< server \"GET / HTTP/1.0\\r\\n\"", CodeDiffers, 0},
		{"client golden walk.golden", walk, "", 0},
		{"server golden walk.golden", walk, "", 0},
		{"server golden walk.golden", hurried, CodeDiffers, 0},
		{"entry ^>> client text \"GET", walk, "", 1},
		{"entry ^<< note", walk, CodeMissing, 0},
		{"entry client text\nclient sent ^GET", walk, "", 2},
		{"any order\n    client sent ^Host\n    client sent ^GET\nserver sent 200", walk, "", 7},
		{"any order\n    client sent ^Host\n    client sent ^PUT\nserver sent 200", walk, CodeMissing, 5},
		{"not client sent ^POST", walk, "", 0},
		{"not client sent ^GET", walk, CodeUnwanted, 2},
		{"server sent 200\nnot client sent ^GET", walk, "", 7},
		{"not server closed first", hurried, "", 0},
	} {
		l := lessonOf(t, "check 1 it holds\n  "+strings.ReplaceAll(c.conditions, "\n", "\n  "), golden)
		got := l.Judge(attempt(parsed(t, c.log))).Steps[0].Checks[0]
		entry := 0
		if got.Shown != nil {
			entry = got.Shown.Entry
		}
		if got.Holds != (c.code == "") || got.Code != c.code || entry != c.entry {
			t.Errorf("%q in\n%s\ngot %+v, entry %d; want code %q, entry %d", c.conditions, c.log, got, entry, c.code, c.entry)
		}
		if got.Holds == (got.Why != "") {
			t.Errorf("%q: why is %q", c.conditions, got.Why)
		}
	}
}

// The header of a transcript can be asked for, too.
func TestHeaderConditions(t *testing.T) {
	t.Parallel()
	log := parsed(t, waiting)
	log.Options = []transcript.OptionValue{{Name: "eol", Value: "lf"}}
	log.Target = "127.0.0.1:7"
	for condition, want := range map[string]Code{
		"mode ^raw$": "", "mode http": CodeSetting, "option eol ^lf$": "", "option eol crlf": CodeSetting,
		"option charset .": CodeSetting, "target :7$": "", "not target :7$": CodeUnwanted,
	} {
		l := lessonOf(t, "check 1 it holds\n  "+condition, nil)
		if got := l.Judge(attempt(log)).Steps[0].Checks[0]; got.Code != want || got.Holds != (want == "") {
			t.Errorf("%s: got %+v, want code %q", condition, got, want)
		}
	}
}
