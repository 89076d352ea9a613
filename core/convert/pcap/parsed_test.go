package pcap

import (
	"bytes"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

var rawOpening = []core.Action{{Kind: core.PassThrough, Side: core.Client}, {Kind: core.PassThrough, Side: core.Server}}

func parsed(t *testing.T, text []byte) *transcript.Transcript {
	t.Helper()
	tr, err := transcript.Parse("imported", text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if again := tr.Append(nil); !bytes.Equal(again, text) {
		t.Errorf("not in its settled form:\n%s", text)
	}
	return tr
}

// said joins what each side said.
func said(tr *transcript.Transcript) (sent, received []byte) {
	for _, e := range tr.Entries {
		switch e.Event.Kind {
		case core.ClientBinary:
			sent = append(sent, e.Event.Data...)
		case core.ServerBytes:
			received = append(received, e.Event.Data...)
		}
	}
	return sent, received
}
