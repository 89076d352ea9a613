package local

import (
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func parse(t testing.TB, s string) target.Target {
	t.Helper()
	to, err := target.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func codeOf(err error) target.Code {
	var e *target.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
