package core

import (
	"errors"
	"slices"
	"testing"
)

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

func TestOutSecretBytes(t *testing.T) {
	var out Out
	value := []byte("hunter2")
	out.SecretBytes(value)
	value[0] = 'x'
	out.SecretBytes(nil)
	if a := out.Action(0); out.Err() != nil || out.Len() != 1 || a.Kind != SecretBytes || string(a.Data) != "hunter2" {
		t.Errorf("%d actions, %+v, %v", out.Len(), a, out.Err())
	}
	out.SecretBytes(make([]byte, MaxSecret))
	if out.Err() != nil || out.Len() != 2 {
		t.Errorf("64 KiB are refused: %v", out.Err())
	}
	if out.SecretBytes(make([]byte, MaxSecret+1)); !errors.Is(out.Err(), ErrSecretTooBig) {
		t.Errorf("more than 64 KiB: %v", out.Err())
	}
}

func TestWhatCountsOfAnAnswer(t *testing.T) {
	kinds := func(actions []Action) (all []ActionKind) {
		for _, a := range Counting(actions) {
			all = append(all, a.Kind)
		}
		return all
	}
	answer := []Action{
		{Kind: SendServer}, {Kind: Secret, Data: []byte("action 0 1")},
		{Kind: Secret, Data: []byte("event 0 1")}, {Kind: SecretBytes, Data: []byte("x")},
	}
	if got := kinds(answer); len(got) != 4 {
		t.Errorf("of an answer %v count", got)
	}
	got := kinds(append(answer, Action{Kind: Failed}))
	if !slices.Equal(got, []ActionKind{Secret, SecretBytes, Failed}) {
		t.Errorf("of one that failed %v count", got)
	}
}
