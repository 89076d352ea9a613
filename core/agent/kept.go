package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// This file has the tools for what is kept: line modes, recordings, lessons.

const (
	maxListed  = 100     // recordings
	maxImport  = 1 << 20 // bytes of a text that is imported or replayed
	maxRows    = 50      // of a replay that differ
	maxLine    = 8 << 20 // bytes of an entry of a recording, as JSON
	showLimit  = time.Minute
	transcript = "/api/transcripts"
)

func (s *server) addKept(m *mcp.Server) {
	tool(m, &mcp.Tool{Name: "modes", Annotations: reads, Description: "List the line modes and the practice servers; or, of one mode, all about it: options, commands, what goes to the server."}, s.modesTool)
	tool(m, &mcp.Tool{Name: "recordings", Annotations: reads, Description: "List recordings, the newest first."}, s.recordingsTool)
	tool(m, &mcp.Tool{Name: "show_recording", Annotations: reads, Description: "Show what happened in a recorded session, from a position on." + data}, s.showTool)
	tool(m, &mcp.Tool{Name: "import", Description: "Keep a text as recordings: a transcript of the workbench, a HAR, an RFC's conversation (lines with C: and S:), or a curl command."}, s.importTool)
	tool(m, &mcp.Tool{Name: "replay", Description: "Feed what a recording or the text of a golden transcript has to its line mode again, and say whether the mode answers the same. Nothing is dialled." + data}, s.replayTool)
	tool(m, &mcp.Tool{Name: "lessons", Annotations: reads, Description: "List the lessons; or, of one lesson, its text and steps."}, s.lessonsTool)
	tool(m, &mcp.Tool{Name: "check_lesson", Description: "Check a step of a lesson by recordings of yours, and by answers to its questions. What is reached is kept for the user that you work for."}, s.checkTool)
}

// modeInList is a line mode, as GET /api/modes has it.
type modeInList struct {
	Manifest struct {
		Name     string `json:"name"`
		Summary  string `json:"summary"`
		Messages bool   `json:"messages,omitempty"`
	} `json:"manifest"`
	State string `json:"state"`
}

type modesArgs struct {
	Name string `json:"name,omitempty" jsonschema:"a line mode; left out: the list of all"`
}

type listedMode struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	State   string `json:"state"`
}

type modesOut struct {
	Modes    []listedMode `json:"modes,omitempty"`
	Practice any          `json:"practice,omitempty" jsonschema:"servers to practise on, with their targets and the modes that suit them"`
	Mode     any          `json:"mode,omitempty" jsonschema:"all about the mode that was asked for"`
}

func (s *server) modesTool(ctx context.Context, r *mcp.CallToolRequest, in modesArgs) (out modesOut, err error) {
	var all struct {
		Modes     []json.RawMessage `json:"modes"`
		Practices json.RawMessage   `json:"practices"`
	}
	if err := s.as(r).get(ctx, "/api/modes", nil, &all); err != nil {
		return out, err
	}
	var names []string
	for _, raw := range all.Modes {
		var m modeInList
		var whole struct {
			Manifest json.RawMessage `json:"manifest"`
		}
		if err := errors.Join(json.Unmarshal(raw, &m), json.Unmarshal(raw, &whole)); err != nil {
			return out, err
		}
		if in.Name != "" && m.Manifest.Name == in.Name {
			return modesOut{Mode: whole.Manifest}, nil
		}
		names = append(names, m.Manifest.Name)
		out.Modes = append(out.Modes, listedMode{m.Manifest.Name, m.Manifest.Summary, m.State})
	}
	if in.Name != "" {
		return modesOut{}, fmt.Errorf("no line mode %.40q; there are %s", in.Name, strings.Join(names, ", "))
	}
	if all.Practices != nil {
		out.Practice = all.Practices
	}
	return out, nil
}

type recordingsArgs struct {
	Mode   string `json:"mode,omitempty"`
	Target string `json:"target,omitempty" jsonschema:"a part of the target"`
	Text   string `json:"text,omitempty" jsonschema:"a text that the recording contains"`
	Before string `json:"before,omitempty" jsonschema:"the ID of a recording: only older ones"`
	Limit  int    `json:"limit,omitempty" jsonschema:"default 20, at most 100"`
}

