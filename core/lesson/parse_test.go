package lesson

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/protocol-workbench/workbench/core/transcript"
)

// What cannot be used is told with its file and line.
func TestErrors(t *testing.T) {
	t.Parallel()
	step := func(block string) string { return "# T\n## S\n```lesson\n" + block + "\n```\n" }
	for _, c := range []struct{ text, want string }{
		{"", "lesson.md:1: expected the lesson's title"},
		{"text\n# T\n## S\n", "lesson.md:1: expected the lesson's title"},
		{"# T\n", "lesson.md:1: expected a step"},
		{"# T\n## S\n\ntext\n", "lesson.md:2: expected a check, quiz or stage"},
		{"# T\n## S\n```\n", "lesson.md:3: expected the end of the block"},
		{"# T\n```lesson\nmodes a\n```\n## S\n", "lesson.md:3: expected summary"},
		{"# T\n```lesson\nminutes 0\n```\n## S\n", "lesson.md:3: expected minutes"},
		{"# T\n```lesson\nmode 1\n```\n## S\n", "lesson.md:3: expected a name after mode"},
		{"# T\n```lesson\nwith lines strict\n```\n## S\n", "lesson.md:3: expected practice above with"},
		{"# T\n```lesson\npractice http\nwith lines loose\n```\n## S\n", "lesson.md:4: expected with lines lenient"},
		{"# T ${student.shoe}\n", "lesson.md:1: expected ${student.seed}"},
		{"# T\n\n${student.word\n", "lesson.md:3: expected a } after"},
		{"# T\n\n${student.number 5 1}\n", "lesson.md:3: expected ${student.seed}"},
		{step("check two a\n  client sent a"), "lesson.md:4: expected points"},
		{step("check 101 a\n  client sent a"), "lesson.md:4: expected points"},
		{step("check 1\n  client sent a"), "lesson.md:4: expected points"},
		{step("check 1 a"), "lesson.md:4: expected a condition below"},
		{step("  client sent a"), "lesson.md:4: expected a check, quiz or stage above"},
		{step("hint a"), "lesson.md:4: expected a check above"},
		{step("check 1 a\n  client sent a\nhint"), "lesson.md:6: expected words after hint"},
		{step("check 1 a\n  client said a"), "lesson.md:5: expected client sent"},
		{step("check 1 a\n  client sent"), "lesson.md:5: expected a regexp"},
		{step("check 1 a\n  client sent ("), "lesson.md:5: expected a regexp: missing closing )"},
		{step("check 1 a\n  client sent " + strings.Repeat("a", MaxRegexp+1)), "lesson.md:5: expected a regexp of at most"},
		{step("check 1 a\n  client bytes 0"), "lesson.md:5: expected bytes in hex"},
		{step("check 1 a\n  at least 0 segments"), "lesson.md:5: expected at least N segments"},
		{step("check 1 a\n  at least 2 segments from me"), "lesson.md:5: expected from client"},
		{step("check 1 a\n  golden g.golden"), `lesson.md:5: expected a file of the lesson; there is no "g.golden"`},
		{step("check 1 a\n  golden bad.golden"), "bad.golden:1: expected"},
		{step("check 1 a\n  golden empty.golden"), "empty.golden:1: expected a transcript in which something crossed"},
		{step("check 1 a\n  golden big.golden"), "big.golden:4: expected less than 262144 bytes of each side"},
		{step("check 1 a\n  golden value.golden"), "value.golden:4: expected ${student.seed}"},
		{step("check 1 a\n  not another connection"), "lesson.md:5: expected no not before"},
		{step("check 1 a\n  another connection\n  client sent a"), "lesson.md:5: expected conditions around"},
		{step("check 1 a\n  client sent a\n  another connection"), "lesson.md:6: expected conditions around"},
		{step("check 1 a\n  any order\n  client sent a"), "lesson.md:5: expected conditions around"},
		{step("check 1 a\n  any order\n    any order"), "lesson.md:6: expected no any order below"},
		{step("check 1 a\n  answer a"), "lesson.md:5: expected answer below a quiz"},
		{step("check 1 a\n  client sent a\nclient sent b"), "lesson.md:6: expected check, quiz, stage or hint"},
		{step("quiz 1 a\n  right b"), "lesson.md:4: expected answer REGEXP below the quiz"},
		{step("quiz 1 a\n  right b\n  wrong c\n  answer d"), "lesson.md:4: expected answer REGEXP below the quiz"},
		{step("quiz 1 a\n  client sent b"), "lesson.md:5: expected right, wrong"},
		{step("stage 1 a\n  plays g.golden"), "lesson.md:5: expected a file"},
		{step("stage 1 a\n  client sent a"), "lesson.md:4: expected plays FILE below the stage"},
		{step("your server 80"), "lesson.md:4: expected your server PORT"},
		{step(strings.Repeat("check 1 a\n  client sent a\n", MaxChecks+1)), "expected at most 32 checks"},
		{step("check 1 a\n" + strings.Repeat("  client sent a\n", MaxConditions+1)), "expected at most 512 conditions"},
		{step("check 1 a\n  client sent a\n" + strings.Repeat("hint b\n", MaxHints+1)), "expected at most 16 hints"},
		{step("quiz 1 a\n  right b\n" + strings.Repeat("  wrong c\n", MaxChoices)), "at most 16 choices"},
		{step("check 1 " + strings.Repeat("a", MaxLine)), "lesson.md:4: expected at most 4096 bytes in a line"},
		{"# T\n" + strings.Repeat("## S\n", MaxSteps+1), "expected at most 32 steps"},
		{"# T\n\xff\n", "lesson.md:2: expected UTF-8"},
	} {
		_, err := newSource(map[string][]byte{
			textFile: []byte(c.text), "bad.golden": []byte("no"), "empty.golden": []byte("workbench transcript v1\nmode raw\n"),
			"big.golden":   []byte("workbench transcript v1\nmode raw\n\n<< server \"" + strings.Repeat("a", MaxJudged) + "\"\n"),
			"value.golden": []byte("workbench transcript v1\nmode raw\n\n<< server \"${shoe}\"\n"),
		}, "t", nil)
		var told *Error
		if !errors.As(err, &told) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.200q: got %v, want %s", c.text, err, c.want)
		}
	}
}

