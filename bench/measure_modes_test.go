package main

import (
	"strings"
	"testing"
)

func TestSlowest(t *testing.T) {
	const out = `goos: linux
pkg: github.com/protocol-workbench/workbench/plugins/lines
BenchmarkWatch/none 	   14694	     25161 ns/op	  61.00 MB/s	    1200000 messages/s	  104616 B/op	     517 allocs/op
BenchmarkWatch/nntp-2  	     100	    475671 ns/op	 150.00 MB/s	      1000 messages/s	    9210 B/op	     230 allocs/op
PASS
`
	if got, err := slowest([]byte(out)); err != nil || got != 1.5 {
		t.Errorf("%v %v; want 1.5: NNTP by its megabytes", got, err)
	}
	for name, out := range map[string]string{
		"nothing":     "PASS\n",
		"no number":   "BenchmarkWatch/x 1 ? MB/s\n",
		"another one": strings.ReplaceAll(out, "BenchmarkWatch", "BenchmarkOther"),
	} {
		if got, err := slowest([]byte(out)); err == nil {
			t.Errorf("%s: %v, and no error", name, got)
		}
	}
}
