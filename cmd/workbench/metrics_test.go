package main

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// serving runs the workbench and returns the page's address.
func serving(t *testing.T, flags ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	serves := make(chan struct{})
	out := &watchedBuffer{serves: func() { close(serves) }}
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0", "--echo-listen", "off", "--no-record", "--sandbox=off"}, flags...), out, io.Discard)
	}()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		if code := <-done; code != 0 {
			t.Errorf("it ended with %d", code)
		}
	})
	select {
	case <-serves:
	case code := <-done:
		t.Fatalf("it ended with %d: %s", code, out)
	}
	return regexp.MustCompile("http://127.0.0.1:[0-9]+").FindString(out.String())
}

// ask asks with one more header, and returns the status and the answer.
func ask(t *testing.T, url, header, value string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	switch header {
	case "":
	case "Host":
		r.Host = value
	default:
		r.Header.Set(header, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestMetricsTellOfThisProcess(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	page := serving(t)
	_, text := ask(t, page+"/metrics", "", "")
	want := []string{"go_goroutines", "go_memstats_heap_alloc_bytes", "process_open_fds", "process_max_fds", "process_resident_memory_bytes", "workbench_sessions_total"}
	if runtime.GOOS != "linux" {
		want = want[:2]
	}
	for _, name := range want {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("there is no %s in:\n%s", name, text)
		}
	}
	if status, _ := ask(t, page+"/debug/pprof/", "", ""); status != http.StatusNotFound {
		t.Errorf("profiles without the flag: %d", status)
	}
}

func TestProfiles(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	page := serving(t, "--pprof")
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/goroutine?debug=1", "/debug/pprof/heap"} {
		if status, text := ask(t, page+path, "", ""); status != http.StatusOK || text == "" {
			t.Errorf("%s: %d", path, status)
		}
		for header, value := range map[string]string{"Host": "evil.example", "Origin": "http://evil.example"} {
			if status, _ := ask(t, page+path, header, value); status != http.StatusForbidden {
				t.Errorf("%s with %s %s: %d", path, header, value, status)
			}
		}
	}
}
