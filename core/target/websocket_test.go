package target

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// checkURL checks that a WebSocket's path reaches the wire as the target has it.
func checkURL(t *testing.T, to Target) {
	t.Helper()
	u, err := url.Parse(to.URL())
	switch {
	case err != nil:
		t.Fatalf("%s: %v", to, err)
	case u.RequestURI() != to.Path || u.User != nil || u.Fragment != "" || to.Port == 0:
		t.Fatalf("%s is asked for as %q at %q", to, u.RequestURI(), u.Host)
	}
}

func TestURLOfAWebSocket(t *testing.T) {
	for in, want := range map[string]string{
		"ws://h/":              "ws://h/",
		"ws://h:80/":           "ws://h/",
		"ws://h:443/":          "ws://h:443/",
		"wss://h:443/a?b":      "wss://h/a?b",
		"wss://h:80":           "wss://h:80/",
		"ws://[::1]/":          "ws://[::1]/",
		"ws://[fe80::1%eth0]/": "ws://[fe80::1%25eth0]/",
		"ws://:8000//x":        "ws://localhost:8000//x",
	} {
		to, err := Parse(in)
		if err != nil || to.URL() != want {
			t.Errorf("%s: %s, %v; want %s", in, to.URL(), err, want)
			continue
		}
		checkURL(t, to)
	}
}

func TestHandshakeChoices(t *testing.T) {
	var h Handshake
	for _, c := range []Choice{
		{ChoiceSubprotocol, "mqtt, chat.v2"}, {ChoiceHeader, "Authorization: Bearer secret"},
		{ChoiceHeader, " Origin :https://example.com "}, {ChoiceHeader, "X-Empty:"}, {ChoiceHeader, "Cookie: a=secret"},
		{ChoiceSend, SendText},
	} {
		if err := h.Choose(c); err != nil {
			t.Error(err)
		}
	}
	if got := h.Subprotocols(); !slices.Equal(got, []string{"mqtt", "chat.v2"}) {
		t.Errorf("subprotocols %q", got)
	}
	want := [][2]string{{"Authorization", "Bearer secret"}, {"Origin", "https://example.com"}, {"X-Empty", ""}, {"Cookie", "a=secret"}}
	if got := h.Headers(); !slices.Equal(got, want) {
		t.Errorf("headers %q", got)
	}
	told := []Choice{
		{ChoiceSubprotocol, "mqtt,chat.v2"}, {ChoiceHeader, "Authorization"}, {ChoiceHeader, "Origin: https://example.com"},
		{ChoiceHeader, "X-Empty"}, {ChoiceHeader, "Cookie"}, {ChoiceSend, "text"},
	}
	if got := h.Choices(); !slices.Equal(got, told) {
		t.Errorf("told %q", got)
	}
	if h.Choose(Choice{ChoiceSend, SendAuto}); h.Send() != SendAuto {
		t.Errorf("sends %s", h.Send())
	}
	if zero := (Handshake{}); zero.Send() != SendAuto || zero.Choices() != nil || zero.Headers() != nil || zero.Subprotocols() != nil {
		t.Error("the zero value chooses something")
	}
}

func TestHandshakeChoicesThatCannotBeMade(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{ChoiceSubprotocol, "", "token"},
		{ChoiceSubprotocol, "a b", "token"},
		{ChoiceSubprotocol, "a,,b", "token"},
		{ChoiceSubprotocol, "é", "token"},
		{ChoiceSubprotocol, "a,a", "twice"},
		{ChoiceSubprotocol, strings.Repeat("a", 65), "1 to 64"},
		{ChoiceSubprotocol, strings.Repeat("a,", 16) + "b", "at most 16"},
		{ChoiceHeader, "secret", "a name, a colon and a value"},
		{ChoiceHeader, "a b: secret", "a name, a colon and a value"},
		{ChoiceHeader, ": secret", "a name, a colon and a value"},
		{ChoiceHeader, "X: secret\r\nY: z", "line end"},
		{ChoiceHeader, "X: secret\nY: z", "line end"},
		{ChoiceHeader, "X: secret\x00", "does not show"},
		{ChoiceHeader, "X: secret\xff", "does not show"},
		{ChoiceHeader, "X\r: secret", "line end"},
		{ChoiceHeader, "Host: secret", "cannot be set"},
		{ChoiceHeader, "CONNECTION: secret", "cannot be set"},
		{ChoiceHeader, "upgrade: secret", "cannot be set"},
		{ChoiceHeader, "Sec-WebSocket-Protocol: secret", "cannot be set"},
		{ChoiceHeader, "Sec-WebSocket-Key: secret", "cannot be set"},
		{ChoiceHeader, "Transfer-Encoding: secret", "cannot be set"},
		{ChoiceHeader, "X: secret" + strings.Repeat("x", MaxHeaderLine), "at most 4096"},
		{ChoiceSend, "utf8", "auto, text or binary"},
		{"path", "", "not a choice"},
	} {
		var h Handshake
		err := h.Choose(Choice{c.name, c.value})
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeWebSocketParameter || h != (Handshake{}) {
			t.Errorf("%s %.40q: %v, %+v", c.name, c.value, err, h)
			continue
		}
		checkWords(t, err)
		if !strings.Contains(e.Words, c.want) || strings.Contains(e.Words, "secret") {
			t.Errorf("%s %.40q: %q; want %q in it", c.name, c.value, e.Words, c.want)
		}
	}
	var h Handshake
	for range MaxHeaders {
		if err := h.Choose(Choice{ChoiceHeader, "X: y"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Choose(Choice{ChoiceHeader, "X: y"}); err == nil || !strings.Contains(err.Error(), "more than 16") {
		t.Error(err)
	}
}

func FuzzHandshake(f *testing.F) {
	for _, s := range []string{"a,b", "X: y", "Origin:https://x", "a b", "X: \r\n", "Cookie: \xff", "text"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, name := range []string{ChoiceSubprotocol, ChoiceHeader, ChoiceSend} {
			var h Handshake
			if err := h.Choose(Choice{name, s}); err != nil {
				var e *Error
				if !errors.As(err, &e) || e.Code != CodeWebSocketParameter {
					t.Fatalf("%q: %v", s, err)
				}
				continue
			}
			for _, one := range h.Headers() {
				if strings.ContainsAny(one[0]+one[1], "\r\n\x00") || one[0] == "" {
					t.Fatalf("%q is the header %q", s, one)
				}
			}
			if n := len(h.Headers()); name == ChoiceHeader && n != 1 {
				t.Fatalf("%q is %d headers", s, n)
			}
		}
	})
}
