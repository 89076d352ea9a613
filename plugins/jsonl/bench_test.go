package jsonl

import (
	"bytes"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

const linesInPython = `hello()
for r in requests():
    for e in r.get("events", []):
        if e["event"] == "server":
            actions = [{"action": "client text", "text": line} for line in e["text"].split("\r\n")[:-1]]
        else:
            actions = [{"action": "server", "text": e["text"] + "\r\n"}]
        sys.stdout.write(json.dumps({"session": r["session"], "done": e["n"], "actions": actions}) + "\n")
    if "open" in r: sys.stdout.write(json.dumps({"session": r["session"], "done": 0}) + "\n")
    sys.stdout.flush()`

// BenchmarkPython feeds a plugin in Python through the frames: what a server
// sends, in events of 256 KiB with lines of 40 bytes, each of which becomes a
// message; and messages of the client in batches of 64.
func BenchmarkPython(b *testing.B) {
	line := strings.Repeat("x", 38) + "\r\n"
	server := []wire.Event{{N: 1, Event: core.Event{Kind: core.ServerBytes, Data: bytes.Repeat([]byte(line), 256<<10/len(line))}}}
	var client []wire.Event
	for i := range wire.MaxBatch {
		client = append(client, wire.Event{N: uint64(i + 1), Event: core.Event{Kind: core.ClientText, Data: []byte(line[:38])}})
	}
	for name, batch := range map[string][]wire.Event{"server-256KiB": server, "client-64": client} {
		b.Run(name, func(b *testing.B) {
			d, _ := begin(b, python(b, linesInPython))
			s := open(b, d)
			actions := 0
			for b.Loop() {
				if err := s.Batch(batch, func(a wire.Answer) { actions += len(a.Actions) }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(actions)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
