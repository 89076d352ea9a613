package lesson

import (
	"fmt"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
	"pgregory.net/rapid"
)

// summary tells a step's verdict in a line: the points of each check, "!" where it does
// not hold, and the hint.
func summary(v *Verdict) string {
	var words []string
	for _, c := range v.Steps[0].Checks {
		mark := ""
		if !c.Holds {
			mark = "!"
		}
		words = append(words, fmt.Sprintf("%d/%d%s", c.Points, c.Of, mark))
	}
	if h := v.Steps[0].Hint; h != nil {
		words = append(words, h.Words)
	}
	return strings.Join(words, " ")
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, block string
		logs        []string
		want        string
	}{
		{"no connection", "check 2 a\n  client sent ^GET\nhint do it", nil, "0/2! do it"},
		{"all or nothing", "check 3 a\n  client sent ^GET\n  client sent ^PUT", []string{walk}, "0/3!"},
		{"partial credit is rounded down", "check 3 a\n  partial\n  client sent ^GET\n  client sent ^PUT", []string{walk}, "1/3!"},
		{"a group's conditions count each", "check 4 a\n  partial\n  client sent ^GET\n  any order\n    client sent ^Host\n    client sent ^PUT\n  server closed", []string{walk}, "3/4!"},
		{"partial, and all of it", "check 3 a\n  partial\n  client sent ^GET\n  server closed", []string{walk}, "3/3"},
		{"the best connection counts", "check 1 a\n  client sent ^GET\ncheck 1 b\n  server closed first", []string{hurried, walk, waiting}, "1/1 1/1"},
		{"not a bit of each", "check 1 a\n  client sent ^HEAD\ncheck 1 b\n  server closed first", []string{hurried, walk}, "0/1! 1/1"},
		{"another connection", "check 2 a\n  client sent ^GET\n  another connection\n  client sent ^HEAD", []string{walk, hurried}, "2/2"},
		{"another connection is a later one", "check 2 a\n  client sent ^GET\n  another connection\n  client sent ^HEAD", []string{hurried, walk}, "0/2!"},
		{"another connection is not the same", "check 2 a\n  client sent ^GET\n  another connection\n  client sent ^GET", []string{walk}, "0/2!"},
		{"partial over connections", "check 2 a\n  partial\n  client sent ^GET\n  another connection\n  client sent ^HEAD", []string{walk, waiting}, "1/2!"},
		{"together, checks may hold anywhere", "check 1 a\n  client sent ^HEAD\ncheck 1 b\n  server closed first\n  another connection\n  client sent .", []string{hurried, walk, waiting}, "1/1 1/1"},
		{"the first hint that fits", "check 1 a\n  client sent ^PUT\nhint one\n  client sent ^POST\nhint two\n  client sent ^GET\nhint three\n  client sent ^Host", []string{walk}, "0/1! two"},
		{"a hint needs all its conditions", "check 1 a\n  client sent ^PUT\nhint one\n  client sent ^GET\n  client sent ^POST\nhint two", []string{walk}, "0/1! two"},
		{"a hint for a mistake comes first", "check 1 a\n  client sent ^PUT\nhint one\ncheck 1 b\n  client sent ^POST\nhint two\n  client sent ^GET", []string{walk}, "0/1! 0/1! two"},
		{"no hint where the check holds", "check 1 a\n  client sent ^GET\nhint one\n  client sent ^GET", []string{walk}, "1/1"},
		{"not, and a hint for it", "check 1 a\n  not client sent ^GET\nhint one\n  client sent ^GET", []string{walk}, "0/1! one"},
	} {
		var logs []*transcript.Transcript
		for _, text := range c.logs {
			logs = append(logs, parsed(t, text))
		}
		if got := summary(lessonOf(t, c.block, nil).Judge(attempt(logs...))); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestQuiz(t *testing.T) {
	t.Parallel()
	l := lessonOf(t, "quiz 2 What?\n  right Yes, ${student.word}.\n  wrong No.\nhint not no\n  answer ^No\nquiz 1 How many?\n  answer ^4\\d$\nhint count", nil)
	word := strings.TrimSuffix(strings.TrimPrefix(l.Steps[0].Checks[0].Choices[0].Words, "Yes, "), ".")
	for answers, want := range map[string]string{
		"":                     "0/2! 0/1! count",
		"1|41":                 "2/2 1/1",
		"Yes, " + word + ".|4": "2/2 0/1! count",
		"2|40":                 "0/2! 1/1 not no",
		"No.|":                 "0/2! 0/1! not no",
		"3|x":                  "0/2! 0/1! count",
		" 1 | 49 ":             "2/2 1/1",
	} {
		first, second, _ := strings.Cut(answers, "|")
		if got := summary(l.Judge(Attempt{Answers: map[string]string{"1.1": first, "1.2": second}})); got != want {
			t.Errorf("%q: got %s, want %s", answers, got, want)
		}
	}
}

// A stage's transcript counts for this stage alone; one from elsewhere for any.
func TestStages(t *testing.T) {
	t.Parallel()
	golden := func(say, hear string) string {
		return fmt.Sprintf("workbench transcript v1\nmode raw\n\n<< server %q\n>> server %q\n", say, hear)
	}
	l := lessonOf(t, "your server 2000\nstage 2 a\n  plays a.golden\nstage 1 b\n  plays b.golden\n  server sent ^c$\nhint no c\n  not server sent ^c$",
		map[string]string{"a.golden": golden("a\n", "a\n"), "b.golden": golden("b\n", "b\nc\n")})
	a, b, wrong := "<< server \"a\\n\"\n>> server \"a\\n\"", "<< server \"b\\n\"\n>> server \"b\\nc\\n\"", "<< server \"b\\n\"\n>> server \"b\\n\""
	for _, c := range []struct {
		logs []string
		want string
	}{
		{nil, "0/2! 0/1! no c"},
		{[]string{a, b}, "2/2 1/1"},
		{[]string{b, a}, "2/2 1/1"},
		{[]string{"-- lesson stage 1.1\n" + a, "-- lesson stage 1.2\n" + wrong}, "2/2 0/1! no c"},
		{[]string{"-- lesson stage 1.2\n" + a, "-- lesson stage 1.1\n" + b}, "0/2! 0/1! no c"},
	} {
		var logs []*transcript.Transcript
		for _, text := range c.logs {
			logs = append(logs, parsed(t, text))
		}
		if got := summary(l.Judge(attempt(logs...))); got != c.want {
			t.Errorf("%q: got %s, want %s", c.logs, got, c.want)
		}
	}
	if l.Steps[0].Checks[0].Script() == nil {
		t.Error("a stage has nothing to play")
	}
}

// recut cuts the bytes of each run of one side anew.
func recut(t *rapid.T, log *transcript.Transcript) *transcript.Transcript {
	now := *log
	now.Entries = nil
	for i := 0; i < len(log.Entries); {
		e := log.Entries[i]
		isBytes := func(e *transcript.Entry) (data []byte, from core.Side) {
			switch {
			case e.Dir == transcript.Event && e.Event.Kind == core.ServerBytes:
				return e.Event.Data, core.Server
			case e.Dir == transcript.Action && e.Action.Kind == core.SendServer:
				return e.Action.Data, core.Client
			}
			return nil, 0
		}
		_, side := isBytes(&e)
		var run []byte
		for ; i < len(log.Entries); i++ {
			data, from := isBytes(&log.Entries[i])
			if from != side || side == 0 {
				break
			}
			run = append(run, data...)
		}
		if side == 0 {
			now.Entries = append(now.Entries, e)
			i++
			continue
		}
		for len(run) > 0 {
			n := rapid.IntRange(1, len(run)).Draw(t, "cut")
			piece := e
			if side == core.Server {
				piece.Event.Data = run[:n]
			} else {
				piece.Action.Data = run[:n]
			}
			now.Entries = append(now.Entries, piece)
			run = run[n:]
		}
	}
	return &now
}

// A verdict does not depend on how the streams were cut, but for segments and entries.
func TestVerdictIgnoresCuts(t *testing.T) {
	t.Parallel()
	conditions := []string{
		"client sent ^a", "client sent b$", "server sent ^a", "server sent ^$", "client stream (?s)a.b", "server stream b\\r\\n",
		"client bytes 61 62", "server bytes 0a 61", "no bare LF", "bare LF", "no bare LF from server", "bare LF from server", "server closed first", "client closed first",
		"server closed", "client closed", "server reset", "golden g.golden", "client golden g.golden", "server golden g.golden",
		"not client sent ^a", "not server stream ab", "any order\n    client sent a\n    server sent b",
	}
	files := map[string]string{"g.golden": "workbench transcript v1\nmode raw\n\n<< server \"a\\r\\n\"\n>> server \"ab\\r\\n\"\n>> server eof\n"}
	pieces := []string{"a", "b", "ab", "\r", "\n", "\r\n", "a\r\n", "\x00"}
	rapid.Check(t, func(t *rapid.T) {
		block := "check 9 one\n  partial"
		for i := range rapid.IntRange(2, 12).Draw(t, "conditions") {
			if block += "\n  " + rapid.SampledFrom(conditions).Draw(t, "condition"); i == 1 {
				block += "\ncheck 1 two"
				block += "\n  " + rapid.SampledFrom(conditions).Draw(t, "condition")
			}
		}
		block += "\nhint three\n  " + rapid.SampledFrom(conditions).Draw(t, "hint")
		all := map[string][]byte{textFile: []byte("# T\n## S\n```lesson\n" + block + "\n```\n"), "g.golden": []byte(files["g.golden"])}
		source, err := newSource(all, "t", nil)
		if err != nil {
			t.Fatal(err)
		}
		l, err := source.For("anna")
		if err != nil {
			t.Fatal(err)
		}
		log := &transcript.Transcript{Mode: "raw"}
		for range rapid.IntRange(4, 24).Draw(t, "entries") {
			data := []byte(rapid.SampledFrom(pieces).Draw(t, "data"))
			if rapid.Bool().Draw(t, "from the server") {
				log.Entries = append(log.Entries, transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: data}})
			} else {
				log.Entries = append(log.Entries, transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.SendServer, Data: data}})
			}
		}
		if end := rapid.SampledFrom([]core.EventKind{0, core.ServerEOF, core.ServerFailed, core.ClientClosed, core.ClientEOF}).Draw(t, "end"); end != 0 {
			log.Entries = append(log.Entries, transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: end}})
		}
		told := func(log *transcript.Transcript) string {
			v := l.Judge(attempt(log))
			var codes []string
			for _, c := range v.Steps[0].Checks {
				codes = append(codes, string(c.Code), c.Why)
			}
			return summary(v) + " " + strings.Join(codes, ", ")
		}
		if whole, cut := told(log), told(recut(t, log)); whole != cut {
			t.Fatalf("got %s, want %s", cut, whole)
		}
	})
}

