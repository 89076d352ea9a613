package convert

import (
	"fmt"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// parse reads entries below a header.
func parse(t *testing.T, entries string) *transcript.Transcript {
	t.Helper()
	tr, err := transcript.Parse("test", []byte("workbench transcript v1\nmode raw\ntarget \"example.com:80\"\n\n"+entries))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// shown writes crossings: "1ms > "text"", < from the server, ] for an end, ! for a
// broken connection, and ~ before an implied one.
func shown(all []Crossing) string {
	var b strings.Builder
	for _, c := range all {
		arrow := ">"
		if c.From == core.Server {
			arrow = "<"
		}
		if c.Implied {
			arrow = "~" + arrow
		}
		switch c.Kind {
		case Bytes:
			fmt.Fprintf(&b, "%v %s %q\n", c.Time, arrow, c.Data)
		case End:
			fmt.Fprintf(&b, "%v %s ]\n", c.Time, arrow)
		case Broken:
			fmt.Fprintf(&b, "%v %s ! %s\n", c.Time, arrow, c.Data)
		}
	}
	return b.String()
}

func TestCrossings(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "0s ~> ]\n0s ~< ]\n"},
		{"what the client says is not what is sent", ">> client text \"a\"\n<< server \"a\\r\\n\"\n<< client text \"sent\"\n>> server \"b\"\n",
			"1ms > \"a\\r\\n\"\n2ms < \"b\"\n2ms ~> ]\n2ms ~< ]\n"},
		{"passed through from the next event on", ">> client text \"a\"\n<< pass-through client\n<< server \"A\"\n>> client text \"b\"\n>> client binary \"\"\n",
			"1ms > \"A\"\n2ms > \"b\"\n3ms ~> ]\n3ms ~< ]\n"},
		{"a broken promise is what was sent", "<< pass-through client\n>> client text \"a\"\n<< server \"A\"\n", "1ms > \"A\"\n1ms ~> ]\n1ms ~< ]\n"},
		{"the server's side passes too", "<< pass-through server\n>> server \"a\"\n>> client text \"b\"\n", "1ms < \"a\"\n2ms ~> ]\n2ms ~< ]\n"},
		{"half-close by the client", "<< pass-through client\n>> client text \"a\"\n>> client eof\n>> server \"b\"\n>> server eof\n",
			"1ms > \"a\"\n2ms > ]\n3ms < \"b\"\n4ms < ]\n"},
		{"half-close by the machine, and bytes after it", ">> client text \"a\"\n<< server \"a\"\n<< server eof\n<< server \"b\"\n>> client text \"c\"\n<< server \"c\"\n>> server \"d\"\n",
			"1ms > \"a\"\n1ms > ]\n3ms < \"d\"\n3ms ~< ]\n"},
		{"the server ends, and is answered", ">> server eof\n<< server \"bye\"\n>> server \"never\"\n", "1ms < ]\n1ms > \"bye\"\n1ms ~> ]\n"},
		{"the client is gone", ">> client closed\n<< server \"bye\"\n>> server \"never\"\n", "1ms > \"bye\"\n1ms > ]\n1ms ~< ]\n"},
		{"the connection breaks", ">> server failed \"reset\"\n<< server \"late\"\n", "1ms < ! reset\n"},
		{"the machine ends it", ">> client text \"a\"\n<< close \"done\"\n<< server \"flushed\"\n>> server \"never\"\n", "1ms > \"flushed\"\n1ms ~> ]\n1ms ~< ]\n"},
		{"the opening speaks", "<< server \"hello\"\n-- dialled 10.0.0.1:80\n", "0s > \"hello\"\n0s ~> ]\n0s ~< ]\n"},
		{"times", "1 >> server \"a\"\n>> server \"b\"\n0.5 >> server \"c\"\n2 >> client text \"d\"\n2.25 << server \"d\"\n<< server \"e\"\n",
			"1s < \"a\"\n1.001s < \"b\"\n1.001s < \"c\"\n2.25s > \"d\"\n2.25s > \"e\"\n2.25s ~> ]\n2.25s ~< ]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := shown(Crossings(parse(t, c.in))); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
