package convert

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// HARTranscript is what ParseHAR makes of the requests to one server.
type HARTranscript struct {
	Transcript *transcript.Transcript
	Requests   int
}

// Bounds of an archive.
const (
	maxHARServers  = 1000    // transcripts that ParseHAR makes
	maxHARRequests = 100_000 // in an archive, also those that are left out
	maxHARHeaders  = 10_000  // fields of one message

	maxHARTime = 366 * 24 * time.Hour // a request that began later after the first counts as that
)

// harEntry is what counts of an entry of an HTTP archive 1.2, which browsers write.
type harEntry struct {
	Started  time.Time   `json:"startedDateTime"`
	Took     float64     `json:"time"` // milliseconds
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
}

type harRequest struct {
	Method  string    `json:"method"`
	URL     string    `json:"url"`
	Headers harFields `json:"headers"`
	Body    struct {
		Text string `json:"text"`
	} `json:"postData"`
}

type harResponse struct {
	Status  int       `json:"status"`
	Reason  string    `json:"statusText"`
	Headers harFields `json:"headers"`
	Content struct {
		Text     string `json:"text"`
		Encoding string `json:"encoding"` // "base64", or none
	} `json:"content"`
}

type harHeader struct{ Name, Value string }

// harFields are the fields of one message, at most maxHARHeaders.
type harFields []harHeader

var errHARHeaders = fmt.Errorf("a request or response has more than %d headers, which is the most that is read; remove it from the archive", maxHARHeaders)

// UnmarshalJSON counts the fields before it makes any: {} is three bytes of an archive,
// and a field takes ten times as much.
func (f *harFields) UnmarshalJSON(data []byte) error {
	n := 0
	for range harElements(data) {
		if n++; n > maxHARHeaders {
			return errHARHeaders
		}
	}
	var fields []harHeader
	err := json.Unmarshal(data, &fields)
	*f = fields
	return err
}

// harElements yields the elements of an array, which is valid JSON, as parts of it. Of
// what is not an array it yields none.
func harElements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		array = bytes.Trim(array, harSpace)
		if len(array) == 0 || array[0] != '[' {
			return
		}
		array = array[1 : len(array)-1]
		if len(bytes.Trim(array, harSpace)) == 0 {
			return
		}
		from, depth, quoted := 0, 0, false
		for i := 0; i < len(array); i++ {
			switch c := array[i]; {
			case quoted && c == '\\':
				i++
			case c == '"':
				quoted = !quoted
			case quoted:
			case c == '[' || c == '{':
				depth++
			case c == ']' || c == '}':
				depth--
			case c == ',' && depth == 0:
				if !yield(bytes.Trim(array[from:i], harSpace)) {
					return
				}
				from = i + 1
			}
		}
		yield(bytes.Trim(array[from:], harSpace))
	}
}

const harSpace = " \t\r\n" // of JSON

// harExchange is what is kept of a request and its response until all are known.
type harExchange struct {
	started           time.Time
	took              time.Duration
	target            string
	request, response []byte
}

