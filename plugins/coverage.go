package plugins

import (
	"bytes"
	"encoding/binary"
	"runtime/coverage"
)

// counters returns what go build -cover counts: the length of the description in
// 8 bytes, the highest first, the description and the counters, each as a file
// of GOCOVERDIR. A sandbox lets no plugin write such files itself. The error says
// that the plugin was built otherwise.
func counters() ([]byte, error) {
	var meta, counts bytes.Buffer
	if err := coverage.WriteMeta(&meta); err != nil {
		return nil, err
	}
	if err := coverage.WriteCounters(&counts); err != nil {
		return nil, err
	}
	all := binary.BigEndian.AppendUint64(nil, uint64(meta.Len()))
	return append(append(all, meta.Bytes()...), counts.Bytes()...), nil
}
