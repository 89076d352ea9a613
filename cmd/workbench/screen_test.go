package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/store"
)

// foreign is what somebody else would like to print: a terminal's title, a
// screen that is cleared, text that runs backwards, and a line that looks like
// the workbench's.
const foreign = "x\x1b]0;own\a\u009b2J\u202evil\u2066\u200b\u2028\x7f\r\nworkbench: FORGED"

func TestScreen(t *testing.T) {
	var to bytes.Buffer
	s := screen.New(&to)
	for _, b := range []byte("ä" + foreign + "\n\t€\xff\xe2\x82") {
		s.Write([]byte{b})
	}
	s.Flush()
	if want := core.PrintableText("ä" + foreign + "\n\t€\xff\xe2\x82"); to.String() != want {
		t.Errorf("got %q, want %q", to.String(), want)
	}
}

// hostileHome is full of what others wrote.
type hostileHome struct {
	dir    string // its name is foreign, too
	golden string // of the mode raw: not answered as it says
	broken string // a golden that does not parse
	rfc    string // a conversation in text
	good   string // a plugin in a folder with such a name
	id     string // of a recorded transcript
	lesson string // in a folder, and so is its text
}

const starPlugin = `manifest = {"name": "good", "title": "Good", "version": "1", "summary": "S.", "sends": "s", "input": "line"}
def open(options, target, out):
    return {}
def handle(state, event, out):
    if event.name == "client text":
        out.server(event.text)
`

func newHostileHome(t *testing.T) *hostileHome {
	base := t.TempDir()
	t.Setenv("XDG_STATE_HOME", filepath.Join(base, "state"+foreign))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(base, "config"))
	h := &hostileHome{dir: filepath.Join(base, foreign)}
	put := func(path, text string) string {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	in := func(name string) string { return filepath.Join(h.dir, name) }
	comment := "# FORGED \u009b2J \u202e \u2028\n"
	head := "workbench transcript v1\n" + comment + "mode raw\n" + comment + `target "host-FORGED\x1b\u202e:80"` + "\n\n"
	h.golden = put(in("a.golden"), head+comment+">> client text \"a\\x1b\u202c\"\n<< server \"FORGED\\x1b\"\n"+comment)
	h.broken = put(in("bro"+foreign+"ken.golden"), head+"\u202eFORGED\u009b\n")
	h.lesson = filepath.Dir(put(in("lesson"+foreign)+"/lesson.md", "# FORGED \x1b\u202e\n\n\u009bFORGED\n\n## FORGED \u2028\n```lesson\ncheck 1 FORGED \x1b\u202e\n  client sent FORGED$\x1b\n  server sent FORGED\x1b\u202e\nhint FORGED \u009b\n```\n"))
	put(filepath.Join(h.lesson, "tests", "cases.txt"), "case FORGED \x1b\u202e\npassed\nhint FORGED\u009b\n")
	h.rfc = put(in("b"+foreign+".txt"), "C: hello\u202e\u009b\nnot FORGED either \x1b]0;\nS: there\x1b\n")
	h.good = put(filepath.Join(h.dir, "plugins", "good.star"), starPlugin)
	put(filepath.Join(h.dir, "plugins", "testdata", "g"+foreign+".golden"), "workbench transcript v1\nmode good\n\n>> client text \"a\"\n<< server \"FORGED\\x1b\u202e\"\n")
	put(filepath.Join(h.dir, "plugins", foreign+".star"), starPlugin)
	put(filepath.Join(h.dir, "plugins", "workbench-plugin-"+foreign), "#!/bin/sh\n")
	evil := strings.ReplaceAll(starPlugin, "good", "evil")
	put(filepath.Join(h.dir, "plugins", "evil.star"), strings.Replace(evil, "S.", `\u001b]0;own\u0007\n\u202e FORGED`, 1))
	put(filepath.Join(h.dir, "plugins", "fails.star"), `fail("FORGED \u001b]0;\u202e\nworkbench: FORGED")`+"\n")
	put(filepath.Join(h.dir, "plugins", "worse.star"), "def \u202e\u009bFORGED\n")

	state, err := catalog.StateDir()
	if err != nil {
		t.Fatal(err)
	}
	put(filepath.Join(state, "class", "foreign", "events.jsonl"), `{"event":"opened","at":"2026-01-02T03:00:00Z","code":"ABC347"}`+"\n"+`{"event":"joined","at":"2026-01-02T03:01:00Z","id":"anna","name":"Anna"}`+"\n")
	put(filepath.Join(state, "class", "foreign", "lessons", "users", "anna", "seed"), "anna\n")
	put(filepath.Join(state, "class", "foreign", "lessons", "users", "anna", "progress"), `{"lesson":"FORGED \u001b]0;\u202e","step":1}`+"\n")
	h.id = store.NewID(time.Now(), "s1", "raw")
	put(filepath.Join(state, "transcripts", h.id+".transcript"), head+comment+"0.000 -- FORGED \u202e\u009b\n0.100 >> client text \"FORGED\\x1b\"\n0.2 -- ended: FORGED \u202e\u009b\u2028\n")
	sum := strings.Repeat("ab", 32)
	entry, _ := json.Marshal(map[string]any{"name": "old", "kind": "starlark", "sum": sum, "file": "old.star", "version": foreign, "source": filepath.Join(h.dir, foreign), "source_sum": sum, "installed": time.Now()})
	put(filepath.Join(state, "plugins", "installed", "old.json"), string(entry))
	return h
}

