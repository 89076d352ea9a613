package target

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func TestCommand(t *testing.T) {
	for in, want := range map[string][]string{
		`exec:/bin/x`:                        {"/bin/x"},
		`exec:/bin/x a  b `:                  {"/bin/x", "a", "b"},
		`exec:/bin/x "a b" 'c "d' ""`:        {"/bin/x", "a b", `c "d`, ""},
		`exec:/bin/x "\"\\\n" '\"' \" end"`:  {"/bin/x", `"\\n`, `\"`, `\ end`},
		`exec:/bin/x $HOME *.c ; rm a&b|c>d`: {"/bin/x", "$HOME", "*.c", ";", "rm", "a&b|c>d"},
	} {
		if got, err := Parse(in); err != nil || !slices.Equal(got.Command(), want) {
			t.Errorf("%s: %q, %v; want %q", in, got.Command(), err, want)
		}
	}
}

// Nothing of the machine's is opened that the policy denies, nor where nobody opens it.
func TestDialLocal(t *testing.T) {
	opened := 0
	open := func(context.Context, Target) (Stream, error) {
		opened++
		return nil, fail(nil, "not there").as(CodeNoSuchPath)
	}
	for _, where := range []string{"serial:///dev/x", "exec:/bin/x"} {
		to, err := Parse(where)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			d    Dialer
			code Code
		}{
			{Dialer{Policy: policy(t, "public"), Local: open}, CodeDenied},
			{Dialer{Policy: policy(t, "practice"), Local: open}, CodeDenied},
			{Dialer{Policy: policy(t, "deny *"), Local: open}, CodeDenied},
			{Dialer{}, CodeOff},
			{Dialer{Local: open}, CodeNoSuchPath},
		} {
			_, err := c.d.Dial(t.Context(), to, Security{})
			var e *Error
			if !errors.As(err, &e) || e.Code != c.code {
				t.Errorf("%s: %v; want %s", where, err, c.code)
			}
		}
	}
	if opened != 2 {
		t.Errorf("opened %d times; want 2", opened)
	}
}

// Where TLS cannot be, the words say why.
func TestNoUpgrade(t *testing.T) {
	for _, where := range []string{"listen://127.0.0.1:0", "serial:///dev/x", "exec:/bin/x"} {
		to, _ := Parse(where)
		c := &Conn{noUpgrade: to.noUpgrade()}
		_, err := c.StartTLS(t.Context(), "x")
		if c.NoUpgrade() == "" || err == nil || err.Error() != c.NoUpgrade() {
			t.Errorf("%s: %v; want %q", where, err, c.NoUpgrade())
		}
	}
	if to, _ := Parse("example.com:80"); to.noUpgrade() != "" {
		t.Error("a TCP connection cannot be upgraded")
	}
}
