package store

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core/transcript"
)

// The remarks that a recording begins and ends with. Describe finds them again.
const (
	beganWords   = "recorded "
	sessionWords = ", session "
	agentWords   = ", opened by the agent "
	endedWords   = "ended"
)

func beganRemark(began time.Time, session, agent string) string {
	words := beganWords + began.Format(time.RFC3339Nano) + sessionWords + session
	if agent != "" {
		words += agentWords + agent
	}
	return words
}

func endedRemark(words string) string {
	if words == "" {
		return endedWords
	}
	return endedWords + ": " + words
}

// Bounds of what Describe reads.
const (
	describeEnds = 2 << 10   // bytes of the head and of the tail; most need no more
	describeHead = 512 << 10 // the longest header: 64 options of 1 KiB each and 8 choices of TLS of 4 KiB, escaped
)

// Describe reads what Info says from the head and the tail of a transcript's
// text. Who calls it knows whether the transcript is running, when the text has
// no end: Ended is [CutOff] then. It is here for engines.
func Describe(id string, text io.ReaderAt, size int64) (Info, error) {
	began, err := idBegan(id)
	if err != nil {
		return Info{}, err
	}
	info := Info{ID: id, Began: began, Size: size, Ended: CutOff}
	head, err := readAt(text, 0, min(size, 2*describeEnds))
	if err != nil {
		return Info{}, err
	}
	tail, torn := head, false
	if size > int64(len(head)) {
		torn = true
		if tail, err = readAt(text, size-describeEnds, describeEnds); err != nil {
			return Info{}, err
		}
	}
	if !bytes.Contains(head, []byte("\n\n")) && size > int64(len(head)) {
		if head, err = readAt(text, 0, min(size, describeHead)); err != nil {
			return Info{}, err
		}
	}
	if err := info.fromHead(head); err != nil {
		return Info{}, err
	}
	info.fromTail(tail, torn)
	return info, nil
}

func readAt(text io.ReaderAt, from, n int64) ([]byte, error) {
	buf := make([]byte, n)
	got, err := text.ReadAt(buf, from)
	if err == io.EOF {
		err = nil // it has shrunk since it was measured, or ends just here
	}
	return buf[:got], err
}

// fromHead takes the header's lines and the remark below them.
func (info *Info) fromHead(head []byte) error {
	header, rest, _ := bytes.Cut(head, []byte("\n\n"))
	lines := strings.Split(string(header), "\n")
	if !strings.HasPrefix(lines[0], "workbench transcript v1") {
		return fmt.Errorf("%s is not a transcript", info.ID)
	}
	for _, line := range lines[1:] {
		if mode, ok := strings.CutPrefix(line, "mode "); ok {
			info.Mode = mode
		} else if quoted, ok := strings.CutPrefix(line, "target "); ok {
			info.Target, _ = strconv.Unquote(quoted)
		}
	}
	first, _, _ := bytes.Cut(rest, []byte("\n"))
	if words, ok := cutRemark(string(first), beganWords); ok {
		stamp, session, _ := strings.Cut(words, sessionWords)
		if began, err := time.Parse(time.RFC3339Nano, stamp); err == nil {
			info.Began = began
			info.Session, info.Agent, _ = strings.Cut(session, agentWords)
		}
	}
	return nil
}

// fromTail takes the last line, and the time of the last entry that stands in
// the tail with its beginning. torn says that the tail's first line is not whole.
func (info *Info) fromTail(tail []byte, torn bool) {
	whole := bytes.HasSuffix(tail, []byte("\n"))
	tail = bytes.TrimSuffix(tail, []byte("\n"))
	for last := true; len(tail) > 0; last = false {
		from := bytes.LastIndexByte(tail, '\n') + 1
		if torn && from == 0 {
			return
		}
		line := string(tail[from:])
		if words, ok := cutRemark(line, endedWords); ok && last && whole {
			info.Ended = strings.TrimPrefix(words, ": ")
		}
		time, _, _ := strings.Cut(line, " ")
		if seconds, err := strconv.ParseFloat(time, 64); err == nil && line[0] >= '0' && line[0] <= '9' {
			info.Duration = seconds
			return
		}
		tail = tail[:max(0, from-1)]
	}
}

// cutRemark returns what follows the given words in a line that is a remark
// with a time.
func cutRemark(line, words string) (rest string, ok bool) {
	_, rest, ok = strings.Cut(line, " ")
	if !ok || line[0] < '0' || line[0] > '9' {
		return "", false
	}
	return strings.CutPrefix(rest, transcript.Remark.String()+" "+words)
}
