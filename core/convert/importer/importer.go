// Package importer makes transcripts of a capture, of what a browser recorded (HAR),
// of a conversation in text, or of a test case of curl's.
//
// What is in it does core/convert and core/convert/pcap; this package tells these
// apart. [Folder] writes the transcripts into files.
package importer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert"
	"github.com/protocol-workbench/workbench/core/convert/pcap"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// The forms of Options.From.
const (
	FromCapture    = "capture"
	FromHAR        = "har"
	FromRFC        = "rfc"
	FromCurlTest   = "curl-test"
	FromTranscript = "transcript" // only if Options.Copy is set
)

// RawMode is the line mode in which any connection is a session.
const RawMode = "raw"

// Options say what Import makes of what it reads.
type Options struct {
	Mode string // the transcripts' line mode; the caller has checked the name
	From string // what it is taken for; "": how it begins tells
	Copy bool   // a transcript is taken too, as it is
	// Read reads all of what is not a capture, about so many bytes; nil: io.ReadAll.
	Read func(name string, in io.Reader, about int64) ([]byte, error)
	// Create makes a transcript, which is closed when it is complete, and says what
	// the report calls it. Its number is the connection's in a capture, from 1, with
	// gaps, or 0 if there is only one. Many may be open at a time.
	Create func(number int) (called string, out io.WriteCloser, err error)
}

// Made is a transcript that Import has made.
type Made struct {
	Called string // by Create
	Words  string // what is in it
}

// Report is what Import has made.
type Report struct {
	Made     []Made
	Warnings []string // what is in no transcript
}

// Import makes transcripts of what it reads from in, which has about so many bytes,
// and is called name in errors and comments. The report holds also where an error is
// returned.
func (o Options) Import(ctx context.Context, name string, in io.Reader, about int64) (Report, error) {
	i := importer{Options: o, name: name, in: bufio.NewReader(in), about: about}
	if i.Read == nil {
		i.Read = func(_ string, in io.Reader, _ int64) ([]byte, error) { return io.ReadAll(in) }
	}
	from := o.From
	if from == "" {
		var err error
		if from, err = i.form(); err != nil {
			return i.Report, fmt.Errorf("%s %w", name, err)
		}
	}
	var err error
	switch {
	case from == FromCapture:
		err = i.capture(ctx)
	case from == FromHAR:
		err = i.har(ctx)
	case from == FromRFC:
		err = i.text()
	case from == FromCurlTest:
		err = i.curlTest()
	case from == FromTranscript && o.Copy:
		err = i.transcript()
	default:
		err = fmt.Errorf("--from %s: there is no such form; there are %s, %s, %s and %s", o.From, FromCapture, FromHAR, FromRFC, FromCurlTest)
	}
	return i.Report, err
}

type importer struct {
	Options
	Report
	name  string
	in    *bufio.Reader
	about int64
}

// form tells by how it begins what it is.
func (i *importer) form() (string, error) {
	head, err := i.in.Peek(512)
	first, size := utf8.DecodeRune(head)
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\uFEFF")), " \t\r\n")
	switch {
	case pcap.IsCapture(head):
		return FromCapture, nil
	case len(head) == 0 && err != io.EOF:
		return "", fmt.Errorf("cannot be read: %w", err)
	case len(head) == 0:
		return "", errors.New("is empty")
	case bytes.HasPrefix(head, []byte("workbench transcript ")):
		if !i.Copy {
			return "", errors.New("is a transcript already: there is nothing to import")
		}
		return FromTranscript, nil
	case bytes.HasPrefix(text, []byte("{")):
		return FromHAR, nil
	case bytes.HasPrefix(text, []byte("<testcase")), bytes.HasPrefix(text, []byte("<?xml")) && bytes.Contains(text, []byte("<testcase")):
		return FromCurlTest, nil
	case bytes.IndexByte(head, 0) >= 0, first == utf8.RuneError && size == 1:
		return "", errors.New("is neither a capture that can be read (pcap and pcapng can) nor text with C: and S: lines")
	}
	return FromRFC, nil
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
	called := map[int]string{}
	report, err := pcap.Import(ctx, i.in, pcap.Options{
		Name: filepath.Base(i.name), Mode: i.Mode, Opening: i.opening(),
		Create: func(c pcap.Connection) (out io.WriteCloser, err error) {
			called[c.Number], out, err = i.Create(c.Number)
			return out, err
		},
	})
	for _, c := range report.Written {
		i.Made = append(i.Made, Made{called[c.Number], c.String()})
	}
	i.Warnings = report.Warnings()
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", i.name, err)
	case len(report.Written) == 0:
		return fmt.Errorf("%s: there is no TCP connection with anything in it; no transcript was written", i.name)
	}
	return nil
}

func (i *importer) text() error {
	data, err := i.Read(i.name, i.in, i.about)
	if err != nil {
		return err
	}
	t, comments, err := convert.ParseRFC(convert.Text{Name: i.name, Mode: i.Mode, Opening: i.opening()}, data)
	if err != nil && i.From == "" {
		return fmt.Errorf("%w (and it is no capture: pcap and pcapng are read)", err)
	}
	if err != nil {
		return err
	}
	if comments > 0 {
		i.Warnings = []string{fmt.Sprintf("%d lines begin with neither C: nor S: and became comments", comments)}
	}
	return i.write(0, t.Append(nil), core.Plural(events(t), "event"))
}

func (i *importer) har(ctx context.Context) error {
	data, err := i.Read(i.name, i.in, i.about)
	if err != nil {
		return err
	}
	made, warnings, err := convert.ParseHAR(ctx, convert.Text{Name: i.name, Mode: i.Mode, Opening: i.opening()}, data)
	if err != nil {
		return err
	}
	i.Warnings = warnings
	for n := range made {
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", i.name, context.Cause(ctx))
		}
		t := made[n].Transcript
		made[n].Transcript = nil // one at a time is held as text too
		if err := i.write(n+1, t.Append(nil), fmt.Sprintf("%s, %s", t.Target, core.Plural(made[n].Requests, "request"))); err != nil {
			return err
		}
	}
	return nil
}

func (i *importer) curlTest() error {
	data, err := i.Read(i.name, i.in, i.about)
	if err != nil {
		return err
	}
	made, warnings, err := convert.ParseCurlTest(convert.Text{Name: i.name, Mode: i.Mode, Opening: i.opening()}, data)
	if err != nil {
		return err
	}
	i.Warnings = warnings
	for n, t := range made {
		number := n + 1
		if len(made) == 1 {
			number = 0
		}
		if err := i.write(number, t.Append(nil), core.Plural(events(t), "event")); err != nil {
			return err
		}
	}
	return nil
}

func (i *importer) transcript() error {
	data, err := i.Read(i.name, i.in, i.about)
	if err != nil {
		return err
	}
	t, err := transcript.Parse(i.name, data)
	if err != nil {
		return err
	}
	if t.CutOff {
		i.Warnings = []string{"the end of the transcript is missing: it has no line end after its last line"}
	}
	return i.write(0, data, core.Plural(events(t), "event"))
}

func events(t *transcript.Transcript) (n int) {
	for i := range t.Entries {
		if t.Entries[i].Dir == transcript.Event {
			n++
		}
	}
	return n
}

// write makes a whole transcript.
func (i *importer) write(number int, text []byte, words string) error {
	called, out, err := i.Create(number)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	if err = errors.Join(err, out.Close()); err == nil {
		i.Made = append(i.Made, Made{called, words})
	}
	return err
}