// What a lesson is made of, from a folder and from an archive.
func TestOpen(t *testing.T) {
	t.Parallel()
	const text = "\uFEFF# The teapot\r\n\n```lesson\nsummary Tea for ${student.word}.\nminutes 15\npractice http\nwith lines lenient\nmode http-line\noption eol lf\n```\n\nAbove.\n\n" +
		"## One\n\nA fence:\n\n````\n## no step\n```lesson\n````\n\n```lesson\n# a comment\ncheck 2 a $${b}\n\tclient sent ^${student.word}$\n```\nBelow.\n\n" +
		"## Two\n```lesson\nmode raw\ntarget localhost:7\nquiz 3 q?\n  shows one.transcript\n  answer ^a$\n```\n"
	files := map[string]string{"lesson.md": text, "one.transcript": "workbench transcript v1\nmode raw\n\n<< server \"${student.word}\"\n"}
	folder, archive := fstest.MapFS{".git/x": {Data: []byte("\xff")}, ".x": {Data: []byte("\xff")}}, ""
	for name, data := range files {
		folder[name] = &fstest.MapFile{Data: []byte(data)}
		archive += "-- " + name + " --\n" + strings.TrimPrefix(data, "\uFEFF")
	}
	fromFolder, err := Open(folder, "teapot", nil)
	if err != nil {
		t.Fatal(err)
	}
	fromArchive, err := OpenArchive([]byte(archive), "teapot", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Source{fromFolder, fromArchive} {
		l, err := s.For("anna")
		if err != nil {
			t.Fatal(err)
		}
		word, _ := student{"anna", nil}.value("student.word")
		if l.Title != "The teapot" || l.Summary != "Tea for "+word+"." || l.Minutes != 15 || l.Text != "Above." || len(l.Steps) != 2 {
			t.Errorf("got %+v", l)
		}
		one, two := l.Steps[0], l.Steps[1]
		if want := "A fence:\n\n````\n## no step\n```lesson\n````\n\nBelow."; one.Text != want {
			t.Errorf("got the text %q, want %q", one.Text, want)
		}
		if s := one.Setting; s.Practice != "http" || s.With[0] != (transcript.OptionValue{Name: "lines", Value: "lenient"}) || s.Mode != "http-line" || s.Options[0].Value != "lf" {
			t.Errorf("got %+v", s)
		}
		if s := two.Setting; s.Practice != "" || s.With != nil || s.Target != "localhost:7" || s.Mode != "raw" || s.Options != nil {
			t.Errorf("got %+v", s)
		}
		if c := one.Checks[0]; c.Words != "a ${b}" || c.conditions[0].re.String() != "^"+word+"$" || one.Points != 2 {
			t.Errorf("got %+v", c)
		}
		if c := two.Checks[0]; !strings.Contains(c.Shows, `"`+word+`"`) || two.Points != 3 {
			t.Errorf("got %+v", c)
		}
	}
}

func TestOpenBounds(t *testing.T) {
	t.Parallel()
	many := fstest.MapFS{}
	for i := range MaxFiles + 1 {
		many["f"+strings.Repeat("x", i)] = &fstest.MapFile{}
	}
	for want, folder := range map[string]fstest.MapFS{
		"expected at most 256 files":      many,
		"big: expected at most":           {"big": {Data: make([]byte, MaxFile+1)}},
		"lesson.md: no such file":         {},
		"expected a lesson's name":        {"lesson.md": {Data: []byte("# T")}},
		"expected files of at most 41943": {"a": {Data: make([]byte, MaxFile)}, "b": {Data: make([]byte, MaxFile)}, "c": {Data: make([]byte, MaxFile)}, "d": {Data: make([]byte, MaxFile)}, "e": {Data: make([]byte, MaxFile)}, "f": {Data: make([]byte, MaxFile)}, "g": {Data: make([]byte, MaxFile)}, "h": {Data: make([]byte, MaxFile)}, "i": {Data: make([]byte, 1)}},
	} {
		name := "t"
		if strings.Contains(want, "name") {
			name = "no name"
		}
		if _, err := Open(folder, name, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for want, archive := range map[string]string{
		"expected at most 4194304 bytes": strings.Repeat("x", MaxArchive+1),
		"a: expected one file":           "-- a --\n-- a --\n",
		"expected a path within":         "-- ../a --\n",
		"expected at most 256 files":     strings.Repeat("-- a --\n", 0) + manyFiles(),
		"a: expected at most 524288":     "-- a --\n" + strings.Repeat("x", MaxFile+1),
	} {
		if _, err := OpenArchive([]byte(archive), "t", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func manyFiles() string {
	var b strings.Builder
	for i := range MaxFiles + 1 {
		b.WriteString("-- f" + strings.Repeat("x", i) + " --\n")
	}
	return b.String()
}

// Values are the same each time for a student, and differ between students.
func TestValues(t *testing.T) {
	t.Parallel()
	value := func(seed, name string) string {
		v, err := student{seed, func(seed, name string) (string, bool) { return seed + "@example.test", name == "mail.address" }}.value(name)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for name, want := range map[string]string{ // they must never change: transcripts are judged by them later
		"student.seed": "anna", "student.word": "blue-pine", "student.length": "9", "student.word mailbox": "glad-breeze",
		"student.number 1 100": "68", "student.number 7 7": "7", "student.number 1 100 port": "23", "mail.address": "anna@example.test",
	} {
		if got := value("anna", name); got != want {
			t.Errorf("${%s}: got %s, want %s", name, got, want)
		}
	}
	words := map[string]bool{}
	for i := range 30 {
		words[value("student-"+string(rune('a'+i)), "student.word")] = true
	}
	if len(words) < 28 {
		t.Errorf("30 students have %d words", len(words))
	}
	if len(adjectives) != 64 || len(nouns) != 64 {
		t.Errorf("%d adjectives, %d nouns", len(adjectives), len(nouns))
	}
	s := sourceOf(t, "# T\n## S\n```lesson\ncheck 1 a\n  client sent a\n```\n", nil)
	for seed, valid := range map[string]bool{"a.B-1_": true, "a b": false, "ä": false, "\"": false, strings.Repeat("a", MaxSeed+1): false} {
		if _, err := s.For(seed); (err == nil) != valid {
			t.Errorf("seed %q: %v", seed, err)
		}
	}
}

// Whatever is written, a lesson is made or an *Error says why not; and it judges.
func FuzzOpenArchive(f *testing.F) {
	for _, block := range []string{
		"check 1 a\n  client sent ^${student.word}$\nhint b\n  not bare LF", "check 2 a\n  partial\n  any order\n    client bytes 00\n    at least 2 segments in a\n  golden g",
		"quiz 1 a\n  right b\n  wrong c\n  shows g", "your server 2000\nstage 1 a\n  plays g", "check 1 a\n  client stream a\n  another connection\n  entry b",
		"check 1 a\n  http.method = ${student.word}\n  server http.status ~ ^4\n  any order\n    http.end wrong\n    not client http.a = b",
	} {
		f.Add([]byte("-- lesson.md --\n# T\n## S\n```lesson\n" + block + "\n```\n-- g --\nworkbench transcript v1\nmode raw\n\n<< server \"${student.word}\"\n-- tests/cases.txt --\ncase a\n  transcript ../g\n  passed\n"))
	}
	log := parsed(f, decoded)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := OpenArchive(data, "t", nil)
		var told *Error
		if err != nil {
			if !errors.As(err, &told) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		l, err := s.For("anna")
		if err != nil {
			if !errors.As(err, &told) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		v := l.Judge(attempt(log, log))
		if v.Points > v.Of || v.Passed && v.Points != v.Of {
			t.Errorf("got %+v", v)
		}
		cases, err := s.Cases()
		if err != nil && !errors.As(err, &told) {
			t.Fatalf("%T: %v", err, err)
		}
		for i := range min(len(cases), 4) {
			if _, err := s.Try(&cases[i]); err != nil && !errors.As(err, &told) {
				t.Fatalf("%T: %v", err, err)
			}
		}
	})
}