// The commands of the tree, and how each is made to show what others wrote. A
// new command needs a row.
var screenRows = map[string]func(h *hostileHome) [][]string{
	"workbench":                 func(*hostileHome) [][]string { return [][]string{{foreign}, {"--" + foreign}, {"-" + foreign}} },
	"workbench help":            func(*hostileHome) [][]string { return [][]string{{"help", "--" + foreign}} },
	"workbench completion":      func(*hostileHome) [][]string { return [][]string{{"completion", "--" + foreign}} },
	"workbench completion bash": func(*hostileHome) [][]string { return [][]string{{"completion", "bash", "--" + foreign}} },
	"workbench completion zsh":  func(*hostileHome) [][]string { return [][]string{{"completion", "zsh", "--" + foreign}} },
	"workbench completion fish": func(*hostileHome) [][]string { return [][]string{{"completion", "fish", "--" + foreign}} },
	"workbench completion powershell": func(*hostileHome) [][]string {
		return [][]string{{"completion", "powershell", "--" + foreign}}
	},
	"workbench docs": func(*hostileHome) [][]string {
		return [][]string{{"docs", foreign}, {"docs", "--print", foreign}, {"docs", "--listen", foreign}}
	},
	"workbench mcp": func(h *hostileHome) [][]string {
		return [][]string{{"mcp", foreign}, {"mcp", "--at", foreign}, {"mcp", "--token-file", h.good}, {"mcp", "--token-file", h.dir}}
	},
	"workbench config": func(*hostileHome) [][]string { return [][]string{{"config", foreign}} },
	"workbench config check": func(h *hostileHome) [][]string {
		file := filepath.Join(h.dir, "FORGED\x1b.toml")
		os.WriteFile(file, []byte("[\"FORGED\u202e\"]\n\"FORGED\u009b\" = \"x\"\n"), 0o600)
		return [][]string{{"config", "check", "--config", file}, {"config", "check", "--config", h.dir}, {"config", "check", "--config", h.golden}}
	},
	"workbench config show": func(h *hostileHome) [][]string {
		file := filepath.Join(h.dir, "FORGED\x1b2.toml")
		os.WriteFile(file, []byte("[serve]\naudit = \"FORGED\u009b\u202e\\u001b\"\n"), 0o600)
		return [][]string{{"config", "show", "--config", file}, {"config", "show", "serve", "--config", file}, {"config", "show", foreign}}
	},
	"workbench man": func(h *hostileHome) [][]string {
		return [][]string{{"man", filepath.Join(h.dir, "man"+foreign)}, {"man", h.golden}}
	},
	"workbench version": func(*hostileHome) [][]string { return [][]string{{"version", foreign}} },
	"workbench sandbox": func(*hostileHome) [][]string { return [][]string{{"sandbox", foreign}} },
	"workbench doctor": func(h *hostileHome) [][]string {
		return [][]string{{"doctor", foreign}, {"doctor", "--plugin-dir", filepath.Join(h.dir, "plugins"), "--timeout", "10s"}, {"doctor", "--json", "--plugin-dir", filepath.Join(h.dir, "plugins"), "--timeout", "10s"}}
	},
	"workbench practice": func(*hostileHome) [][]string {
		return [][]string{{"practice", foreign}, {"practice", "http", "--listen", foreign}, {"practice", "http", "--closing", foreign}}
	},
	"workbench class": func(*hostileHome) [][]string {
		return [][]string{{"class", foreign}, {"class", "--class", foreign}, {"class", "--listen", foreign}, {"class", "--policy", foreign}, {"class", "--delete-after", foreign}}
	},
	"workbench class results": func(h *hostileHome) [][]string {
		return [][]string{{"class", "results", foreign}, {"class", "results", "--class", foreign}, {"class", "results", "--class", "foreign"},
			{"class", "results", "--class", "foreign", "--csv", h.dir}, {"class", "results", "--class", "foreign", "--lessons", foreign}}
	},
	"workbench class submissions": func(h *hostileHome) [][]string {
		return [][]string{{"class", "submissions", "--class", foreign, "x"}, {"class", "submissions", "--class", "foreign", h.dir},
			{"class", "submissions", "--class", "foreign", filepath.Join(h.dir, "submissions"+foreign)}}
	},
	"workbench class end": func(*hostileHome) [][]string {
		return [][]string{{"class", "end", foreign}, {"class", "end", "--class", foreign}}
	},
	"workbench policy": func(*hostileHome) [][]string { return [][]string{{"policy", foreign}} },
	"workbench policy test": func(*hostileHome) [][]string {
		return [][]string{{"policy", "test", "--policy", foreign, "127.0.0.1:1"}, {"policy", "test", "--policy", "deny " + foreign + ":1", "127.0.0.1:1"}}
	},
	"workbench token":        func(*hostileHome) [][]string { return [][]string{{"token", foreign}} },
	"workbench token link":   func(*hostileHome) [][]string { return [][]string{{"token", "link", "--at", foreign}} },
	"workbench token rotate": func(*hostileHome) [][]string { return [][]string{{"token", "rotate", foreign}} },
	"workbench user":         func(*hostileHome) [][]string { return [][]string{{"user", foreign}} },
	"workbench user add": func(*hostileHome) [][]string {
		return [][]string{{"user", "add", foreign}, {"user", "add", "anna", "--role", foreign}}
	},
	"workbench user link": func(h *hostileHome) [][]string {
		return [][]string{{"user", "link", foreign}, {"user", "link", "anna", "--users", h.dir}}
	},
	"workbench user list":   func(h *hostileHome) [][]string { return [][]string{{"user", "list", "--users", h.dir}} },
	"workbench user remove": func(*hostileHome) [][]string { return [][]string{{"user", "remove", foreign}} },
	"workbench ca":          func(*hostileHome) [][]string { return [][]string{{"ca", foreign}} },
	"workbench ca remove":   func(*hostileHome) [][]string { return [][]string{{"ca", "remove", foreign}} },
	"workbench serve": func(h *hostileHome) [][]string {
		return [][]string{{"serve", "--listen", foreign}, {"serve", "--listen", "unix:" + h.golden}, {"serve", "--tls", foreign}, {"serve", "--tls-cert", foreign, "--tls-key", foreign}, {"serve", "--behind-proxy", foreign}, {"serve", "--auth", "none", "--listen", "192.0.2.1:1" + foreign}, {"serve", "--tls-credential", foreign}, {"serve", "--policy", foreign}, {"serve", "--auth", foreign}, {"serve", "--oidc-issuer", foreign}, {"serve", "--oidc-role", foreign, "--oidc-issuer", "https://a", "--oidc-client-id", foreign}, {"serve", "--oidc-issuer", "https://a", "--oidc-client-id", "b", "--oidc-default-role", foreign}, {"serve", "--oidc-issuer", "https://a", "--oidc-client-id", "b", "--oidc-default-role", "viewer", "--oidc-client-secret-file", foreign}, {"serve", "--audit", foreign + "/x"}, {"serve", "--echo-listen", foreign, "--listen", "127.0.0.1:0", "--plugin-dir", filepath.Join(h.dir, "plugins"), "--sandbox=off"}}
	},
	"workbench decode": func(h *hostileHome) [][]string {
		capture := filepath.Join(h.dir, "FORGED\x1b.pcapng")
		golden := "workbench transcript v1\nmode resp\ntarget \"h:6379\"\n\n>> client text \"x\"\n<< server \"FORGED\\x1b\\u202e\\r\\n\"\n>> server \"+FORGED\\u009b\\r\\n\"\n"
		os.WriteFile(filepath.Join(h.dir, "c.golden"), []byte(golden), 0o600)
		run(context.Background(), []string{"transcript", "convert", "--to", "pcapng", filepath.Join(h.dir, "c.golden"), "-o", capture}, io.Discard, io.Discard)
		return [][]string{{"decode", "--in-process", capture}, {"decode", "--in-process", "--fields", capture}, {"decode", "--in-process", "--json", capture},
			{"decode", "--in-process", h.golden}, {"decode", foreign}, {"decode", "--in-process", "--mode", foreign, capture}, {"decode", "--in-process", "--port", "9", capture}}
	},
	"workbench modes": func(h *hostileHome) [][]string {
		return [][]string{{"modes", "--plugin-dir", filepath.Join(h.dir, "plugins")}, {"modes", "--json", "--plugin-dir", h.dir + foreign}, {"modes", "--describe", foreign}}
	},
	"workbench replay": func(h *hostileHome) [][]string {
		return [][]string{{"replay", "--in-process", h.golden}, {"replay", "--in-process", h.broken, h.golden}, {"replay", "--json", "--in-process", h.dir},
			{"replay", "--in-process", h.dir}, {"replay", h.dir + foreign}, {"replay", "--in-process", "--mode", foreign, h.golden}, {"replay", "--in-process", h.rfc}}
	},
	"workbench plugin": func(*hostileHome) [][]string { return [][]string{{"plugin", foreign}} },
	"workbench plugin list": func(h *hostileHome) [][]string {
		dir := filepath.Join(h.dir, "plugins")
		return [][]string{{"plugin", "list", "--plugin-dir", dir}, {"plugin", "list", "--json", "--plugin-dir", dir}}
	},
	"workbench plugin info": func(h *hostileHome) [][]string {
		dir := filepath.Join(h.dir, "plugins")
		return [][]string{{"plugin", "info", foreign}, {"plugin", "info", h.good}, {"plugin", "info", "--json", h.good}, {"plugin", "info", "old"},
			{"plugin", "info", filepath.Join(dir, "evil.star")}, {"plugin", "info", filepath.Join(dir, "fails.star")}, {"plugin", "info", filepath.Join(dir, "worse.star")}, {"plugin", "info", filepath.Join(dir, foreign+".star")}}
	},
	"workbench plugin install": func(h *hostileHome) [][]string {
		return [][]string{{"plugin", "install", h.good}, {"plugin", "install", h.good}, {"plugin", "list"}, {"plugin", "install", filepath.Join(h.dir, foreign)}, {"plugin", "install", h.dir}}
	},
	"workbench plugin remove": func(*hostileHome) [][]string { return [][]string{{"plugin", "remove", foreign}} },
	"workbench plugin new": func(h *hostileHome) [][]string {
		return [][]string{{"plugin", "new", foreign}, {"plugin", "new", "ok", filepath.Join(h.dir, "new"), "--lang", "starlark"}, {"plugin", "new", "ok", filepath.Join(h.dir, "new")}, {"plugin", "new", "ok", "--lang", foreign}}
	},
	"workbench plugin test": func(h *hostileHome) [][]string {
		dir := filepath.Join(h.dir, "plugins")
		return [][]string{{"plugin", "test", "--timeout", "3s", h.good}, {"plugin", "test", filepath.Join(dir, "fails.star")}, {"plugin", "test", h.dir}, {"plugin", "test", "--only", foreign, h.good}}
	},
	"workbench plugin dev": func(h *hostileHome) [][]string {
		return [][]string{{"plugin", "dev", "--listen", "127.0.0.1:0", "--echo-listen", "off", filepath.Join(h.dir, "plugins", "fails.star")}, {"plugin", "dev", h.dir}}
	},
	"workbench plugin debug": func(h *hostileHome) [][]string { return [][]string{{"plugin", "debug", h.good}} },
	"workbench play":         func(*hostileHome) [][]string { return [][]string{{"play", foreign}} },
	"workbench play server": func(h *hostileHome) [][]string {
		return [][]string{{"play", "server", "--listen", "127.0.0.1:0", h.golden}, {"play", "server", h.broken}, {"play", "server", "--on-mismatch", foreign, h.golden}, {"play", "server", "--fault", foreign, h.golden},
			{"play", "server", "--tls", "--tls-cert", foreign, h.golden}, {"play", "server", "--tls", "--tls-alpn", foreign, h.golden},
			{"play", "server", "--any-order", "--listen", "127.0.0.1:0", h.golden, h.golden}}
	},
	"workbench play client": func(h *hostileHome) [][]string {
		return [][]string{{"play", "client", h.golden}, {"play", "client", h.broken}, {"play", "client", "--timeout", foreign, h.golden},
			{"play", "client", "--to", "tls://127.0.0.1:1", "--tls-verify", foreign, h.golden}, {"play", "client", "--to", "tls://127.0.0.1:1", "--tls-ca", foreign, h.golden},
			{"play", "client", "--to", "tls://127.0.0.1:1", "--tls-name", foreign, h.golden}, {"play", "client", "--to", "tls://127.0.0.1:1", "--tls-cert", foreign, h.golden}}
	},
	"workbench tap": func(h *hostileHome) [][]string {
		at := []string{"tap", "--listen", "127.0.0.1:0", "--to"}
		return [][]string{{"tap", "--listen", foreign, "--to", "127.0.0.1:1"}, append(at, "127.0.0.1:1", "--mode", foreign), append(at, "127.0.0.1:1", "--option", foreign+"=1"),
			append(at, "127.0.0.1:1", "--mode", "echo-quit"), append(at, "127.0.0.1:1", "--transcripts", h.golden), append(at, "127.0.0.1:1", "--fault", foreign), append(at, "127.0.0.1:1", "--fault", h.golden), append(at, "127.0.0.1:1")}
	},
	"workbench lesson": func(*hostileHome) [][]string { return [][]string{{"lesson", foreign}} },
	"workbench lesson list": func(h *hostileHome) [][]string {
		return [][]string{{"lesson", "list", "--lessons", h.dir}, {"lesson", "list", "--json", "--lessons", h.dir}, {"lesson", "list", "--lessons", foreign}}
	},
	"workbench lesson preview": func(h *hostileHome) [][]string {
		return [][]string{{"lesson", "preview", h.lesson}, {"lesson", "preview", "--json", h.lesson}, {"lesson", "preview", foreign}, {"lesson", "preview", h.golden}}
	},
	"workbench lesson check": func(h *hostileHome) [][]string {
		return [][]string{{"lesson", "check", h.lesson, h.golden}, {"lesson", "check", "--json", h.lesson, h.golden}, {"lesson", "check", h.lesson, h.broken},
			{"lesson", "check", h.lesson, h.golden, "--junit", "-"}, {"lesson", "check", h.lesson, "--answer", foreign}, {"lesson", "check", h.lesson, h.golden, "--seed", foreign}}
	},
	"workbench lesson new": func(h *hostileHome) [][]string {
		return [][]string{{"lesson", "new", foreign}, {"lesson", "new", "ok", filepath.Join(h.dir, "new")}}
	},
	"workbench lesson test": func(h *hostileHome) [][]string {
		return [][]string{{"lesson", "test", h.lesson}, {"lesson", "test", h.lesson, "--junit", "-"}, {"lesson", "test", foreign}}
	},
	"workbench transcript": func(*hostileHome) [][]string { return [][]string{{"transcript", foreign}} },
	"workbench transcript list": func(h *hostileHome) [][]string {
		return [][]string{{"transcript", "list"}, {"transcript", "list", "--json"}, {"transcript", "list", "--transcripts", h.golden}}
	},
	"workbench transcript show": func(h *hostileHome) [][]string {
		return [][]string{{"transcript", "show", h.id}, {"transcript", "show", h.golden}, {"transcript", "show", "--json", h.id}, {"transcript", "show", "--golden", h.golden}, {"transcript", "show", h.broken}, {"transcript", "show", foreign}}
	},
	"workbench transcript follow": func(h *hostileHome) [][]string {
		return [][]string{{"transcript", "follow", h.id}, {"transcript", "follow", foreign}}
	},
	"workbench transcript diff": func(h *hostileHome) [][]string {
		return [][]string{{"transcript", "diff", h.golden, h.id}, {"transcript", "diff", "--json", h.golden, h.id}, {"transcript", "diff", h.broken, h.id}}
	},
	"workbench transcript rules": func(h *hostileHome) [][]string {
		return [][]string{{"transcript", "rules", "-o", filepath.Join(h.dir, foreign+"rules"), h.golden, h.id}, {"transcript", "rules", "--json", h.golden, h.id},
			{"transcript", "rules", "--json", h.id, h.golden}, {"transcript", "rules", "-o", filepath.Join(h.dir, foreign, "no"), h.golden, h.id}, {"transcript", "rules", h.broken, h.id}}
	},
	"workbench transcript delete": func(*hostileHome) [][]string { return [][]string{{"transcript", "delete", foreign}} },
	"workbench transcript redact": func(h *hostileHome) [][]string {
		return [][]string{{"transcript", "redact", "--match", foreign, h.golden}, {"transcript", "redact", "--match", foreign + "(", h.golden}, {"transcript", "redact", "--match", "host", h.golden}, {"transcript", "redact", "--match", "a", h.golden, "-o", filepath.Join(h.dir, foreign+"new")}}
	},
	"workbench transcript convert": func(h *hostileHome) [][]string {
		return [][]string{{"transcript", "convert", "--to", foreign, h.golden}, {"transcript", "convert", "--to", "rfc", h.broken}, {"transcript", "convert", "--to", "html", h.golden, "-o", filepath.Join(h.dir, foreign, "no")}}
	},
	"workbench transcript import": func(h *hostileHome) [][]string {
		return [][]string{{"transcript", "import", h.rfc, "-o", h.dir}, {"transcript", "import", h.rfc, "-o", h.dir}, {"transcript", "import", h.dir}, {"transcript", "import", "--mode", foreign, h.rfc}, {"transcript", "import", "--from", foreign, h.rfc}}
	},
}

