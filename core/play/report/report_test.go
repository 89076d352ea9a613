package report

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/play"
)

func TestRate(t *testing.T) {
	client := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5000}
	rate := play.Rate{File: "a.golden", Line: 7, Rule: "rate >= 1MB/s", Bytes: 3000, Within: 2 * time.Millisecond, OK: true}
	for asJSON, want := range map[bool]string{
		false: "client 127.0.0.1:5000: a.golden:7: 1.5MB/s: 3000 bytes in 2ms\n",
		true:  `{"event":"rate","client":"127.0.0.1:5000","file":"a.golden","line":7,"rule":"rate >= 1MB/s","bytes":3000,"seconds":0.002,"ok":true}` + "\n",
	} {
		var out strings.Builder
		p := Printer{Out: &out, JSON: asJSON}
		p.Rate(client, rate)
		if out.String() != want {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	}
}