type recordingsOut struct {
	Recordings []map[string]any `json:"recordings"`
}

func (s *server) recordingsTool(ctx context.Context, r *mcp.CallToolRequest, in recordingsArgs) (out recordingsOut, err error) {
	if in.Limit < 0 || in.Limit > maxListed {
		return out, fmt.Errorf("limit must be from 1 to %d", maxListed)
	}
	if in.Limit == 0 {
		in.Limit = 20
	}
	query := url.Values{"limit": {strconv.Itoa(in.Limit)}}
	for name, value := range map[string]string{"mode": in.Mode, "target": in.Target, "text": in.Text, "before": in.Before} {
		if value != "" {
			query.Set(name, value)
		}
	}
	err = s.as(r).get(ctx, transcript, query, &out.Recordings)
	return out, err
}

type showArgs struct {
	Recording string `json:"recording" jsonschema:"its ID"`
	From      uint64 `json:"from,omitempty" jsonschema:"a position, from 1"`
}

type showOut struct {
	Events []Event `json:"events"`
	Next   uint64  `json:"next"`
	More   bool    `json:"more" jsonschema:"there are more events: show on from next"`
}

func (s *server) showTool(ctx context.Context, r *mcp.CallToolRequest, in showArgs) (out showOut, err error) {
	ctx, cancel := context.WithTimeout(ctx, showLimit)
	defer cancel()
	path, err := of(transcript, in.Recording)
	if err != nil {
		return out, err
	}
	lines, err := s.as(r).ask(ctx, http.MethodGet, path, url.Values{"format": {"jsonl"}}, nil)
	if err != nil {
		return out, err
	}
	defer lines.Close()
	in.From = max(in.From, 1)
	var entries []entry
	size := 0
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, maxLine)
	for i := uint64(1); size <= MaxResult && len(entries) <= 4*MaxEvents && scanner.Scan(); i++ {
		if i < in.From {
			continue
		}
		var e entry
		if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
			return out, fmt.Errorf("recording %s: %w", in.Recording, err)
		}
		e.I = i
		entries = append(entries, e)
		size += min(e.size(), MaxEvent)
	}
	if err := scanner.Err(); err != nil {
		return out, fmt.Errorf("recording %s breaks off: %w", in.Recording, err)
	}
	stopped := size > MaxResult || len(entries) > 4*MaxEvents
	out.Events, out.Next, out.More = events(entries, in.From)
	out.More = out.More || stopped
	return out, nil
}

// of returns the path of something by its ID, which must be one part of a path.
func of(below, id string) (string, error) {
	if id == "" || id == "." || id == ".." || len(id) > 200 || strings.ContainsAny(id, "/\\") {
		return "", fmt.Errorf("%.40q is not an ID", id)
	}
	return below + "/" + url.PathEscape(id), nil
}

type importArgs struct {
	Text string `json:"text" jsonschema:"at most 1 MiB"`
	Name string `json:"name,omitempty" jsonschema:"what to call it"`
	Mode string `json:"mode,omitempty" jsonschema:"the line mode whose answers are added, of a text that has none"`
}

type importOut struct {
	Made []struct {
		ID    string `json:"id"`
		Words string `json:"words"`
	} `json:"made"`
	Warnings []string `json:"warnings,omitempty"`
	Problem  string   `json:"problem,omitempty" jsonschema:"why that is not all"`
}

func (s *server) importTool(ctx context.Context, r *mcp.CallToolRequest, in importArgs) (out importOut, err error) {
	if len(in.Text) > maxImport {
		return out, fmt.Errorf("the text has more than %d MiB", maxImport>>20)
	}
	query := url.Values{}
	if in.Name != "" {
		query.Set("name", in.Name)
	}
	if in.Mode != "" {
		query.Set("mode", in.Mode)
	}
	err = s.as(r).do(ctx, http.MethodPost, transcript+"/import", query, []byte(in.Text), &out)
	return out, err
}

type replayArgs struct {
	Recording string `json:"recording,omitempty" jsonschema:"the ID of a recording"`
	Golden    string `json:"golden,omitempty" jsonschema:"or the text of a transcript, at most 1 MiB"`
	Mode      string `json:"mode,omitempty" jsonschema:"another line mode than its own"`
}