func TestNothingForeignReachesTheTerminal(t *testing.T) {
	rows := map[string]bool{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		rows[c.CommandPath()] = true
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	root := newRoot()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	walk(root)
	for path := range rows {
		if screenRows[path] == nil {
			t.Errorf("%s has no row in screenRows", path)
		}
	}
	for path, row := range screenRows {
		if !rows[path] {
			t.Errorf("there is no command %s", path)
			continue
		}
		t.Run(path, func(t *testing.T) {
			h := newHostileHome(t)
			t.Chdir(h.dir)
			for _, args := range row(h) {
				out := runHostile(t, args)
				if !strings.Contains(out, "FORGED") {
					t.Errorf("%q shows nothing foreign, so it shows nothing here:\n%s", args, out)
				}
			}
		})
	}
}

// runHostile runs a command until it ends, or has told what it serves, checks
// what it printed and returns that.
func runHostile(t *testing.T, args []string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	out, errs := &watchedBuffer{serves: stop}, &watchedBuffer{serves: stop}
	run(ctx, args, out, errs)
	for name, text := range map[string]string{"output": out.String(), "error": errs.String()} {
		if !utf8.ValidString(text) {
			t.Errorf("%q: standard %s is not UTF-8: %q", args, name, text)
		}
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && !core.Shows(r) }) {
				t.Errorf("%q: standard %s has %q", args, name, line)
			}
			if strings.HasPrefix(line, "workbench: FORGED") {
				t.Errorf("%q: standard %s has a forged line:\n%s", args, name, text)
			}
		}
	}
	return out.String() + errs.String()
}

