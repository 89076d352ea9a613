package lesson

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// parser makes one student's lesson of a source.
type parser struct {
	source     *Source
	values     student
	file       string
	line       int
	conditions int
	goldens    map[string]*golden
}

// block is a fence of lesson.md whose first line is ```lesson.
type block struct {
	line  int // of its first line within
	lines []string
}

// section is what a heading stands above.
type section struct {
	title  string
	line   int
	text   strings.Builder
	blocks []block
}

const blockFence = "lesson"

// lesson reads lesson.md and all that it names.
func (p *parser) lesson() (*Lesson, error) {
	text, ok := p.source.files[textFile]
	if !ok {
		return nil, &Error{textFile, 0, "no such file in the lesson"}
	}
	p.goldens = map[string]*golden{}
	sections, err := p.sections(string(text))
	if err != nil {
		return nil, err
	}
	l := &Lesson{Name: p.source.name, seed: p.values.seed, Title: sections[0].title, Text: strings.TrimSpace(sections[0].text.String())}
	for _, b := range sections[0].blocks {
		if err := p.settings(l, b); err != nil {
			return nil, err
		}
	}
	if l.Title == "" {
		return nil, &Error{textFile, 1, "expected the lesson's title above all else: a line that begins with #"}
	}
	for _, s := range sections[1:] {
		step, err := p.step(s, l.Setting)
		if err != nil {
			return nil, err
		}
		step.N = len(l.Steps) + 1
		l.Steps = append(l.Steps, step)
	}
	if len(l.Steps) == 0 {
		return nil, &Error{textFile, 1, "expected a step: a line that begins with ##, its text and a block lesson with its checks"}
	}
	return l, nil
}

// sections cuts lesson.md at its headings, and takes the blocks out.
func (p *parser) sections(text string) ([]*section, error) {
	at := &section{line: 1}
	all := []*section{at}
	fence := ""
	var in *block
	opened := 0
	for line := range strings.Lines(text) {
		p.line++
		line = strings.TrimSuffix(line, "\n")
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case fence != "" && len(ticks) >= len(fence) && strings.TrimSpace(line[len(ticks):]) == "":
			fence = ""
			if in != nil {
				at.blocks = append(at.blocks, *in)
				in = nil
				continue
			}
		case in != nil:
			in.lines = append(in.lines, line)
			continue
		case fence == "" && len(ticks) >= 3:
			fence, opened = ticks, p.line
			if strings.TrimSpace(line[len(ticks):]) == blockFence {
				in = &block{line: p.line + 1}
				continue
			}
		case fence == "" && strings.HasPrefix(line, "# ") && len(all) == 1 && at.title == "" && strings.TrimSpace(at.text.String()) == "":
			title, err := p.values.expand(strings.TrimSpace(line[2:]), plain)
			if err != nil {
				return nil, p.errorf("%v", err)
			}
			at.title, at.line = title, p.line
			continue
		case fence == "" && strings.HasPrefix(line, "## "):
			if len(all) > MaxSteps {
				return nil, p.errorf("expected at most %d steps", MaxSteps)
			}
			title, err := p.values.expand(strings.TrimSpace(line[3:]), plain)
			if err != nil {
				return nil, p.errorf("%v", err)
			}
			at = &section{title: title, line: p.line}
			all = append(all, at)
			continue
		}
		line, err := p.values.expand(line, plain)
		if err != nil {
			return nil, p.errorf("%v", err)
		}
		at.text.WriteString(line + "\n")
	}
	if fence != "" {
		p.line = opened
		return nil, p.errorf("expected the end of the block that begins here: a line %s", fence)
	}
	return all, nil
}

func (p *parser) errorf(format string, args ...any) error {
	return &Error{p.file, p.line, fmt.Sprintf(format, args...)}
}

// wrap says where an error is, unless it does.
func (p *parser) wrap(err error) error {
	var placed *Error
	if err == nil || errors.As(err, &placed) {
		return err
	}
	return p.errorf("%v", err)
}

// each calls take with the lines of a block that say something, and how far they are
// indented.
func (p *parser) each(b block, take func(indent int, line string) error) error {
	for i, line := range b.lines {
		p.line = b.line + i
		said := strings.TrimSpace(line)
		if said == "" || strings.HasPrefix(said, "#") {
			continue
		}
		if len(said) > MaxLine {
			return p.errorf("expected at most %d bytes in a line", MaxLine)
		}
		if err := take(len(line)-len(strings.TrimLeft(line, " \t")), said); err != nil {
			return p.wrap(err)
		}
	}
	return nil
}

