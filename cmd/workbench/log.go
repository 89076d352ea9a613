package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
)

func newLog(w io.Writer, verbose bool) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: logLevel(verbose)}))
}

func logLevel(verbose bool) slog.Level {
	if verbose {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

// newLog returns the log of serve.
func (o serveOptions) newLog(w io.Writer) (*slog.Logger, error) {
	switch o.logFormat {
	case "text", "":
		return newLog(w, o.verbose), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: logLevel(o.verbose)})), nil
	}
	return nil, fmt.Errorf("--log-format is %q; it must be text or json", o.logFormat)
}

// openAudit returns a log that appends to a file which only its user may read;
// nil: there is none.
func openAudit(path string, log *slog.Logger) (audit *slog.Logger, done func(), err error) {
	if path == "" {
		return nil, func() {}, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("--audit: %w", err)
	}
	w := &auditFile{f, log}
	return slog.New(slog.NewJSONHandler(w, nil)), func() { f.Close() }, nil
}

// auditFile writes each record in one call, whole. What cannot be written is in
// the log.
type auditFile struct {
	*os.File
	log *slog.Logger
}

func (a *auditFile) Write(record []byte) (int, error) {
	n, err := a.File.Write(record)
	if err != nil {
		a.log.Error("a record of the audit log could not be written", "reason", err.Error(), "record", string(record))
	}
	return n, err
}
