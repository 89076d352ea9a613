//go:build linux

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// balanced is an address that leads to the first of two workbenches with a shared log. They
// have a port of the same number, as behind a load balancer, or each its own.
type balanced struct {
	*cuttable
	one, other *workbench
}

func newBalanced(t *testing.T, samePort bool) *balanced {
	broker, _, _ := natsServer(t)
	way := newCuttable(t)
	flags := []string{"--host", way.address, "--store", "nats://" + broker + "/school"}
	one, err := launch(append(flags, "--store-name", "one", "--transcripts", t.TempDir())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { one.signal(9); one.wait(patience) })
	if samePort {
		flags = append(flags, "--listen", "127.0.0.2:"+portOf(one.address))
	}
	other, _ := keeper(t, append(flags, "--store-name", "other")...)
	way.lead(one.address)
	return &balanced{way, one, other}
}

// turn has the address lead to the other, over new connections.
func (b *balanced) turn() {
	b.lead(b.other.address)
	b.cut(true)
	b.cut(false)
}

// fail kills the first before that.
func (b *balanced) fail() {
	b.one.signal(9)
	b.one.wait(patience)
	b.lead(b.other.address)
}

// A page that a load balancer leads to another workbench types on in its session, which
// stays where it is, also after a reload.
func TestPageComesBackElsewhere(t *testing.T) {
	t.Parallel()
	b := newBalanced(t, true)
	p := visit(t, browser(t), "http://"+b.address)
	p.connect(b.other.echo)
	p.status("Connected")
	p.sendLine("said at the first")
	p.shows("said at the first")
	p.expects = "WebSocket connection|net::ERR_"
	b.turn()
	p.sendLine("said by way of the other")
	p.shows("said by way of the other")
	p.do(chromedp.Reload())
	p.status("Connected")
	p.shows("said at the first")
	p.sendLine("and after a reload")
	p.shows("and after a reload")
	if here, there := b.one.get(t, "/api/sessions"), b.other.get(t, "/api/sessions"); strings.Count(here, `"id"`) != 1 || strings.Count(there, `"id"`) != 1 {
		t.Errorf("the session is listed as %s, and at the other workbench as %s", here, there)
	}
	p.keep("back-elsewhere")
}

// A page whose workbench dies behind a load balancer finds another one there, which has what
// was recorded up to then, and connects anew.
func TestPageGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	b := newBalanced(t, true)
	p := visit(t, browser(t), "http://"+b.address)
	p.connect(b.other.echo)
	p.status("Connected")
	p.sendLine("what was said")
	p.shows("what was said")
	eventually(t, "the other workbench has it", func() bool { return len(b.other.transcripts(t, "?text=what+was+said")) == 1 })
	p.expects = "WebSocket connection|net::ERR_"
	b.fail()
	if got := p.status("Disconnected"); !strings.Contains(got, "the session is over") {
		t.Errorf("the status is %q", got)
	}
	p.do(chromedp.Reload()) // and what came is read from the recording, at the other one
	p.status("Disconnected")
	p.shows("what was said")
	p.keep("elsewhere")
	p.click("#connect-button")
	p.status("Connected")
	p.sendLine("and goes on")
	p.shows("and goes on")
}

// If the other one does not know the browser, the page says so.
func TestPageIsUnknownElsewhere(t *testing.T) {
	t.Parallel()
	b := newBalanced(t, false)
	p := visit(t, browser(t), "http://"+b.address)
	p.connect(b.other.echo)
	p.status("Connected")
	p.expects = "WebSocket connection|net::ERR_|401"
	b.fail()
	if got := p.status("Disconnected"); !strings.Contains(got, "does not know this browser") {
		t.Errorf("the status is %q", got)
	}
	p.keep("unknown-elsewhere")
}

// A load balancer that leads each connection elsewhere makes no difference to a page.
func TestPageRoundRobin(t *testing.T) {
	t.Parallel()
	b := newBalanced(t, true)
	b.lead(b.one.address, b.other.address)
	p := visit(t, browser(t), "http://"+b.address)
	p.connect(b.other.echo)
	p.status("Connected")
	for n := range 4 {
		line := fmt.Sprintf("line number %d", n)
		p.sendLine(line)
		p.shows(line)
		p.do(chromedp.Reload())
		p.status("Connected")
		p.shows("line number 0")
	}
	list := b.one.transcripts(t, "?text=line+number")
	if len(list) != 1 {
		t.Errorf("there are %d recordings", len(list))
	}
}
