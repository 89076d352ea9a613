package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/shared"
)

// recorded is where serve keeps and shows transcripts: the account's own, and below
// them a folder for each user.
type recorded struct {
	gateway.Belongings
	recorder // of the account

	log    *slog.Logger
	o      serveOptions
	shared *shared.Log // nil: recordings are in the folders alone
	over   func() bool // that they are to be deleted from there; nil: they are kept
	mu     sync.Mutex
	others []recorder
}

// recorder is one folder of transcripts.
type recorder struct {
	folder     *store.Folder
	recordings *store.Recordings // nil: sessions are not recorded
}

// Bounds of --max-recording, in MiB.
const (
	defaultRecording = store.DefaultMost >> 20
	maxRecording     = store.MaxMost >> 20
)

// openRecordings opens the folder of the transcripts. A folder that cannot be
// used is no reason not to serve: nothing is recorded then, and the log says so.
func openRecordings(o serveOptions, with serveHooks, log *slog.Logger) *recorded {
	r := &recorded{log: log, o: o, over: with.over}
	folder, err := (&recordings{o.folder}).make()
	if err != nil {
		log.Warn("sessions are not recorded", "reason", err.Error())
		return r
	}
	r.shared = with.shared
	r.recorder, r.Belongings = r.record("", folder)
	return r
}

// record records a user's sessions, "" for the account's, into a folder, and from there
// into the shared log; unless nothing is to be recorded.
func (r *recorded) record(user string, folder *store.Folder) (recorder, gateway.Belongings) {
	var into store.Store = folder
	if r.shared != nil {
		into = r.shared.Store(user, folder)
	}
	if r.o.noRecord {
		return recorder{folder: folder}, gateway.Belongings{Transcripts: into}
	}
	all := store.Record(into, r.log)
	all.Most = r.o.recordMost << 20
	return recorder{folder, all}, gateway.Belongings{Transcripts: all, Recordings: all}
}

// of opens what is a user's own. His transcripts have a folder and bounds of their own,
// so that nothing of his makes another's give way.
func (r *recorded) of(user string) (gateway.Belongings, error) {
	own, err := (&recordings{r.o.folder}).path()
	if err != nil {
		return gateway.Belongings{}, err
	}
	folder, err := store.OpenFolder(filepath.Join(own, "users", user))
	if err != nil {
		return gateway.Belongings{}, err
	}
	other, has := r.record(user, folder)
	has.Progress = openProgress(r.o.progress, user, r.shared, r.log)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.others = append(r.others, other)
	return has, nil
}

// close writes what waits.
func (r *recorded) close() {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	all := append(r.others, r.recorder)
	for _, one := range all {
		if one.recordings != nil {
			one.recordings.Close(ctx)
		}
	}
	switch {
	case r.shared == nil:
	case r.over != nil && r.over():
		if err := r.shared.Destroy(ctx, progressKind); err != nil {
			r.log.Warn("not all could be deleted from the shared log", "reason", err.Error())
		}
		letGo(r.shared)
	default:
		if err := r.shared.Close(ctx); err != nil {
			r.log.Warn("the shared log does not have all", "reason", err.Error())
		}
	}
	for _, one := range all {
		if one.folder != nil {
			one.folder.Close()
		}
	}
}
