package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/progress"
	"github.com/protocol-workbench/workbench/core/lesson/ready"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/practice/room"
	"github.com/protocol-workbench/workbench/core/store/shared"
)

// maxLessons bounds the lessons that one workbench offers.
const maxLessons = 256

// openLessons opens the lessons to offer on the page: those of a folder, in the order of
// their names, or without one those that the workbench comes with. They are opened when
// they are first asked for, as that takes longer than a start should.
func openLessons(folder string, log *slog.Logger) (func() []*lesson.Source, error) {
	if folder == "" {
		return sync.OnceValue(func() []*lesson.Source { return readyLessons(log) }), nil
	}
	all, err := lessonsIn(folder)
	if err != nil {
		return nil, fmt.Errorf("--lessons: %w", err)
	}
	return func() []*lesson.Source { return all }, nil
}

func readyLessons(log *slog.Logger) (all []*lesson.Source) {
	for _, name := range ready.Names() {
		source, err := ready.Open(name, room.Value)
		if err != nil {
			log.Error("lesson cannot be read", "lesson", name, "reason", err.Error())
			continue
		}
		all = append(all, source)
	}
	return all
}

// lessonsIn opens the lessons of a folder: its folders with a lesson.md, and its files
// NAME.txtar; or the folder itself, if it is a lesson.
func lessonsIn(folder string) (all []*lesson.Source, err error) {
	if isLesson(folder) {
		whole, err := filepath.Abs(folder)
		if err != nil {
			return nil, err
		}
		source, err := openLesson(whole)
		return []*lesson.Source{source}, err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if strings.HasPrefix(e.Name(), ".") || !e.IsDir() && filepath.Ext(path) != ".txtar" || e.IsDir() && !isLesson(path) {
			continue // links to folders too, which may lead anywhere
		}
		source, err := openLesson(path)
		switch {
		case err != nil:
			return nil, err
		case slices.ContainsFunc(all, func(other *lesson.Source) bool { return other.Name() == source.Name() }):
			return nil, fmt.Errorf("%s: another lesson in this folder has the name %s", path, source.Name())
		case len(all) == maxLessons:
			return nil, fmt.Errorf("%s has more than %d lessons", folder, maxLessons)
		}
		all = append(all, source)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no lesson: expected folders with a lesson.md, or files NAME.txtar", folder)
	}
	return all, nil
}

func isLesson(folder string) bool {
	info, err := os.Lstat(filepath.Join(folder, "lesson.md"))
	return err == nil && info.Mode().IsRegular()
}

// openLesson opens a lesson, which has the name of its folder or file.
func openLesson(path string) (source *lesson.Source, err error) {
	name := filepath.Base(path)
	if isLesson(path) {
		var root *os.Root
		if root, err = os.OpenRoot(path); err == nil { // a link in it leads nowhere else
			defer root.Close()
			source, err = lesson.Open(root.FS(), name, room.Value)
		}
	} else {
		var data []byte
		if data, err = plainfile.ReadFile(path, lesson.MaxArchive); err == nil {
			source, err = lesson.OpenArchive(data, strings.TrimSuffix(name, ".txtar"), room.Value)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("lesson %s: %w", path, err)
	}
	return source, nil
}

// openProgress opens what a user has reached in lessons, "" for the account, in a folder;
// "" is the one in the user's state directory. What a user has reached at other workbenches
// is in the log that they share, if there is one. Progress that cannot be kept is no reason
// not to serve: it is forgotten then, and the log says so.
func openProgress(folder, user string, with *shared.Log, log *slog.Logger) *progress.Log {
	var err error
	if folder == "" {
		var state string
		state, err = catalog.StateDir()
		folder = filepath.Join(state, "lessons")
	}
	if err == nil {
		if user != "" {
			folder = filepath.Join(folder, "users", user)
		}
		var p *progress.Log
		if with != nil && user != "" {
			p, err = progress.OpenShared(folder, with.Value(progressKind, user))
		} else {
			p, err = progress.Open(folder)
		}
		if err == nil {
			return p
		}
	}
	log.Warn("progress in lessons is not kept", "user", user, "reason", err.Error())
	return nil
}