// watchedBuffer calls serves once it was told that a command waits.
type watchedBuffer struct {
	serves func()

	mu   sync.Mutex
	once sync.Once
	text []byte
}

func (w *watchedBuffer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, p...)
	if bytes.Contains(w.text, []byte("Ctrl-C")) || bytes.Contains(w.text, []byte("waiting for a save")) {
		w.once.Do(w.serves)
	}
	return len(p), nil
}

func (w *watchedBuffer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.text)
}

// A file's content is not changed on its way through standard output.
func TestFilesPassTheScreen(t *testing.T) {
	h := newHostileHome(t)
	printed := func(args ...string) []byte {
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, &out, &errs); code != 0 {
			t.Fatalf("%q: %s", args, errs.String())
		}
		return out.Bytes()
	}
	for _, to := range []string{"pcapng", "jsonl", "asciicast", "rfc", "html"} {
		file := filepath.Join(t.TempDir(), "out")
		printed("transcript", "convert", "--to", to, h.golden, "-o", file)
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := printed("transcript", "convert", "--to", to, h.golden); !bytes.Equal(got, want) {
			t.Errorf("%s: %q, want %q", to, got, want)
		}
	}
	file := filepath.Join(t.TempDir(), "out")
	printed("transcript", "redact", "--match", "a", h.golden, "-o", file)
	want, _ := os.ReadFile(file)
	if got := printed("transcript", "redact", "--match", "a", h.golden, "-o", "-"); !bytes.Equal(got, want) || !bytes.Contains(got, []byte("\u202e")) {
		t.Errorf("%q, want %q", got, want)
	}
}
