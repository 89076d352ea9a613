//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// Two recordings that taps have made of a client and its server are enough to play either
// of them later: rules for what differs between the two are found, the server passes, and
// so does the client, to which the recording says what the server did.
func TestTapPlayedAgain(t *testing.T) {
	type talk struct {
		server        func(testing.TB) string
		script, input string
	}
	// The seconds alone: the microseconds of TIME have at times a digit less, which no rule
	// from two recordings can know.
	const seconds = `EVAL "return redis.call('TIME')[1]" 0`
	const mail = ` --helo here --header "Date: today" --header "Message-Id: 1" --body hi`
	all := map[string]talk{
		"curl": {func(t testing.TB) string { plain, _ := nginx(t); return plain },
			`curl -sS -H "Host: example.test" http://$HOST:$PORT/`, ""},
		"redis-cli": {settledRedis, `redis-cli -h $HOST -p $PORT`, "SET greeting hello\nGET greeting\n" + seconds + "\nGET none\n"},
		"swaks": {func(t testing.TB) string { return practising(t, "smtp", "--listen", "127.0.0.1:0")["smtp"] },
			`swaks --server $HOST:$PORT --to bob@example.test --from ann@example.test` + mail, ""},
	}
	if os.Getuid() == 0 { // which OpenSMTPD wants
		all["swaks and OpenSMTPD"] = talk{openSMTPD, `swaks --server $HOST:$PORT --to root@localhost --from root@localhost` + mail, ""}
	}
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			address := c.server(t)
			var files []string
			for range 2 {
				tap := tapTo(t, address)
				do(t, c.script, c.input, tap.address)
				files = append(files, tap.stop(t)...)
				began := time.Now().Unix()
				eventually(t, "the next second", func() bool { return time.Now().Unix() > began }) // dates say another one
			}
			file := filepath.Join(t.TempDir(), "talk.golden")
			workbenchDoes(t, "transcript", "rules", files[0], files[1], "-o", file)
			workbenchDoes(t, "replay", "--recut", "5", file)
			workbenchDoes(t, "play", "client", file, "--to", address)

			p, err := run(exec.Command(workbenchBinary, "play", "server", "--fast", "--once", "--verify", "--listen", "127.0.0.1:0", file))
			if err != nil {
				t.Fatal(err)
			}
			at := regexp.MustCompile(`127\.0\.0\.1:\d+`)
			eventually(t, "play server", func() bool { return at.MatchString(p.stdout.String()+p.stderr.String()) || p.gone() })
			do(t, c.script, c.input, at.FindString(p.stdout.String()+p.stderr.String()))
			if !p.wait(patience) {
				p.signal(syscall.SIGKILL)
			}
			if <-p.exited; p.exitCode() != 0 {
				t.Errorf("play server: %s%s", p.stdout, p.stderr)
			}
			if t.Failed() {
				text, _ := os.ReadFile(file)
				t.Logf("the talk:\n%s", text)
			}
		})
	}
}

// settledRedis returns a server that tells of its commands in the same order each time. It
// looks one up in tables that grow as it does so, a step each time, and the order is theirs.
func settledRedis(t testing.TB) string {
	address := redisServer(t)
	for range 16 {
		do(t, "redis-cli -h $HOST -p $PORT COMMAND DOCS >/dev/null", "", address)
	}
	return address
}
