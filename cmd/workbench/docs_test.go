package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/docsite"
)

// No link of the documentation leads nowhere: to a page, a heading or a picture that is
// not there, in the site, or to a file that is not there, in the repository. The documents
// beside docs are held to the same.
func TestDocsHaveNoDeadLinks(t *testing.T) {
	site := docsOf(builtinManifests())
	links := site.Links()
	if len(links) < 500 {
		t.Fatalf("only %d links", len(links))
	}
	checkLinks(t, links, "../../docs")

	repository := os.DirFS("../..")
	var all []docsite.Source
	for _, folder := range []string{"docs", "examples"} {
		sources, err := docsite.Sources(os.DirFS("../../" + folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sources {
			all = append(all, docsite.Source{Path: folder + "/" + s.Path, Text: s.Text})
		}
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"} {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, docsite.Source{Path: name, Text: string(text)})
	}
	checkLinks(t, docsite.New(all, repository).Links(), "../..")
}

func checkLinks(t *testing.T, links []docsite.Link, folder string) {
	t.Helper()
	for _, l := range links {
		switch l.Kind {
		case docsite.Dead, docsite.Refused:
			t.Errorf("%s links to %s, which is not there", path.Join(folder, l.Page), l.To)
		case docsite.Outside:
			file, _, _ := strings.Cut(l.To, "#")
			if _, err := os.Stat(path.Join(folder, path.Dir(l.Page), file)); err != nil {
				t.Errorf("%s links to %s: %v", path.Join(folder, l.Page), l.To, err)
			}
		}
	}
}

// Every command has a page, with its flags.
func TestEachCommandHasAPage(t *testing.T) {
	site := docsOf(builtinManifests())
	seen := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if !sub.IsAvailableCommand() || sub.Name() == "help" {
				continue
			}
			seen++
			page, ok := site.Topic("commands/" + strings.TrimSuffix(commandFile(sub), ".md"))
			if !ok {
				t.Errorf("%s has no page", sub.CommandPath())
			}
			sub.Flags().VisitAll(func(f *pflag.Flag) {
				if !f.Hidden && !strings.Contains(page.Text, "--"+f.Name) {
					t.Errorf("the page of %s does not have --%s", sub.CommandPath(), f.Name)
				}
			})
			walk(sub)
		}
	}
	walk(newRoot())
	if seen < 40 {
		t.Errorf("only %d commands", seen)
	}
}

// The documents' commands are there, with their flags: each line of a block of code that
// begins with workbench, as a shell would take it apart.
func TestCommandsOfTheDocsParse(t *testing.T) {
	seen := 0
	for _, page := range documents() {
		for _, line := range consoleLines(page.Text) {
			args, ok := shellWords(line)
			if !ok {
				continue
			}
			seen++
			if err := parses(args); err != nil {
				t.Errorf("%s: %s: %v", page.Path, line, err)
			}
		}
	}
	if seen < 150 {
		t.Errorf("only %d commands: does the pattern still fit?", seen)
	}
	for line, bad := range map[string]bool{
		"workbench tap --listen 127.0.0.1:1 --to 127.0.0.1:2": false, "workbench tap --lisen 127.0.0.1:1": true, "workbench tapp": true,
		"workbench transcript lst": true, "workbench serve --max-sessions many": true, "workbench": false, "workbench --open": false,
	} {
		args, _ := shellWords(line)
		if err := parses(args); (err != nil) != bad {
			t.Errorf("%s: %v", line, err)
		}
	}
}

var commandLine = regexp.MustCompile(`^(?:\$ )?(?:bin/|go run \./cmd/)?(workbench(?: .*)?)$`)

