package main

import (
	"context"
	"errors"
	"testing"

	"github.com/protocol-workbench/workbench/core/plugincheck"
)

func TestPluginTestRefuses(t *testing.T) {
	open := func(_ context.Context, path string, _ extraCalls) (*plugincheck.Plugin, error) {
		return nil, errors.New(path + " is not there")
	}
	for _, args := range [][]string{{}, {"a", "b"}, {"elsewhere"}, {"--nope", "here"}} {
		if code, _, errs := execute(t, newPluginTestCommand(open), args...); code != 2 || errs == "" {
			t.Errorf("%q: exit %d, %s", args, code, errs)
		}
	}
}
