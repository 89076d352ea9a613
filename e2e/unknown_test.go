//go:build linux

package e2e

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Requests with no, a wrong, and a revoked token are answered alike, and so are those for
// another user's recording and for one that does not exist. The long form says how long
// the answers take.
func TestAnswersTellNothing(t *testing.T) {
	t.Parallel()
	users := filepath.Join(t.TempDir(), "users")
	ben, anna, gone := addUser(t, users, "ben"), addUser(t, users, "anna"), addUser(t, users, "gone")
	if err := exec.Command(workbenchBinary, "user", "remove", "gone", "--users", users).Run(); err != nil {
		t.Fatal(err)
	}
	// Behind a proxy, whose process it is that asks says nothing.
	a := startApart(t, nil, nil, "--listen", "127.0.0.1:0", "--behind-proxy", "127.0.0.1/32", "--host", deployedName+":443",
		"--policy", "public", "--policy", "allow 127.0.0.0/8", "--users", users)
	address := listening(t, a.process)
	get := func(token, path string) (answer string, took time.Duration) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		if token != "" {
			token = "Authorization: Bearer " + token + "\r\n"
		}
		began := time.Now()
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n%s\r\n", path, deployedName, token)
		text, err := io.ReadAll(conn)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return string(text), time.Since(began)
	}

	header := bearer(ben)
	header.Set("Host", deployedName)
	header.Set("X-Forwarded-For", "192.0.2.1")
	header.Set("X-Forwarded-Proto", "https")
	ws, resp, err := dialer.Dial("ws://"+address+"/websocket/ws", header)
	if err != nil {
		t.Fatal(err, resp)
	}
	defer ws.Close()
	if err := trip(ws, serve(t, echo).address, "SUCC"); err != nil {
		t.Fatal(err)
	}
	var id string
	eventually(t, "a recording", func() bool {
		list, _ := get(ben, "/api/transcripts")
		_, rest, found := strings.Cut(list, `"id":"`)
		id, _, _ = strings.Cut(rest, `"`)
		return found
	})
	other := id[:len(id)-1] + "x"
	if id[len(id)-1] == 'x' {
		other = id[:len(id)-1] + "y"
	}

	tries := []struct{ what, token, path, status string }{
		{"no token", "", "/api/transcripts", "401"},
		{"a wrong token", strings.Repeat("0", len(ben)), "/api/transcripts", "401"},
		{"a revoked token", gone, "/api/transcripts", "401"},
		{"another's recording", anna, "/api/transcripts/" + id, "404"},
		{"no such recording", anna, "/api/transcripts/" + other, "404"},
	}
	sizes, times := map[string]map[int]string{}, make([][]time.Duration, len(tries))
	for range in(20, 2000) {
		for i, try := range tries {
			answer, took := get(try.token, try.path)
			if !strings.HasPrefix(answer, "HTTP/1.1 "+try.status) {
				t.Fatalf("%s was answered %q", try.what, answer)
			}
			if sizes[try.status] == nil {
				sizes[try.status] = map[int]string{}
			}
			sizes[try.status][len(answer)] = answer
			times[i] = append(times[i], took) // of each kind, as many are slowed
		}
	}
	for status, all := range sizes {
		if len(all) > 1 {
			t.Errorf("%s has answers of different sizes: %v", status, all)
		}
	}
	for i, try := range tries {
		t.Logf("%-20s %s", try.what+":", inWords(times[i]))
	}
}