func TestJudgeStep(t *testing.T) {
	t.Parallel()
	l := lessonOf(t, "check 1 a\n  client sent .", nil)
	for _, n := range []int{-1, 0, 2} {
		if _, err := l.JudgeStep(n, Attempt{}); err == nil {
			t.Errorf("there is a step %d", n)
		}
	}
	if v, err := l.JudgeStep(1, attempt(parsed(t, walk))); err != nil || !v.Passed || v.Points != 1 || v.Of != 1 {
		t.Errorf("got %+v, %v", v, err)
	}
}

// What a student says past MaxJudged does not count, and of connections the last ones do.
func TestJudgedBounds(t *testing.T) {
	t.Parallel()
	l := lessonOf(t, "check 1 a\n  client sent ^late$", nil)
	reached := lessonOf(t, "check 1 a\n  golden g", map[string]string{"g": "workbench transcript v1\nmode raw\n\n<< server \"" + strings.Repeat("x", 99) + "\"\n"})
	long := &transcript.Transcript{Mode: "raw"}
	for range MaxJudged/(64<<10) + 1 {
		long.Entries = append(long.Entries, transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.SendServer, Data: []byte(strings.Repeat("x", 64<<10-1) + "\n")}})
	}
	late := parsed(t, `<< server "late\n"`)
	long.Entries = append(long.Entries, late.Entries...)
	if v := l.Judge(attempt(long)); v.Passed {
		t.Error("what came past the bound counts")
	}
	if v := reached.Judge(attempt(long)); v.Steps[0].Checks[0].Code != CodeDiffers {
		t.Error("what is more than the golden counts as the golden")
	}
	logs := []*transcript.Transcript{late}
	for range MaxConnections {
		logs = append(logs, parsed(t, waiting))
	}
	if v := l.Judge(attempt(logs...)); v.Passed {
		t.Error("a connection past the bound counts")
	}
	if v := l.Judge(attempt(logs[:MaxConnections]...)); !v.Passed {
		t.Error("a connection within the bound does not count")
	}
}
