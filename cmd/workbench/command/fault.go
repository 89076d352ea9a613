package command

import (
	"errors"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/fault"
	"github.com/protocol-workbench/workbench/core/plainfile"
)

// ReadFaults reads the rules on faults in the file that --fault names; nil: it names none.
func ReadFaults(path string) (*fault.Rules, error) {
	if path == "" {
		return nil, nil
	}
	text, err := plainfile.ReadFile(path, fault.MaxFile)
	if err != nil {
		return nil, fmt.Errorf("--fault: %w", plainfile.Unreadable(path, err))
	}
	rules, err := fault.Parse(text)
	var syntax *fault.SyntaxError
	if errors.As(err, &syntax) {
		return nil, fmt.Errorf("%s:%d: %s", core.Printable(path), syntax.Line, syntax.Msg)
	}
	return rules, err
}
