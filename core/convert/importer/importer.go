// Package importer makes transcripts, in files of a folder, of a capture or of a
// conversation in text.
//
// What is in it does core/convert and core/convert/pcap; this package tells the
// two apart, names the files and replaces none.
package importer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert"
	"github.com/protocol-workbench/workbench/core/convert/pcap"
	"github.com/protocol-workbench/workbench/core/plainfile"
)

// The forms of Options.From.
const (
	FromCapture = "capture"
	FromRFC     = "rfc"
)

// RawMode is the line mode in which any connection is a session.
const RawMode = "raw"

const suffix = ".transcript"

// Options say what Import makes of a file.
type Options struct {
	Dir  string // of the transcripts; it is made if it is not there
	Mode string // the transcripts' line mode; the caller has checked the name
	From string // what the file is taken for; "": how it begins tells
	// Read reads the whole of a text, which has about so many bytes.
	Read func(name string, in io.Reader, about int64) ([]byte, error)
}

// Report is what Import has made.
type Report struct {
	Made     []string // a line for each transcript: its path, and what is in it
	Warnings []string // what of the file is in none
}

// Import makes transcripts of a file, or of stdin if that is nil: NAME.transcript
// of a text, NAME-0001.transcript and so on of a capture. The report holds also
// where an error is returned.
func (o Options) Import(ctx context.Context, file string, stdin io.Reader) (Report, error) {
	i := importer{Options: o, file: file, name: "stdin", in: bufio.NewReader(stdin)}
	if stdin == nil {
		f, err := os.Open(file)
		if err != nil {
			return i.Report, plainfile.Unreadable(file, err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return i.Report, plainfile.Unreadable(file, err)
		}
		if info.IsDir() {
			return i.Report, fmt.Errorf("%s is a folder: name a file", file)
		}
		i.in, i.about = bufio.NewReader(f), info.Size()
		base := strings.TrimSuffix(filepath.Base(file), ".gz")
		i.name = strings.TrimSuffix(base, filepath.Ext(base))
	}
	head, _ := i.in.Peek(4)
	capture := o.From == FromCapture || o.From == "" && pcap.IsCapture(head)
	var err error
	switch {
	case capture:
		err = i.capture(ctx)
	case o.From == FromRFC:
		err = i.text()
	case o.From == "":
		if err = isNoText(i.in); err != nil {
			return i.Report, fmt.Errorf("%s %w", file, err)
		}
		err = i.text()
	default:
		err = fmt.Errorf("--from %s: there is no such form; there are %s and %s", o.From, FromCapture, FromRFC)
	}
	return i.Report, err
}

// isNoText says what is wrong with a file that, by how it begins, cannot be
// a conversation in text.
func isNoText(in *bufio.Reader) error {
	head, err := in.Peek(512)
	first, size := utf8.DecodeRune(head)
	switch {
	case len(head) == 0 && err != io.EOF:
		return fmt.Errorf("cannot be read: %w", err)
	case len(head) == 0:
		return errors.New("is empty")
	case bytes.HasPrefix(head, []byte("workbench transcript ")):
		return errors.New("is a transcript already: there is nothing to import")
	case bytes.IndexByte(head, 0) >= 0, first == utf8.RuneError && size == 1:
		return errors.New("is neither a capture that can be read (pcap and pcapng can) nor text with C: and S: lines")
	}
	return nil
}

type importer struct {
	Options
	Report
	file, name string // as it was named; of the transcripts
	in         *bufio.Reader
	about      int64 // its bytes
}

// opening returns the opening actions that an import of the mode has. They are
// known of raw: it passes both sides through, so that its answers are not in
// the transcript. Those of others are for workbench replay --update to fill in.
func (i *importer) opening() []core.Action {
	if i.Mode != RawMode {
		return nil
	}
	return []core.Action{{Kind: core.PassThrough, Side: core.Client}, {Kind: core.PassThrough, Side: core.Server}}
}

func (i *importer) capture(ctx context.Context) error {
	files := map[int]string{}
	report, err := pcap.Import(ctx, i.in, pcap.Options{
		Name: filepath.Base(i.file), Mode: i.Mode, Opening: i.opening(),
		Create: func(c pcap.Connection) (io.WriteCloser, error) {
			files[c.Number] = filepath.Join(i.Dir, fmt.Sprintf("%s-%04d%s", i.name, c.Number, suffix))
			return i.create(files[c.Number])
		},
	})
	for _, c := range report.Written {
		i.Made = append(i.Made, fmt.Sprintf("%s: %v", core.Printable(files[c.Number]), c))
	}
	i.Warnings = report.Warnings()
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", i.file, err)
	case len(report.Written) == 0:
		return fmt.Errorf("%s: there is no TCP connection with anything in it; no transcript was written", i.file)
	}
	return nil
}

func (i *importer) text() error {
	data, err := i.Read(i.file, i.in, i.about)
	if err != nil {
		return err
	}
	t, comments, err := convert.ParseRFC(convert.Text{Name: i.file, Mode: i.Mode, Opening: i.opening()}, data)
	if err != nil && i.From == "" {
		return fmt.Errorf("%w (and it is no capture: pcap and pcapng are read)", err)
	}
	if err != nil {
		return err
	}
	path := filepath.Join(i.Dir, i.name+suffix)
	out, err := i.create(path)
	if err != nil {
		return err
	}
	if _, err = out.Write(t.Append(nil)); err != nil {
		return err
	}
	if comments > 0 {
		i.Warnings = []string{fmt.Sprintf("%d lines begin with neither C: nor S: and became comments", comments)}
	}
	i.Made = []string{fmt.Sprintf("%s: %d events", core.Printable(path), len(t.Entries)-len(i.opening()))}
	return nil
}

// create makes a new file, and its folder.
func (i *importer) create(path string) (io.WriteCloser, error) {
	if err := os.MkdirAll(i.Dir, 0o700); err != nil {
		return nil, plainfile.Unwritable(i.Dir, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s is there already: remove it, or name another folder with -o", path)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, plainfile.Unwritable(path, err)
	}
	return appendFile(path), nil
}

// appendFile is a file that is open only while it is written to: a capture has
// more connections at a time than a process may have files.
type appendFile string

func (path appendFile) Write(p []byte) (int, error) {
	f, err := os.OpenFile(string(path), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return 0, plainfile.Unwritable(string(path), err)
	}
	n, err := f.Write(p)
	if err = errors.Join(err, f.Close()); err != nil {
		return n, plainfile.Unwritable(string(path), err)
	}
	return n, nil
}

func (appendFile) Close() error { return nil }
