package gateway

import (
	"os"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/quota"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/target"
)

// A client of workbench.v1 gets the code of a refusal after the words, before the
// close.
func TestRefusalsHaveCodes(t *testing.T) {
	for _, c := range []struct{ query, first, code string }{
		{"", strings.Repeat("x", 2000), "handshake"},
		{"?colour=red", "h:1", "address"},
		{"?mode=upper&mode=upper", "h:1", "address"},
		{"?mode=none", "h:1", "mode-unknown"},
		{"?option.loud=yes", "h:1", "option"},
		{"?server-eof=stay", "h:1", "server-eof"},
		{"", "h", "target"},
		{"?tls.min=1.2", "h:1", "tls-parameter"},
		{"?keep=1", "h:1", "address"},
		{"?attach=s1-none", "", "session-unknown"},
		{"?attach=s1-none&from=0", "", "address"},
		{"?attach=s1-none&mode=upper", "", "address"},
	} {
		ws := dial(t, c.query, subprotocol)
		if c.first != "" {
			ws.WriteMessage(websocket.TextMessage, []byte(c.first))
		}
		if _, words, err := ws.ReadMessage(); err != nil || !strings.HasPrefix(string(words), "FAIL:") {
			t.Errorf("%s %.20s: %q, %v", c.query, c.first, words, err)
			continue
		}
		if _, got, err := ws.ReadMessage(); err != nil || string(got) != `[{"kind":"refused","code":"`+c.code+`"}]` {
			t.Errorf("%s %.20s: %q, %v", c.query, c.first, got, err)
		}
		if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("%s %.20s: %v", c.query, c.first, err)
		}
	}
}

// A client of workbench.v1 is told how the session ended as the last of its
// entries: the code, and the words as a whole.
func TestEndsHaveCodes(t *testing.T) {
	ws := dial(t, "", subprotocol)
	say(t, ws, websocket.TextMessage, "h:1")
	hear(t, ws, "SUCC")
	say(t, ws, websocket.TextMessage, `{"txt":"x"}`)
	var last []byte
	for {
		_, message, err := ws.ReadMessage()
		if err != nil {
			break
		}
		last = message
	}
	const want = `[{"kind":"ended","code":"not-allowed","text":"a text message of workbench.v1 is {\"text\":\"…\"}, {\"raw\":\"base64\"}, {\"command\":\"…\"}, {\"fault\":\"…\"}, {\"starttls\":true} or {\"eof\":true}"}]`
	if string(last) != want {
		t.Errorf("told last: %s, want %s", last, want)
	}
}

// Each code is in the document.
func TestCodesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/websocket.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := []string{codeHandshake, codeAddress, codeTarget, codeModeUnknown, codeModeUnavailable, codeOption, codeServerEOF, codeSessionUnknown}
	for cause := session.Refused; cause.String() != "cause?"; cause++ {
		codes = append(codes, cause.String())
	}
	for kind := quota.Session; kind <= quota.Dial; kind++ {
		if code := (&quota.Exceeded{Kind: kind}).ErrorCode(); kind != quota.Request { // which is no session's
			codes = append(codes, code)
		}
	}
	for _, c := range target.Codes() {
		codes = append(codes, string(c))
	}
	for _, code := range codes {
		if !strings.Contains(string(doc), "\n| `"+code+"` |") {
			t.Errorf("docs/websocket.md has no row of the code %s", code)
		}
	}
}
