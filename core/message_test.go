package core

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// nested returns fields that nest so deep.
func nested(depth int) []Field {
	var fields []Field
	for range depth {
		fields = []Field{{Name: "a", Fields: fields}}
	}
	return fields
}

func TestMessage(t *testing.T) {
	m := Message{Flow: FromServer, From: 120, To: 164, Answers: MessageRef{ToServer, 40}, Summary: "a \"reply\"\n", Fields: []Field{
		{Name: "resp.type", From: 120, To: 121, Value: "bulk", Fields: []Field{{Name: "length", From: 121, To: 123, Value: "\xff\x00", Wrong: "RESP2: it has 33 bytes"}}},
		{Name: "rest", From: 123, To: 164},
	}}
	const text = `from-server 120-164 answers to-server 40 "a \"reply\"\n"
  resp.type 120-121 "bulk"
    length 121-123 "\xff\x00" ! "RESP2: it has 33 bytes"
  rest 123-164 ""`
	var out Out
	out.Server([]byte("before"))
	out.Message(m)
	out.Note("behind")
	if out.Err() != nil || out.Len() != 3 || out.Action(1).Kind != Decoded || string(out.Action(1).Data) != text || string(out.Action(2).Data) != "behind" {
		t.Fatalf("%v: %q", out.Err(), out.Action(1).Data)
	}
	if back, err := ParseMessage([]byte(text)); err != nil || !reflect.DeepEqual(back, m) {
		t.Errorf("%+v, %v", back, err)
	}
	if n := testing.AllocsPerRun(50, func() { out.Reset(); out.Message(m) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMessageBounds(t *testing.T) {
	long := strings.Repeat("x", MaxFieldText+1)
	for name, c := range map[string]struct {
		m    Message
		want error
	}{
		"the zero value":           {Message{}, ErrFlow},
		"an unknown flow":          {Message{Flow: ToClient + 1}, ErrFlow},
		"no bytes":                 {Message{Flow: ToClient, From: 7, To: 7}, nil},
		"an end before it begins":  {Message{Flow: ToClient, From: 7, To: 6}, ErrMessageSpan},
		"a begin before all":       {Message{Flow: ToClient, From: -1}, ErrMessageSpan},
		"an end too far":           {Message{Flow: ToClient, To: MaxFlow + 1}, ErrMessageSpan},
		"it answers no flow":       {Message{Flow: ToClient, Answers: MessageRef{From: 1}}, ErrFlow},
		"it answers no place":      {Message{Flow: ToClient, Answers: MessageRef{ToServer, -1}}, ErrMessageSpan},
		"a field outside":          {Message{Flow: ToClient, From: 5, To: 9, Fields: []Field{{Name: "a", From: 4, To: 6}}}, ErrMessageSpan},
		"a field of a field":       {Message{Flow: ToClient, From: 5, To: 9, Fields: []Field{{Name: "a", From: 5, To: 6, Fields: []Field{{Name: "b", From: 7, To: 10}}}}}, ErrMessageSpan},
		"a field without a name":   {Message{Flow: ToClient, Fields: []Field{{}}}, ErrFieldName},
		"a name with a blank":      {Message{Flow: ToClient, Fields: []Field{{Name: "a b"}}}, ErrFieldName},
		"a summary too long":       {Message{Flow: ToClient, Summary: long}, ErrFieldText},
		"a value too long":         {Message{Flow: ToClient, Fields: []Field{{Name: "a", Value: long}}}, ErrFieldText},
		"too many words of wrong":  {Message{Flow: ToClient, Fields: []Field{{Name: "a", Wrong: long}}}, ErrFieldText},
		"as deep as can be":        {Message{Flow: ToClient, Fields: nested(MaxFieldDepth)}, nil},
		"too deep":                 {Message{Flow: ToClient, Fields: nested(MaxFieldDepth + 1)}, ErrFieldDepth},
		"as many as can be":        {Message{Flow: ToClient, Fields: slicesOf(MaxFields)}, nil},
		"one too many":             {Message{Flow: ToClient, Fields: slicesOf(MaxFields + 1)}, ErrTooManyField},
		"too many, some of others": {Message{Flow: ToClient, Fields: append(nested(2), slicesOf(MaxFields-1)...)}, ErrTooManyField},
		"large in its text form":   {Message{Flow: ToClient, Fields: values(300, strings.Repeat("\x00", MaxFieldText))}, ErrActionTooBig},
	} {
		var out Out
		out.Message(c.m)
		if !errors.Is(out.Err(), c.want) || (c.want == nil) != (out.Len() == 1) {
			t.Errorf("%s: %d actions, %v, want %v", name, out.Len(), out.Err(), c.want)
		}
		if c.want != nil {
			continue
		}
		back, err := ParseMessage(out.Action(0).Data)
		if err != nil || !reflect.DeepEqual(back, c.m) {
			t.Errorf("%s: comes back as %+v, %v", name, back, err)
		}
	}
}

func slicesOf(n int) []Field { return values(n, "") }

func values(n int, value string) []Field {
	fields := make([]Field, n)
	for i := range fields {
		fields[i] = Field{Name: "a", Value: value}
	}
	return fields
}

// Text in any other form is refused: what is printed is what was read.
func TestParseMessageRefuses(t *testing.T) {
	for _, text := range []string{
		"", "from-server", `from-server 0-5`, `from-server 0-5 +OK`, `server 0-5 ""`, `from-server 0-5 "" `, `from-server  0-5 ""`, `from-server 00-5 ""`,
		`from-server 0-5 "\x41"`, `from-server 0-5 answers to-server "x"`, "from-server 0-5 \"\"\n", "from-server 0-5 \"\"\na 0-5 \"\"", "from-server 0-5 \"\"\n   a 0-5 \"\"",
		"from-server 0-5 \"\"\n    a 0-5 \"\"", "from-server 0-5 \"\"\n  a 0-5 \"\" !", "from-server 0-5 \"\"\n  a 0-5 \"\" ! \"\"",
	} {
		if m, err := ParseMessage([]byte(text)); err == nil {
			t.Errorf("%q is %+v", text, m)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(`from-server 120-164 answers to-server 40 "é\xff"` + "\n  a 120-121 \"b\" ! \"c\"\n    d 120-120 \"\""))
	f.Add([]byte("from-client 0-0 \"\""))
	f.Fuzz(func(t *testing.T, text []byte) {
		each := 0
		MessageTexts(text, func(said []byte, at []int) {
			each++
			if len(at) != len(said)+1 || at[len(said)] > len(text) {
				t.Errorf("%d bytes at %v", len(said), at)
			}
		})
		m, err := ParseMessage(text)
		if err != nil {
			return
		}
		again, err := m.AppendText(nil)
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("%q, %v", again, err)
		}
		if each == 0 {
			t.Error("a message without a summary")
		}
	})
}
