package room

import (
	"testing"

	"github.com/protocol-workbench/workbench/core/practice"
)

// Students have values of their own, and always the same.
func TestValue(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"http.word", "http.number", "http.today", "mail.name", "mail.password", "mail.plain", "mail.code", "dns.name", "dns.text", "ftp.file", "ftp.number", "mqtt.topic", "mqtt.word"} {
		differs := false
		for _, seed := range []string{"ada", "ben", "cleo", "dan"} {
			first, ok := Value("anna", name)
			again, _ := Value("anna", name)
			other, _ := Value(seed, name)
			if !ok || first == "" || first != again {
				t.Errorf("%s: got %q, then %q", name, first, again)
			}
			differs = differs || other != first
		}
		if !differs {
			t.Errorf("%s is the same for five students", name)
		}
	}
	if _, ok := Value("anna", "mail"); ok {
		t.Error("there is a value mail")
	}
}

func TestChoicesFor(t *testing.T) {
	t.Parallel()
	got, err := ChoicesFor("anna", map[string]string{"lines": "lenient", "fragment": "", "slow": "", "closing": "cut"})
	if want := (Choices{"anna", true, practice.Manner{Fragment: true, Slow: true, Closing: practice.Cut}}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got, err := ChoicesFor("", map[string]string{"lines": "strict"}); err != nil || got != (Choices{}) {
		t.Errorf("got %+v, %v", got, err)
	}
	for name, value := range map[string]string{"closing": "soon", "colour": "red"} {
		if _, err := ChoicesFor("", map[string]string{name: value}); err == nil {
			t.Errorf("%s %s is a choice", name, value)
		}
	}
}
