package pluginhost

import (
	"io"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// bridge gives go-plugin a logger that ends in ours. It has nothing to say
// that we do not say ourselves, hence Debug.
func bridge(log *slog.Logger) hclog.Logger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Debug})
	l.RegisterSink(sink{log})
	return l
}

type sink struct{ log *slog.Logger }

// Accept takes one of go-plugin's messages.
func (s sink) Accept(_ string, _ hclog.Level, msg string, args ...any) {
	s.log.Debug("go-plugin: "+msg, args...)
}