// ParseHAR reads an HTTP archive and makes one transcript of the requests to each
// server, in the order in which these began. An archive holds no bytes of the wire:
// the messages are written as HTTP/1.1 would have sent them, with the bodies as the
// browser had decoded them, and a comment says so. warnings are about what is left
// out.
//
// An archive is decoded entry by entry, so that the memory that this takes is a small
// multiple of the archive's size, whatever it consists of. Once ctx is done, ParseHAR
// returns ctx's cause before the next entry.
func ParseHAR(ctx context.Context, o Text, data []byte) (made []HARTranscript, warnings []string, err error) {
	var h struct {
		Log *struct {
			Entries json.RawMessage `json:"entries"`
		} `json:"log"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\uFEFF")), &h); err != nil {
		return nil, nil, fmt.Errorf("%s: not an HTTP archive (HAR): %w", o.Name, err)
	}
	if h.Log == nil {
		return nil, nil, fmt.Errorf("%s: JSON, but not an HTTP archive (HAR): it has no log", o.Name)
	}
	exchanges, first, skipped, err := harExchanges(ctx, h.Log.Entries)
	switch {
	case ctx.Err() != nil:
		return nil, nil, fmt.Errorf("%s: %w", o.Name, context.Cause(ctx))
	case err == errHARRequests || errors.Is(err, errHARHeaders):
		return nil, nil, fmt.Errorf("%s: %w", o.Name, err)
	case err != nil:
		return nil, nil, fmt.Errorf("%s: not an HTTP archive (HAR): %w", o.Name, err)
	}
	slices.SortStableFunc(exchanges, func(a, b harExchange) int { return cmp.Compare(a.started.UnixNano(), b.started.UnixNano()) })
	servers := map[string]int{} // index in made
	leftOut := 0
	for i := range exchanges {
		e := &exchanges[i]
		n, ok := servers[e.target]
		switch {
		case !ok && len(made) == maxHARServers:
			leftOut++
			continue
		case !ok:
			n, servers[e.target] = len(made), len(made)
			made = append(made, HARTranscript{Transcript: o.begin(e.target, e.started)})
		}
		one := &made[n]
		one.Requests++
		began := min(e.started.Sub(first), maxHARTime)
		one.event(core.ClientBinary, began, e.request)
		one.event(core.ServerBytes, began+e.took, e.response)
	}
	if skipped > 0 {
		warnings = append(warnings, fmt.Sprintf("left out %s without a web address or without an answer", core.Plural(skipped, "request")))
	}
	if leftOut > 0 {
		warnings = append(warnings, fmt.Sprintf("left out %s to more than %d servers", core.Plural(leftOut, "request"), maxHARServers))
	}
	if len(made) == 0 {
		return nil, warnings, fmt.Errorf("%s: the HTTP archive has no request with an answer", o.Name)
	}
	return made, warnings, nil
}

var errHARRequests = fmt.Errorf("the HTTP archive has more than %d requests, which is the most that is read; save fewer at a time", maxHARRequests)

// harExchanges decodes the entries, and returns those with a web address and an answer,
// when the first of all began, and how many others there are.
func harExchanges(ctx context.Context, entries json.RawMessage) (exchanges []harExchange, first time.Time, skipped int, err error) {
	if trimmed := bytes.TrimLeft(entries, harSpace); len(trimmed) > 0 && trimmed[0] != '[' {
		var none []harEntry // of null; anything else is an error
		return nil, first, 0, json.Unmarshal(entries, &none)
	}
	n, e := 0, harEntry{}
	for entry := range harElements(entries) {
		if n++; n > maxHARRequests {
			return nil, first, 0, errHARRequests
		}
		if err := ctx.Err(); err != nil {
			return nil, first, 0, err
		}
		e = harEntry{}
		if err := json.Unmarshal(entry, &e); err != nil {
			return nil, first, 0, err
		}
		if n == 1 || e.Started.UnixNano() < first.UnixNano() {
			first = e.Started
		}
		at, err := url.Parse(e.Request.URL)
		if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" || e.Response.Status == 0 {
			skipped++
			continue
		}
		exchanges = append(exchanges, harExchange{
			started: e.Started,
			took:    time.Duration(min(max(e.Took, 0), 1e9) * float64(time.Millisecond)),
			target:  harTarget(at), request: e.Request.message(at), response: e.Response.message(),
		})
	}
	return exchanges, first, skipped, nil
}

// harTarget is the server of an address, as a session names it.
func harTarget(at *url.URL) string {
	prefix, port := "", cmp.Or(at.Port(), "80")
	if at.Scheme == "https" {
		prefix, port = "tls://", cmp.Or(at.Port(), "443")
	}
	host := at.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return prefix + host + ":" + port
}

// begin returns a transcript without events.
func (o *Text) begin(target string, began time.Time) *transcript.Transcript {
	t := &transcript.Transcript{Mode: o.Mode, Target: target}
	t.HeaderComments = [][]string{{
		commentLine(core.CutWords("imported from "+o.Name, maxHARName)),
		"# the first request began " + began.UTC().Format("2006-01-02T15:04:05.000000Z"),
		"# an HTTP archive: these are not the bytes of the wire, and bodies are as the browser decoded them",
	}}
	for _, a := range o.Opening {
		t.Entries = append(t.Entries, transcript.Entry{Dir: transcript.Action, Action: a})
	}
	return t
}

const maxHARName = 200 // bytes of an archive's name in a comment

// message writes the request as HTTP/1.1 would have sent it.
func (r *harRequest) message(at *url.URL) []byte {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\n", harWord(r.Method), harWord(at.RequestURI()))
	if !slices.ContainsFunc(r.Headers, func(h harHeader) bool { return strings.EqualFold(h.Name, "Host") }) {
		head += "Host: " + harWord(at.Host) + "\r\n"
	}
	return slices.Concat([]byte(head+harHead(r.Headers, len(r.Body.Text), len(r.Body.Text) > 0)), []byte(r.Body.Text))
}

// message writes the response likewise.
func (r *harResponse) message() []byte {
	content := []byte(r.Content.Text)
	if r.Content.Encoding == "base64" {
		if decoded, err := base64.StdEncoding.DecodeString(r.Content.Text); err == nil {
			content = decoded
		}
	}
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\n", r.Status, harWord(r.Reason))
	return slices.Concat([]byte(head+harHead(r.Headers, len(content), true)), content)
}

// event appends a message in as many events as it needs. A time that is earlier than
// the last one counts as that.
func (h *HARTranscript) event(kind core.EventKind, at time.Duration, message []byte) {
	t := h.Transcript
	if last := len(t.Entries) - 1; last >= 0 && t.Entries[last].Timed {
		at = max(at, t.Entries[last].Time)
	}
	for chunk := range slices.Chunk(message, maxLine) {
		t.Entries = append(t.Entries, transcript.Entry{Dir: transcript.Event, Timed: true, Time: at, Event: core.Event{Kind: kind, Data: chunk}})
	}
}

// harHead writes fields and the empty line. The length is that of the body that
// follows, whatever the field said that the browser got.
func harHead(fields []harHeader, length int, always bool) string {
	var b strings.Builder
	for _, f := range fields {
		switch name := strings.ToLower(f.Name); {
		case name == "", name[0] == ':', name == "content-length", name == "transfer-encoding", name == "content-encoding":
		default:
			b.WriteString(harWord(f.Name) + ": " + harWord(f.Value) + "\r\n")
		}
	}
	if always {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", length)
	}
	return b.String() + "\r\n"
}

// harWord keeps what an archive says within its line.
func harWord(s string) string { return harLine.Replace(s) }

var harLine = strings.NewReplacer("\r", " ", "\n", " ")
