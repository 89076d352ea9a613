package convert

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
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

// maxHARServers is how many transcripts ParseHAR makes.
const maxHARServers = 1000

// har is what counts of an HTTP archive 1.2, which browsers write.
type har struct {
	Log *struct {
		Entries []harEntry `json:"entries"`
	} `json:"log"`
}

type harEntry struct {
	Started  time.Time   `json:"startedDateTime"`
	Took     float64     `json:"time"` // milliseconds
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
}

type harRequest struct {
	Method  string      `json:"method"`
	URL     string      `json:"url"`
	Headers []harHeader `json:"headers"`
	Body    struct {
		Text string `json:"text"`
	} `json:"postData"`
}

type harResponse struct {
	Status  int         `json:"status"`
	Reason  string      `json:"statusText"`
	Headers []harHeader `json:"headers"`
	Content struct {
		Text     string `json:"text"`
		Encoding string `json:"encoding"` // "base64", or none
	} `json:"content"`
}

type harHeader struct{ Name, Value string }

// ParseHAR reads an HTTP archive and makes one transcript of the requests to each
// server, in the order in which these began. An archive holds no bytes of the wire:
// the messages are written as HTTP/1.1 would have sent them, with the bodies as the
// browser had decoded them, and a comment says so. warnings are about what is left
// out.
func ParseHAR(o Text, data []byte) (made []HARTranscript, warnings []string, err error) {
	var h har
	if err := json.Unmarshal([]byte(strings.TrimPrefix(string(data), "\uFEFF")), &h); err != nil {
		return nil, nil, fmt.Errorf("%s: not an HTTP archive (HAR): %w", o.Name, err)
	}
	if h.Log == nil {
		return nil, nil, fmt.Errorf("%s: JSON, but not an HTTP archive (HAR): it has no log", o.Name)
	}
	slices.SortStableFunc(h.Log.Entries, func(a, b harEntry) int { return cmp.Compare(a.Started.UnixNano(), b.Started.UnixNano()) })
	servers := map[string]int{} // index in made
	skipped, leftOut := 0, 0
	for i := range h.Log.Entries {
		e := &h.Log.Entries[i]
		at, err := url.Parse(e.Request.URL)
		if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" || e.Response.Status == 0 {
			skipped++
			continue
		}
		target := harTarget(at)
		n, ok := servers[target]
		switch {
		case !ok && len(made) == maxHARServers:
			leftOut++
			continue
		case !ok:
			n, servers[target] = len(made), len(made)
			made = append(made, HARTranscript{Transcript: o.begin(target, e.Started)})
		}
		one := &made[n]
		one.Requests++
		one.take(e, at, e.Started.Sub(h.Log.Entries[0].Started))
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

// take appends a request and its response.
func (h *HARTranscript) take(e *harEntry, at *url.URL, began time.Duration) {
	request, body := &e.Request, []byte(e.Request.Body.Text)
	head := fmt.Sprintf("%s %s HTTP/1.1\r\n", harWord(request.Method), harWord(at.RequestURI()))
	if !slices.ContainsFunc(request.Headers, func(h harHeader) bool { return strings.EqualFold(h.Name, "Host") }) {
		head += "Host: " + harWord(at.Host) + "\r\n"
	}
	h.event(core.ClientBinary, began, head+harHead(request.Headers, len(body), len(body) > 0), body)

	content := []byte(e.Response.Content.Text)
	if e.Response.Content.Encoding == "base64" {
		if decoded, err := base64.StdEncoding.DecodeString(e.Response.Content.Text); err == nil {
			content = decoded
		}
	}
	head = fmt.Sprintf("HTTP/1.1 %d %s\r\n", e.Response.Status, harWord(e.Response.Reason))
	took := time.Duration(min(max(e.Took, 0), 1e9) * float64(time.Millisecond))
	h.event(core.ServerBytes, began+took, head+harHead(e.Response.Headers, len(content), true), content)
}

// event appends a message in as many events as it needs. A time that is earlier than
// the last one counts as that.
func (h *HARTranscript) event(kind core.EventKind, at time.Duration, head string, body []byte) {
	t := h.Transcript
	if last := len(t.Entries) - 1; last >= 0 && t.Entries[last].Timed {
		at = max(at, t.Entries[last].Time)
	}
	message := append([]byte(head), body...)
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
func harWord(s string) string {
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(s)
}