// settings takes the block above the first step.
func (p *parser) settings(l *Lesson, b block) error {
	return p.each(b, func(_ int, line string) (err error) {
		word, rest := cutWord(line)
		switch word {
		case "summary":
			l.Summary, err = p.values.expand(rest, plain)
		case "minutes":
			if l.Minutes, err = strconv.Atoi(rest); err != nil || l.Minutes < 1 || l.Minutes > 24*60 {
				err = fmt.Errorf("expected minutes from 1 to %d; found %s", 24*60, shown(rest))
			}
		default:
			var ok bool
			if ok, err = p.setting(&l.Setting, word, rest); !ok && err == nil {
				err = fmt.Errorf("expected summary, minutes, mode, option, practice, with, target or your server; found %s", shown(line))
			}
		}
		return err
	})
}

// setting takes a line that says whom a student talks to and how; ok is false if it is
// another line.
func (p *parser) setting(s *Setting, word, rest string) (ok bool, err error) {
	if rest, err = p.values.expand(rest, plain); err != nil {
		return true, err
	}
	switch word {
	case "mode", "practice":
		if !core.ValidName(rest) {
			return true, fmt.Errorf("expected a name after %s; found %s", word, shown(rest))
		}
		if word == "mode" {
			s.Mode, s.Options = rest, nil
			return true, nil
		}
		s.Practice, s.With, s.Target, s.YourServer, s.Port = rest, nil, "", false, 0
	case "option":
		name, value := cutWord(rest)
		if !core.ValidName(name) {
			return true, fmt.Errorf("expected a name and a value after option; found %s", shown(rest))
		}
		s.Options = withOption(s.Options, name, value)
	case "with":
		name, value := cutWord(rest)
		switch name + " " + value {
		case "lines strict", "lines lenient", "fragment ", "slow ", "closing half-close", "closing reset", "closing cut":
		default:
			return true, fmt.Errorf("expected with lines lenient, with lines strict, with fragment, with slow, or with closing half-close, reset or cut; found %s", shown(rest))
		}
		if s.Practice == "" {
			return true, errors.New("expected practice above with, which is for the practice server")
		}
		s.With = withOption(s.With, name, value)
	case "target":
		if rest == "" || len(rest) > transcript.MaxTarget {
			return true, errors.New("expected host:port after target")
		}
		s.Target, s.Practice, s.With, s.YourServer, s.Port = rest, "", nil, false, 0
	case "your":
		server, port := cutWord(rest)
		n, err := strconv.ParseUint(port, 10, 16)
		if server != "server" || err != nil || n < 1024 {
			return true, fmt.Errorf("expected your server PORT, a port from 1024 to 65535; found your %s", shown(rest))
		}
		s.YourServer, s.Port, s.Practice, s.With, s.Target = true, int(n), "", nil, ""
	default:
		return false, nil
	}
	return true, nil
}

// withOption returns the options with one set; those of another step stay as they are.
func withOption(all []transcript.OptionValue, name, value string) []transcript.OptionValue {
	var now []transcript.OptionValue
	for _, o := range all {
		if o.Name != name {
			now = append(now, o)
		}
	}
	return append(now, transcript.OptionValue{Name: name, Value: value})
}

// transcript parses a transcript of the lesson, with its values expanded for a student.
func (s *Source) transcript(file string, values student) (*transcript.Transcript, string, error) {
	data, ok := s.files[file]
	if !ok {
		return nil, "", fmt.Errorf("expected a file of the lesson; there is no %s", shown(file))
	}
	text, err := values.expandLines(file, string(data), quoted)
	if err != nil {
		return nil, "", err
	}
	t, err := transcript.Parse(file, []byte(text))
	if err != nil {
		return nil, "", lessonError(err)
	}
	return t, text, nil
}

// lessonError makes an error of package transcript one of ours.
func lessonError(err error) error {
	var syntax *transcript.SyntaxError
	if errors.As(err, &syntax) {
		return &Error{syntax.File, syntax.Line, syntax.Msg}
	}
	return err
}

// golden returns the golden of a file, or of what one side says in it; 0 is both.
func (p *parser) golden(file string, side core.Side) (*golden, error) {
	key := fmt.Sprintf("%d %s", side, file)
	if g := p.goldens[key]; g != nil {
		return g, nil
	}
	t, _, err := p.source.transcript(file, p.values)
	if err != nil {
		return nil, err
	}
	script, err := play.New(file, t)
	if err == nil {
		err = script.Streams()
	}
	if err == nil {
		err = script.WithoutMode()
	}
	if err != nil {
		return nil, lessonError(err)
	}
	if err := reachable(file, script.Steps()); err != nil {
		return nil, err
	}
	g := &golden{file: file, script: only(script, side, nil)}
	p.goldens[key] = g
	return g, nil
}

// reachable says what a golden lacks that it can be reached.
func reachable(file string, steps []play.Step) error {
	if len(steps) == 0 {
		return &Error{file, 1, "expected a transcript in which something crossed the connection"}
	}
	var said [core.Server + 1]int
	for _, s := range steps {
		if said[s.From] += len(s.Data); said[s.From] >= MaxJudged {
			return &Error{file, s.Line, fmt.Sprintf("expected less than %d bytes of each side in a golden", MaxJudged)}
		}
	}
	return nil
}