// consoleLines returns the lines of blocks of code that are commands of the workbench.
func consoleLines(text string) (lines []string) {
	fenced := false
	before := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		indented := strings.HasPrefix(line, "    ")
		if !fenced && !indented {
			continue
		}
		line = before + strings.TrimSpace(line)
		if rest, ok := strings.CutSuffix(line, `\`); ok { // it goes on
			before = rest
			continue
		}
		before = ""
		if m := commandLine.FindStringSubmatch(line); m != nil && !strings.HasPrefix(m[1], "workbench transcript v1") {
			lines = append(lines, m[1])
		}
	}
	return lines
}

// shellWords takes a line apart, up to a redirection, a pipe, or two blanks, after which
// the documents say what the command does. It reports false of what it cannot read.
func shellWords(line string) (words []string, ok bool) {
	if strings.Contains(line, "$(") || strings.Contains(line, "[") {
		return nil, false
	}
	line, _, _ = strings.Cut(line, "  ")
	word, has, quote := "", false, rune(0)
	end := func() {
		if has {
			words = append(words, word)
		}
		word, has = "", false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word += string(r)
		case r == '\'' || r == '"':
			quote, has = r, true
		case r == ' ':
			end()
		case strings.ContainsRune("|<>;&#", r) && (!has || r == ';'):
			end()
			return words[1:], true
		case r == '$' || r == '`':
			return nil, false
		default:
			word, has = word+string(r), true
		}
	}
	end()
	return words[1:], quote == 0
}

// parses reports what is wrong with a command's words or flags.
func parses(args []string) error {
	root := newRoot()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	c, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	c.InitDefaultHelpFlag()
	if err := c.ParseFlags(rest); err != nil && !errors.Is(err, pflag.ErrHelp) {
		return err
	}
	return errors.Join(c.ValidateArgs(c.Flags().Args()), c.ValidateRequiredFlags())
}

// The documentation has a page of a line mode that comes while it is served, and nothing
// of what its author wrote is markup there.
func TestDocsOfAPlugin(t *testing.T) {
	modes := builtinManifests()
	d := &liveDocs{modes: func() []core.Manifest { return modes }}
	get := func(at string) (int, string) {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest(http.MethodGet, at, nil))
		text, _ := io.ReadAll(w.Body)
		return w.Code, string(text)
	}
	if code, _ := get("/docs/modes/shout"); code != http.StatusNotFound {
		t.Errorf("before: %d", code)
	}
	const evil = "<script>alert(1)</script> [x](javascript:1) | `` ` `` \x1b]0;\u202e *b*"
	modes = append(modes, core.Manifest{Name: "shout", Title: "Shout " + evil, Summary: evil, Options: []core.Option{{Name: "o", Default: evil, Help: evil}}})
	code, text := get("/docs/modes/shout")
	if code != http.StatusOK || !strings.Contains(text, "Shout &lt;script&gt;alert(1)&lt;/script&gt; [x](javascript:1) | ``") {
		t.Errorf("%d\n%s", code, text)
	}
	_, body, _ := strings.Cut(text, "<main")
	for _, bad := range []string{"<script", "<em>", `href="javascript`, "\x1b", "\u202e"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page has %q:\n%s", bad, body)
		}
	}
	if code, text := get("/docs/modes/"); code != http.StatusOK || !strings.Contains(text, `<a href="/docs/modes/shout">`) {
		t.Errorf("the list has no shout: %d", code)
	}
	if _, text := get("/docs/?q=tap+listen"); !strings.Contains(text, "/docs/commands/tap") {
		t.Errorf("the search does not find the page of a command:\n%s", text)
	}
}

// docs serves the documentation by itself, with its styles, until it is stopped.
func TestDocsAreServed(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	told := make(chan struct{})
	out := &watchedBuffer{serves: func() { close(told) }}
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"docs", "tap", "--no-open"}, out, io.Discard) }()
	select {
	case <-told:
	case code := <-ended:
		t.Fatalf("it ended with %d: %s", code, out)
	}
	link := regexp.MustCompile(`http://127\.0\.0\.1:\d+/docs/tap\n`).FindString(out.String())
	if link == "" {
		t.Fatalf("no link in %q", out)
	}
	link = strings.TrimSpace(link)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, at := range []string{link, strings.TrimSuffix(link, "tap"), strings.TrimSuffix(link, "/docs/tap"), strings.Replace(link, "/docs/tap", "/docs.css", 1), strings.Replace(link, "/docs/tap", "/style.css", 1)} {
		answer, err := client.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", at, answer.Status)
		}
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("it ended with %d", code)
	}
}
