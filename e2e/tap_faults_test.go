//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The same rules make the same faults at the same places, run after run, whatever the
// client's reads and the server's writes were; and what was recorded replays the same.
func TestTapFaults(t *testing.T) {
	runs := 100
	if testing.Short() {
		runs = 3
	}
	for name, c := range map[string]struct {
		server, script, input string
		rules                 string
		says                  string // that the client notices
		faults                int    // in a run
	}{
		"curl": {"http", `curl -sS --max-time 30 -H "Host: example.test" http://$HOST:$PORT/ 2>&1 || echo code $?`, "",
			"to-client after match \"\\r\\n\\r\\n(?s:.{3})\": half-close\n" +
				"to-server at 3: cut line\nto-server at 5: forge \"%41\"\n",
			"code 18", 3},
		"redis-cli": {"redis", `redis-cli -h $HOST -p $PORT`, "SET greeting hello\nGET greeting\nPING\n",
			"seed 7\nto-client after line 1: limit 100\nfrom-server on every match \"PONG\": replace match \"PANG\"\n" +
				"from-server after every line with chance 50%: delay 1ms\nto-server on match \"hello\": replace match \"HELLO\"\n",
			"HELLO\nPANG", 4},
		"swaks": {"smtp", `swaks --server $HOST:$PORT --to bob@example.test --from ann@example.test --helo here --data "Subject: hi\n\nbody\n" 2>&1 || echo code $?`, "",
			"to-client at 0: cut line\nto-server on match \"^DATA\\r\\n\": answer match \"451 4.3.0 try again later\\r\\n\"\nfrom-server after line 2: duplicate 1 byte\n",
			"451 4.3.0 try again later", 3},
	} {
		t.Run(name, func(t *testing.T) {
			rules := filepath.Join(t.TempDir(), "rules.faults")
			if err := os.WriteFile(rules, []byte(c.rules), 0o600); err != nil {
				t.Fatal(err)
			}
			// Each run has a server as it was at first.
			var first string
			var files []string
			tap := tapTo(t, practising(t, c.server, "--listen", "127.0.0.1:0")[c.server], "--fault", rules)
			for range runs {
				if got := do(t, c.script, c.input, tap.address); !strings.Contains(got, c.says) {
					t.Fatalf("the client noticed nothing of it:\n%s", got)
				}
			}
			eventually(t, "the ends of the sessions", func() bool { return strings.Count(tap.stdout.String(), "; transcript ") == runs })
			files = tap.stop(t)
			if len(files) != runs {
				t.Errorf("%d recordings, want %d", len(files), runs)
			}
			fault := regexp.MustCompile(`(?m)^\S+ -- (fault \d.*)$`)
			for i, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var all []string
				for _, m := range fault.FindAllStringSubmatch(string(text), -1) {
					all = append(all, m[1])
				}
				told := inFlows(all)
				if i == 0 {
					first = told
					t.Logf("in each run:\n%s", told)
				}
				if told != first || len(all) != c.faults {
					t.Fatalf("run %d had %d faults:\n%s\nand the first run:\n%s", i+1, len(all), told, first)
				}
			}
			workbenchDoes(t, append([]string{"replay"}, files...)...)
			workbenchDoes(t, "replay", "--recut", "5", files[0])
			if out, err := exec.Command(workbenchBinary, "transcript", "show", files[0]).CombinedOutput(); err != nil || !strings.Contains(string(out), "forged") {
				t.Errorf("the recording is not shown: %v\n%s", err, out)
			}
		})
	}
}

// inFlows returns faults by flow, each flow's in order: how flows follow each other is up to
// the peers.
func inFlows(faults []string) string {
	var b strings.Builder
	for _, flow := range []string{"from-server", "to-server", "from-client", "to-client"} {
		for _, f := range faults {
			if strings.Contains(f, " "+flow+" ") {
				b.WriteString(f + "\n")
			}
		}
	}
	return b.String()
}
