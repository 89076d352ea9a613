//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// do runs a client, a script for the shell, in a folder of its own. It returns what the
// client writes.
func do(t testing.TB, script, input, address string) string {
	t.Helper()
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "HOST=127.0.0.1", "PORT="+portOf(address), "HOME="+cmd.Dir, "LC_ALL=C")
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return strings.NewReplacer(address, "ADDRESS", cmd.Dir, "DIR").Replace(string(out))
}

// Programs of many kinds work through a tap as they do without one, with the servers that
// they are made for; and what is recorded of them replays the same, however either side is
// cut.
func TestTapClients(t *testing.T) {
	web, _ := nginx(t)
	ssh, key := sshServer(t)
	large := make([]byte, 300<<10)
	new(pseudo).Read(large)
	for name, c := range map[string]struct {
		address, script, input string
		sessions               int // 0: one
	}{
		"curl": {web, `curl -sS http://$HOST:$PORT/ http://$HOST:$PORT/api`, "", 0},
		"swaks": {practising(t, "smtp", "--listen", "127.0.0.1:0")["smtp"],
			`swaks --server $HOST:$PORT --to bob@example.test --from ann@example.test --helo here --body - --header "Date: today" --header "Message-Id: 1"`, strings.Repeat("A line.\n", 10_000), 0},
		"redis-cli": {redisServer(t), `redis-cli -h $HOST -p $PORT`, "SET greeting hello\nGET greeting\nEVAL \"return {1,2,'three'}\" 0\nPING\n", 0},
		"psql": {postgres(t), `psql -X -h $HOST -p $PORT -U tester -d postgres -v ON_ERROR_STOP=1`,
			"CREATE TEMP TABLE people (name text, born int);\n\\copy people FROM PROGRAM 'seq -f \"name%.0f,1900\" 20000' CSV\nSELECT count(*), max(name) FROM people;\n\\copy (SELECT * FROM people ORDER BY name LIMIT 20000) TO STDOUT\nSELECT 1/1;\n", 0},
		"mosquitto": {mosquitto(t), `mosquitto_pub -h $HOST -p $PORT -q 2 -r -t news -s && mosquitto_sub -h $HOST -p $PORT -q 1 -t news -C 1 -W 60`, strings.Repeat("news ", 50_000), 2},
		"git":       {gitDaemon(t), `git clone -q git://$HOST:$PORT/repo here && cd here && git fsck --strict && git log --format=%H && sha256sum *`, "", 0},
		"rsync": {rsyncDaemon(t), `rsync -a rsync://$HOST:$PORT/files/ here/ && sha256sum here/*
			rsync -a here/ rsync://$HOST:$PORT/up/$$ && rsync -a rsync://$HOST:$PORT/up/$$/ again/ && diff -r here again`, "", 3},
		"ssh": {ssh, `ssh -F none -p $PORT -i ` + key + ` -o IdentitiesOnly=yes -o LogLevel=ERROR -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null $HOST 'sha256sum; echo done; exit 0'`, string(large), 0},
	} {
		t.Run(name, func(t *testing.T) {
			want := do(t, c.script, c.input, c.address)
			for _, flags := range [][]string{{}, {"--through"}} {
				tap := tapTo(t, c.address, flags...)
				if got := do(t, c.script, c.input, tap.address); got == "" || !sameBut(got, want) {
					t.Errorf("%v: through the tap it wrote\n%.2000s\nand without\n%.2000s", flags, got, want)
				}
				tap.ends(t, max(1, c.sessions))
				files := tap.stop(t)
				workbenchDoes(t, append([]string{"replay", "--recut", "2"}, files...)...)
			}
		})
	}
}

// sameBut reports whether two outputs are the same but for times and ids.
func sameBut(a, b string) bool {
	differs := regexp.MustCompile(`\d\d:\d\d:\d\d|queued as \S+`)
	return differs.ReplaceAllString(a, "") == differs.ReplaceAllString(b, "")
}
