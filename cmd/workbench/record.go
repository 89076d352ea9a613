package main

import (
	"context"
	"log/slog"

	"github.com/protocol-workbench/workbench/core/store"
)

// recorded is where serve keeps and shows transcripts.
type recorded struct {
	folder     *store.Folder
	recordings *store.Recordings // nil: sessions are not recorded
	store      store.Store       // what the API shows; nil: nothing
}

// Bounds of --max-recording, in MiB.
const (
	defaultRecording = store.DefaultMost >> 20
	maxRecording     = store.MaxMost >> 20
)

// openRecordings opens the folder of the transcripts. A folder that cannot be
// used is no reason not to serve: nothing is recorded then, and the log says so.
func openRecordings(o serveOptions, log *slog.Logger) recorded {
	folder, err := (&recordings{o.folder}).make()
	if err != nil {
		log.Warn("sessions are not recorded", "reason", err.Error())
		return recorded{}
	}
	if o.noRecord {
		return recorded{folder: folder, store: folder}
	}
	r := store.Record(folder, log)
	r.Most = o.recordMost << 20
	return recorded{folder, r, r}
}

// close writes what waits.
func (r recorded) close() {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if r.recordings != nil {
		r.recordings.Close(ctx)
	}
	if r.folder != nil {
		r.folder.Close()
	}
}
