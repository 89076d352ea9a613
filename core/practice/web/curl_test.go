package web

import (
	"context"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/practice"
)

// serve serves the site on a loopback address until the test ends.
func serve(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := Discipline()
	options, err := d.Manifest.ParseOptions(nil)
	if err != nil {
		t.Fatal(err)
	}
	m := practice.Machine{Discipline: d, Options: options, World: new(Guestbook)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- practice.Serve(ctx, l, nil, m.Converse) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func TestCurl(t *testing.T) {
	address := serve(t)
	const about = "<p>Built in 1871, lit ever since. No road leads here.\n"
	for _, tt := range []struct {
		name, in string
		args     string // URL stands for the server's
		want     []string
		exit     int
	}{
		{name: "GET", args: "URL/about", want: []string{about}},
		{name: "chunked answer", args: "URL/chunked", want: []string{"This answer comes in\nthree chunks.\n"}},
		{name: "HTTP/1.0", args: "--http1.0 URL/chunked", want: []string{"This answer comes in\nthree chunks.\n"}},
		{name: "HEAD", args: "-I URL/style.css", want: []string{"HTTP/1.1 200 OK\r\n", "Content-Length: 59\r\n\r\n"}},
		{name: "redirect", args: "-L URL/old", want: []string{about}},
		{name: "one connection", args: "-w %{num_connects} URL/about URL/robots.txt", want: []string{about + "1", "Disallow: /secret/\n0"}},
		{name: "not found", args: "--fail URL/nope", exit: 22},
		{name: "POST", args: "-i -d HELLO URL/echo", want: []string{"Content-Type: application/x-www-form-urlencoded\r\n", "\r\n\r\nHELLO"}},
		{name: "chunked POST", in: "HELLO", args: "-T - -X POST URL/echo", want: []string{"HELLO"}},
		{name: "POST with 100", args: "-i -H Expect:100-continue -d HELLO URL/echo", want: []string{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", "HELLO"}},
		{name: "refused with 100", args: "-i -H Expect:100-continue -d HELLO URL/about", want: []string{"HTTP/1.1 405 Method Not Allowed\r\n", "Allow: GET, HEAD, OPTIONS\r\n"}},
		{name: "too large", in: strings.Repeat("a", 1<<20), args: "-i --data-binary @- URL/echo", want: []string{"HTTP/1.1 413 Content Too Large\r\n", "at most 16384 bytes"}},
		{name: "guest book", args: "-d Hello! URL/guestbook URL/guestbook", want: []string{"Entry 1 is yours.\nEntry 2 is yours.\n"}},
		{name: "guest book again", args: "URL/guestbook", want: []string{"Hello!\nHello!\n"}},
		{name: "absolute form", args: "-x URL http://marrow.example/about", want: []string{about}},
		{name: "OPTIONS *", args: "-i -X OPTIONS --request-target * URL", want: []string{"Allow: GET, HEAD, POST, OPTIONS\r\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			args := strings.Fields(strings.ReplaceAll(tt.args, "URL", "http://"+address))
			cmd := exec.CommandContext(ctx, "curl", append([]string{"-q", "-sS"}, args...)...)
			cmd.Env = []string{} // with no proxies
			cmd.Stdin = strings.NewReader(tt.in)
			out, err := cmd.Output()
			if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != tt.exit {
				t.Fatalf("curl %s: %v", tt.args, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("curl %s: %q, want %q in it", tt.args, out, want)
				}
			}
		})
	}
}