type replayRow struct {
	Expected *Event `json:"expected,omitempty"`
	Got      *Event `json:"got,omitempty"`
}

type replayOut struct {
	Same        bool        `json:"same" jsonschema:"the verdict: the mode answers as the transcript says"`
	Mode        string      `json:"mode"`
	Differences int         `json:"differences"`
	Rows        []replayRow `json:"rows,omitempty" jsonschema:"the first that differ"`
	Faults      any         `json:"faults,omitempty" jsonschema:"what went wrong beside that"`
}

func (s *server) replayTool(ctx context.Context, r *mcp.CallToolRequest, in replayArgs) (out replayOut, err error) {
	if (in.Recording == "") == (in.Golden == "") {
		return out, errors.New("name either a recording or the text of a golden")
	}
	c := s.as(r)
	if in.Golden != "" {
		made, err := s.importTool(ctx, r, importArgs{Text: in.Golden, Name: "replayed by an agent"})
		if err != nil {
			return out, fmt.Errorf("golden: %w", err)
		}
		for _, one := range made.Made { // it is needed for the replay alone
			path, err := of(transcript, one.ID)
			if err != nil {
				return out, err
			}
			defer c.do(context.WithoutCancel(ctx), http.MethodDelete, path, nil, nil, nil)
		}
		if len(made.Made) != 1 {
			return out, fmt.Errorf("the text is that of %d transcripts, and one can be replayed", len(made.Made))
		}
		in.Recording = made.Made[0].ID
	}
	path, err := of(transcript, in.Recording)
	if err != nil {
		return out, err
	}
	var answer struct {
		Same        bool
		Mode        string
		Differences int
		Rows        []struct {
			A, B    *entry
			Differs bool
		}
		Faults []any
	}
	if err := c.do(ctx, http.MethodPost, path+"/replay", nil, map[string]string{"mode": in.Mode}, &answer); err != nil {
		return out, err
	}
	out = replayOut{Same: answer.Same, Mode: answer.Mode, Differences: answer.Differences}
	if len(answer.Faults) > 0 {
		out.Faults = answer.Faults
	}
	size := 0
	for _, row := range answer.Rows {
		if !row.Differs || len(out.Rows) == maxRows || size > MaxResult {
			continue
		}
		var told replayRow
		if row.A != nil {
			e := eventOf(row.A)
			told.Expected, size = &e, size+row.A.size()
		}
		if row.B != nil {
			e := eventOf(row.B)
			told.Got, size = &e, size+row.B.size()
		}
		out.Rows = append(out.Rows, told)
	}
	return out, nil
}

type lessonsArgs struct {
	Name string `json:"name,omitempty" jsonschema:"a lesson; left out: the list of all"`
}

type lessonsOut struct {
	Lessons []map[string]any `json:"lessons,omitempty"`
	Lesson  map[string]any   `json:"lesson,omitempty"`
}

func (s *server) lessonsTool(ctx context.Context, r *mcp.CallToolRequest, in lessonsArgs) (out lessonsOut, err error) {
	if in.Name == "" {
		err = s.as(r).get(ctx, "/api/lessons", nil, &out.Lessons)
		return out, err
	}
	path, err := of("/api/lessons", in.Name)
	if err != nil {
		return out, err
	}
	err = s.as(r).get(ctx, path, nil, &out.Lesson)
	return out, err
}

type checkArgs struct {
	Lesson     string            `json:"lesson"`
	Step       int               `json:"step" jsonschema:"from 1"`
	Recordings []string          `json:"recordings,omitempty" jsonschema:"IDs, in the order in which they began"`
	Answers    map[string]string `json:"answers,omitempty" jsonschema:"to the step's questions"`
}

type checkOut struct {
	Verdict map[string]any `json:"verdict"`
}

func (s *server) checkTool(ctx context.Context, r *mcp.CallToolRequest, in checkArgs) (out checkOut, err error) {
	path, err := of("/api/lessons", in.Lesson)
	if err != nil {
		return out, err
	}
	err = s.as(r).do(ctx, http.MethodPost, path+"/check", nil, map[string]any{"step": in.Step, "transcripts": in.Recordings, "answers": in.Answers}, &out.Verdict)
	return out, err
}
