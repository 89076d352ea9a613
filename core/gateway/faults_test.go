package gateway

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A session is given rules on faults with the handshake, and more of them while it runs.
func TestFaultsByHand(t *testing.T) {
	rule := "&fault=" + url.QueryEscape("# the first\nto-server on match \"one\": replace match \"uno\"")
	for _, query := range []string{"?mode=upper", "?mode=upper&keep=on&window=a"} {
		t.Run(query, func(t *testing.T) {
			config := testGateway().Config
			config.Keep = time.Minute
			g := New(config)
			s := stopping(t, g)
			d := websocket.Dialer{Subprotocols: []string{subprotocol}}
			ws, _, err := d.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/websocket/ws"+query+rule, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer ws.Close()
			say(t, ws, websocket.TextMessage, "h:1")
			if seen := until(t, ws, `"code":"fault-rule"`); !strings.Contains(seen, `"text":"fault rule 2: to-server on match \"one\": replace match \"uno\""`) {
				t.Errorf("told %s", seen)
			}
			for _, step := range []struct{ message, want string }{
				{`{"raw":"b25l"}`, `"text":"fault 2 to-server 0-3 replace \"one\" forged 0-3 \"uno\"","code":"fault"`},
				{`{"fault":"from-server nowhere"}`, `{"kind":"not-taken","code":"fault","text":"line 1: expected at BYTE, after line N,`},
				{`{"fault":"from-client at 0: stall"}`, `"code":"fault","text":"rules about from-client and to-client are for a client that is a stream`},
				{`{"fault":"to-server after message 1: stall"}`, `"code":"fault","text":"a rule waits for messages, and the line mode decodes none`},
				{`{"fault":"to-server at 2: forge \"!\""}`, `"text":"fault rule 3: to-server at 2: forge \"!\"","code":"fault-rule"`},
				{`{"raw":"dHdv"}`, `"text":"fault 3 to-server 5-5 forge forged 5-6 \"!\"","code":"fault"`},
				{`{"fault":"from-server at 0: half-close"}`, `"text":"fault 4 from-server 0-0 half-close","code":"fault"`},
			} {
				say(t, ws, websocket.TextMessage, step.message)
				until(t, ws, step.want)
			}
		})
	}
}

// Rules that a session cannot have refuse it, with a code.
func TestFaultsRefused(t *testing.T) {
	for rule, want := range map[string]string{
		"stall":                            "FAIL:fault: line 1: expected from-server, to-server, from-client or to-client; found \"stall\"",
		"to-client at 0: stall":            "FAIL:fault: rules about from-client and to-client are for a client that is a stream",
		"to-server after message 1: stall": "FAIL:fault: a rule waits for messages, and the line mode decodes none",
	} {
		ws := dial(t, "?fault="+url.QueryEscape(rule), subprotocol)
		say(t, ws, websocket.TextMessage, "h:1")
		hear(t, ws, want)
		hear(t, ws, `[{"kind":"refused","code":"fault"}]`)
	}
}
