package core

import "testing"

func TestSpan(t *testing.T) {
	for _, s := range []Span{{false, 0, 1}, {true, 5, 12}, {false, 0, MaxActionPayload}} {
		got, err := ParseSpan(s.String())
		if err != nil || got != s {
			t.Errorf("%q became %+v, %v", s.String(), got, err)
		}
	}
	for _, text := range []string{"", "event", "event 5", "event 5 5", "event 12 5", "event -1 5", "event +1 5", "event 01 5",
		"event 0 1114113", "events 0 1", "action 0 1 ", "action  0 1", "event 99999999999999999999 1"} {
		if s, err := ParseSpan(text); err == nil {
			t.Errorf("%q passed for %+v", text, s)
		}
	}
}

func TestSpanOf(t *testing.T) {
	for want, s := range map[string]Span{"cd": {From: 2, To: 4}, "ef": {From: 4, To: 100}, "": {From: 7, To: 9}} {
		if got := string(s.Of([]byte("abcdef"))); got != want {
			t.Errorf("%+v names %q, want %q", s, got, want)
		}
	}
}

func TestOutSecret(t *testing.T) {
	var out Out
	out.Secret(false, 2, 4)
	if a := out.Action(0); out.Err() != nil || a.Kind != Secret || string(a.Data) != "event 2 4" {
		t.Errorf("got %+v, %v", a, out.Err())
	}
	for _, bad := range [][2]int{{-1, 3}, {3, 3}, {4, 3}, {0, MaxActionPayload + 1}} {
		out.Reset()
		if out.Secret(false, bad[0], bad[1]); out.Err() != ErrSpan {
			t.Errorf("%v: %v", bad, out.Err())
		}
	}
}
