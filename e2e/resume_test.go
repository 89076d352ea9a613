//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// kept is a client that comes back to its session: what it was told, and what it
// says, each once.
type kept struct {
	*client
	w      *workbench
	others []*workbench // it comes back by way of, by turns
	attach string
	last   float64 // number of the newest entry
	taken  float64
	said   int
	lines  []string // that the server sent
	gaps   float64  // entries
}

// read takes one message, and checks that entries come one after the other.
func (k *kept) read(t testing.TB) {
	t.Helper()
	for _, e := range k.entries() {
		switch kind := e["kind"]; {
		case kind == "hello":
			k.attach = e["attach"].(string)
			k.taken = e["watch"].(map[string]any)["taken"].(float64)
		case kind == "watch":
			k.taken = e["taken"].(float64)
		case kind == "gap":
			k.gaps += e["entries"].(float64)
			k.last += e["entries"].(float64)
		case e["i"] != k.last+1:
			t.Fatalf("entry %v follows %v", e["i"], k.last)
		default:
			k.last++
			if e["dir"] == ">>" && e["side"] == "server" && kind == "bytes" {
				k.lines = append(k.lines, e["text"].(string))
			}
		}
	}
}

// back breaks the connection and comes back after what done waits for.
func (k *kept) back(t testing.TB, done func()) {
	t.Helper()
	k.vanish()
	done()
	if len(k.others) > 0 {
		k.w, k.others = k.others[0], append(k.others[1:], k.w)
	}
	k.client = k.w.open(t, fmt.Sprintf("?attach=%s&window=one&from=%.0f", k.attach, k.last+1), "workbench.v1")
	k.hears("SUCC")
	k.read(t)
	for m := int(k.taken) + 1; m <= k.said; m++ {
		k.say(fmt.Sprintf(`{"text":"line %d","m":%d}`, m, m))
	}
}

// A connection breaks again and again, in the middle of thousands of lines both ways,
// once for so long that the entries in memory are not enough: the client that comes
// back has every entry once, in order, and the server every line.
func TestComesBack(t *testing.T) {
	t.Parallel()
	w, _ := keeper(t)
	comesBack(t, w)
}

// The same by way of other workbenches, which share their log with the one that has the
// session.
func TestComesBackElsewhere(t *testing.T) {
	t.Parallel()
	broker, _, _ := natsServer(t)
	var all []*workbench
	for range 3 {
		w, _ := keeper(t, "--store", "nats://"+broker+"/school")
		all = append(all, w)
	}
	comesBack(t, all[0], all[1:]...)
}

func comesBack(t *testing.T, w *workbench, others ...*workbench) {
	const up, burst = 300, 150_000
	var flood atomic.Bool
	flooded, heard := make(chan int, 8), make(chan string, up)
	s := serve(t, func(conn net.Conn) {
		lines := bufio.NewScanner(conn)
		total := 0
		for lines.Scan() {
			heard <- lines.Text()
			for range 20 {
				total++
				fmt.Fprintf(conn, "number %d\r\n", total)
			}
			if flood.CompareAndSwap(true, false) {
				for range burst {
					total++
					fmt.Fprintf(conn, "number %d\r\n", total)
				}
				flooded <- total
			}
		}
	})
	k := &kept{client: w.join(t, "?mode=http-line&keep=on&window=one", s.address, "workbench.v1"), w: w, others: others}
	k.read(t)
	for k.said < up {
		k.said++
		if k.said == up/2 {
			flood.Store(true)
		}
		k.say(fmt.Sprintf(`{"text":"line %d","m":%d}`, k.said, k.said))
		switch {
		case k.said == up/2:
			for k.taken < up/2 { // else the reset may lose it, and the flood would not come
				k.read(t)
			}
			k.back(t, func() { receive(t, flooded, "the flood") })
		case k.said%25 == 0:
			k.back(t, func() {})
		case k.said%10 == 0:
			k.read(t)
		}
	}
	for n := 1; n <= up; n++ {
		if got := receive(t, heard, "a line"); got != fmt.Sprintf("line %d", n) {
			t.Fatalf("the server heard %q as line %d", got, n)
		}
	}
	want := 20*up + burst
	for !strings.HasSuffix(strings.Join(k.lines[max(0, len(k.lines)-2):], ""), fmt.Sprintf("number %d\r\n", want)) {
		k.read(t)
	}
	if k.gaps > 0 {
		t.Fatalf("a gap of %.0f entries, with a recording", k.gaps)
	}
	for n, line := range strings.SplitAfter(strings.Join(k.lines, ""), "\r\n")[:want] {
		if line != fmt.Sprintf("number %d\r\n", n+1) {
			t.Fatalf("line %d is %q", n+1, line)
		}
	}
	k.say(`{"end":true}`)
	_, closed := k.linesToEnd()
	k.checkClose(closed, 1000, "the client closed")
}

// What is not recorded and not in memory any more is a gap with its count.
func TestGap(t *testing.T) {
	t.Parallel()
	const burst = 60_000
	flooded := make(chan bool, 1)
	s := serve(t, func(conn net.Conn) {
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			for n := range burst {
				fmt.Fprintf(conn, "number %d of many more that come\r\n", n)
			}
			flooded <- true
		}
	})
	w, _ := keeper(t)
	k := &kept{client: w.join(t, "?mode=raw&keep=on&window=one&record=off", s.address, "workbench.v1"), w: w}
	k.read(t)
	k.said = 1
	k.say(`{"text":"line 1\r\n","m":1}`)
	for k.taken < 1 {
		k.read(t)
	}
	k.back(t, func() {
		for range 5 { // each time 3 MB
			receive(t, flooded, "the flood")
			again := &kept{client: w.open(t, "?attach="+k.attach+"&window=one", "workbench.v1"), w: w}
			again.hears("SUCC")
			k.said++
			again.say(fmt.Sprintf(`{"text":"line\r\n","m":%d}`, k.said))
			for again.taken < float64(k.said) {
				again.read(t)
			}
			again.vanish()
		}
		receive(t, flooded, "the flood")
	})
	for deadline := time.Now().Add(patience); k.gaps == 0 && time.Now().Before(deadline); {
		k.read(t)
	}
	if k.gaps == 0 {
		t.Error("no gap")
	}
}
