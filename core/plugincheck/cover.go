package plugincheck

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/conformance"
)

// executed says of the lines of a file on which there is code whether it was
// executed.
type executed map[int]bool

// startCounted starts a copy of a plugin that counts what is executed: of Go code
// another build.
func startCounted(ctx context.Context, source string, p catalog.Plugin, starter Starter) (*conformance.Counted, error) {
	read := func(data []byte) (map[string]executed, error) {
		lines := executed{}
		return map[string]executed{filepath.Base(p.Path): lines}, json.Unmarshal(data, &lines)
	}
	remove := func() {}
	if !p.Starlark {
		if p.Kind != catalog.KindGo {
			return nil, errors.New("only that of Go code in a folder and of Starlark is counted")
		}
		into, err := os.MkdirTemp("", "workbench-cover-*")
		if err != nil {
			return nil, err
		}
		remove = func() { os.RemoveAll(into) }
		built, err := catalog.Build(ctx, source, catalog.BuildOptions{Into: into, Cover: true})
		if err != nil {
			remove()
			return nil, err
		}
		p = *built
		read = func(data []byte) (map[string]executed, error) { return goProfile(ctx, p.Source, into, data) }
	}
	host, err := starter.Start(p, true)
	if err != nil {
		remove()
		return nil, err
	}
	return &conformance.Counted{
		Open: opener(host, p.Name),
		Missed: func() ([]conformance.Lines, error) {
			data, err := host.Coverage(p.Name)
			if err != nil {
				return nil, err
			}
			files, err := read(data)
			if err != nil {
				return nil, err
			}
			var missed []conformance.Lines
			for _, file := range slices.Sorted(maps.Keys(files)) {
				missed = append(missed, conformance.MergeLines(file, files[file])...)
			}
			return missed, nil
		},
		End: func() {
			starter.Stop(host)
			remove()
		},
	}, nil
}

// Where a description of counters, a file of GOCOVERDIR, has its hash, which
// stands in the names of the files.
const hashFrom, hashTo = 24, 40

// goProfile reads what plugins.Serve answers of Go code that was built to count,
// in the folder source, by way of the go command.
func goProfile(ctx context.Context, source, into string, data []byte) (map[string]executed, error) {
	if len(data) < 8 {
		return nil, errors.New("its counters are cut short")
	}
	length, data := binary.BigEndian.Uint64(data), data[8:]
	if length < hashTo || length > uint64(len(data)) {
		return nil, errors.New("its counters are not as go build -cover has them")
	}
	meta, counters := data[:length], data[length:]
	hash := fmt.Sprintf("%x", meta[hashFrom:hashTo])
	dir, profile := filepath.Join(into, "counters"), filepath.Join(into, "profile")
	for _, err := range []error{
		os.MkdirAll(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "covmeta."+hash), meta, 0o600),
		os.WriteFile(filepath.Join(dir, "covcounters."+hash+".1.1"), counters, 0o600),
	} {
		if err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, "go", "tool", "covdata", "textfmt", "-i="+dir, "-o="+profile)
	cmd.Dir = source
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go tool covdata: %w: %s", err, bytes.TrimSpace(said))
	}
	text, err := os.ReadFile(profile)
	if err != nil {
		return nil, err
	}
	return readProfile(text, func(file string) bool {
		_, err := os.Stat(filepath.Join(source, filepath.FromSlash(file)))
		return err == nil
	}), nil
}

// readProfile reads a profile of go tool cover: "import/path/x.go:3.15,5.2 1 0",
// from line and column to line and column, statements and how often. A file is
// named as it is found in the plugin's folder.
func readProfile(text []byte, found func(file string) bool) map[string]executed {
	files := map[string]executed{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		at := strings.LastIndexByte(lines.Text(), ':')
		if at < 0 {
			continue
		}
		var from, fromColumn, to, toColumn, statements, times int
		if _, err := fmt.Sscanf(lines.Text()[at:], ":%d.%d,%d.%d %d %d", &from, &fromColumn, &to, &toColumn, &statements, &times); err != nil || statements == 0 {
			continue // the mode, in the first line
		}
		file := lines.Text()[:at]
		for short := file; short != ""; _, short, _ = strings.Cut(short, "/") {
			if found(short) {
				file = path.Clean(short)
				break
			}
		}
		if files[file] == nil {
			files[file] = executed{}
		}
		for line := from; line <= to; line++ {
			files[file][line] = files[file][line] || times > 0
		}
	}
	return files
}
