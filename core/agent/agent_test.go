package agent_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/agent"
	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/ready"
	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/redis"
	"github.com/protocol-workbench/workbench/core/practice/room"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/wire"
	"github.com/protocol-workbench/workbench/plugins/resp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a workbench with a practice Redis server, and an agent that uses it.
type bench struct {
	*testing.T
	redis string // its address
	at    string // of the workbench
	store store.Store
	agent *mcp.ClientSession
}

// redisServer runs the practice Redis server, and returns its address.
func redisServer(t *testing.T) string {
	t.Helper()
	d := redis.Discipline()
	options, err := d.Manifest.ParseOptions(nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &practice.Machine{Discipline: d, Options: options, World: redis.NewKeys(time.Now)}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- practice.Serve(ctx, l, nil, m.Converse) }()
	t.Cleanup(func() { stop(); <-served })
	return l.Addr().String()
}

func newBench(t *testing.T, change func(*gateway.Config)) bench {
	t.Helper()
	b := bench{T: t, redis: redisServer(t)}
	folder, err := store.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	recordings := store.Record(folder, slog.New(slog.DiscardHandler))
	b.store = recordings
	policy, err := target.NewPolicy([]string{"practice", "allow " + b.redis})
	if err != nil {
		t.Fatal(err)
	}
	dialer := &target.Dialer{Policy: policy}
	first, err := ready.Open(ready.Names()[0], room.Value)
	if err != nil {
		t.Fatal(err)
	}
	mode := resp.Discipline()
	config := gateway.Config{
		Modes:    func() []gateway.Mode { return []gateway.Mode{{Manifest: mode.Manifest, State: "ready"}} },
		Manifest: func(context.Context, string) (core.Manifest, error) { return mode.Manifest, nil },
		Plugin: func(string) (session.Plugin, error) {
			return &session.Fixed{Connect: func(context.Context, bool) (*wire.Conn, error) {
				return wire.Pipe(mode, slog.New(slog.DiscardHandler)), nil
			}}, nil
		},
		Dial: func(ctx context.Context, to target.Target, s target.Security) (gateway.Server, error) {
			conn, err := dialer.Dial(ctx, to, s)
			if err != nil {
				return nil, err
			}
			return conn, nil
		},
		Transcripts: recordings, Recordings: recordings,
		Lessons: func() []*lesson.Source { return []*lesson.Source{first} },
		Keep:    time.Minute, Agents: true,
	}
	if change != nil {
		change(&config)
	}
	g := gateway.New(config)
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := g.Stop(ctx); err != nil {
			t.Error(err)
		}
		server.Close()
		recordings.Close(ctx)
	})
	b.at = server.URL
	b.agent = connect(t, agent.Config{At: b.at})
	return b
}

// connect has an agent use the workbench, until the test ends.
func connect(t *testing.T, config agent.Config) *mcp.ClientSession {
	t.Helper()
	near, far := mcp.NewInMemoryTransports()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- agent.Serve(ctx, config, far) }()
	client := mcp.NewClient(&mcp.Implementation{Name: "robot", Version: "1.0"}, nil)
	c, err := client.Connect(ctx, near, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return c
}

// call uses a tool, whose structured result goes to out. words are those of an error of the
// tool.
func (b bench) call(name string, args map[string]any, out any) (words string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	r, err := b.agent.CallTool(ctx, &mcp.CallToolParams{Name: name, Arguments: args})
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	if r.IsError {
		return r.Content[0].(*mcp.TextContent).Text
	}
	text, err := json.Marshal(r.StructuredContent)
	if err == nil && out != nil {
		err = json.Unmarshal(text, out)
	}
	if err != nil {
		b.Fatalf("%s: %s: %v", name, text, err)
	}
	return ""
}

// must is call of what works.
func (b bench) must(name string, args map[string]any, out any) {
	b.Helper()
	if words := b.call(name, args, out); words != "" {
		b.Fatalf("%s: %s", name, words)
	}
}

// fails is call of what does not.
func (b bench) fails(name string, args map[string]any, want string) {
	b.Helper()
	if words := b.call(name, args, nil); !strings.Contains(words, want) {
		b.Errorf("%s: %q, want %q", name, words, want)
	}
}

// result is what open, send, read and close return.
type result struct {
	Session, Recording, Why string
	Events                  []agent.Event
	Next                    uint64
	More                    bool
	Ended                   *agent.Ended
}

func (r result) has(what, in string) bool {
	for _, e := range r.Events {
		if e.What == what && (strings.Contains(e.Text, in) || strings.Contains(e.Bytes, in)) {
			return true
		}
	}
	return false
}

// An agent opens a session, talks, reads again and closes; the recording is marked as its,
// and can be shown and replayed.
func TestSession(t *testing.T) {
	b := newBench(t, nil)
	var r result
	b.must("open", map[string]any{"target": b.redis, "mode": "resp", "quiet_ms": 1}, &r)
	id, recording := r.Session, r.Recording
	if id == "" || recording == "" || r.Ended != nil {
		t.Fatalf("%+v", r)
	}
	b.must("send", map[string]any{"session": id, "text": `SET greeting "h\xc3\xa9llo\x1b[31m"`, "until_messages": 1}, &r)
	if !r.has(">> server bytes", `+OK\r\n`) || !r.has(">> client text", "SET greeting") || r.Why != "came" {
		t.Errorf("%+v", r)
	}
	from := r.Next
	b.must("send", map[string]any{"session": id, "bytes": `*2\r\n$3\r\nGET\r\n$8\r\ngreeting\r\n`, "until_bytes": 10}, &r)
	if !r.has(">> server bytes", `h\xc3\xa9llo\x1b[31m`) || !r.has(">> server bytes", `héllo\x1b[31m`) {
		t.Errorf("%+v", r)
	}
	var again result
	b.must("read", map[string]any{"session": id, "from": from}, &again)
	if !again.has(">> server bytes", "h\\xc3\\xa9llo") || again.has(">> client text", "SET") {
		t.Errorf("%+v", again)
	}
	b.fails("send", map[string]any{"session": id, "command": "NOSUCH"}, "unknown command")
	b.fails("send", map[string]any{"session": id, "text": "a", "bytes": "b"}, "exactly one")
	b.fails("send", map[string]any{"session": id, "bytes": `\q`}, `has "\\q"`)
	b.fails("send", map[string]any{"session": "s77", "text": "a"}, id)

	b.must("close", map[string]any{"session": id}, &r)
	if r.Ended == nil || r.Ended.Code != "client-closed" || r.Recording != recording {
		t.Errorf("%+v", r)
	}
	b.fails("read", map[string]any{"session": id}, "no session is open")
	info, err := b.store.Info(recording)
	if err != nil || info.Agent != "robot 1.0" {
		t.Errorf("%+v, %v", info, err)
	}
	var list struct{ Recordings []map[string]any }
	b.must("recordings", map[string]any{"mode": "resp"}, &list)
	if len(list.Recordings) != 1 || list.Recordings[0]["agent"] != "robot 1.0" {
		t.Errorf("%v", list)
	}
	var shown result
	b.must("show_recording", map[string]any{"recording": recording}, &shown)
	if !shown.has(">> server bytes", `+OK\r\n`) || !shown.has("-- remark", `opened by the agent robot 1.0`) || shown.More {
		t.Errorf("%+v", shown)
	}
	var verdict struct {
		Same        bool
		Differences int
	}
	if b.must("replay", map[string]any{"recording": recording}, &verdict); !verdict.Same {
		t.Errorf("%+v", verdict)
	}
}

// The text of a golden is replayed, and nothing of it stays.
func TestReplayGolden(t *testing.T) {
	b := newBench(t, nil)
	golden := "workbench transcript v1\nmode resp\n\n>> client text \"PING\"\n<< server \"*1\\r\\n$4\\r\\nPONG\\r\\n\"\n"
	var verdict struct {
		Same bool
		Rows []struct{ Expected, Got *agent.Event }
	}
	b.must("replay", map[string]any{"golden": golden}, &verdict)
	if verdict.Same || len(verdict.Rows) == 0 || verdict.Rows[0].Expected == nil || !strings.Contains(verdict.Rows[0].Expected.Text, "PONG") {
		t.Errorf("%+v", verdict)
	}
	if all, err := b.store.List(t.Context(), store.Query{}); err != nil || len(all) > 0 {
		t.Errorf("%v, %v", all, err)
	}
	b.fails("replay", map[string]any{}, "either")
	b.fails("show_recording", map[string]any{"recording": "../modes"}, "not an ID")
}

// What the policy denies is an error of the tool, with the reason.
func TestPolicy(t *testing.T) {
	b := newBench(t, nil)
	b.fails("open", map[string]any{"target": "127.0.0.1:1", "mode": "resp"}, "(code denied)")
	b.fails("open", map[string]any{"target": "unix:///run/x", "mode": "resp"}, "no agent may dial it")
	b.fails("open", map[string]any{"target": b.redis, "mode": "nosuch"}, "unknown mode")
	b.fails("open", map[string]any{"target": b.redis, "mode": "resp", "limit_ms": 60_001}, "from 0 to 60000")
}

// An agent gets in only where agents are let in, with a credential, and may do no more than
// its role; what is wrong is told with what to do.
func TestWhoGetsIn(t *testing.T) {
	off := newBench(t, func(c *gateway.Config) { c.Agents = false })
	for _, name := range []string{"open", "modes", "recordings"} {
		args := map[string]any{}
		if name == "open" {
			args["target"] = off.redis
		}
		off.fails(name, args, "--agents")
	}
	folder := t.TempDir()
	key, err := access.OpenKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	users, err := access.OpenUsers(filepath.Join(folder, "users"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := users.Add("robot", access.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	guarded := newBench(t, func(c *gateway.Config) {
		c.Access = access.New(key, users)
		c.Of = func(string) (gateway.Belongings, error) { return gateway.Belongings{}, nil }
	})
	guarded.fails("modes", map[string]any{}, "WORKBENCH_TOKEN")
	guarded.agent = connect(t, agent.Config{At: guarded.at, Token: token})
	guarded.must("modes", map[string]any{}, nil)
	guarded.fails("open", map[string]any{"target": guarded.redis, "mode": "resp"}, "a viewer may not dial here")

	nowhere := bench{T: t, agent: connect(t, agent.Config{At: "127.0.0.1:1"})}
	nowhere.fails("open", map[string]any{"target": "h:1"}, "workbench serve --agents")
}

// What a mode and a lesson are is told, and a step is checked.
func TestModesAndLessons(t *testing.T) {
	b := newBench(t, nil)
	var modes struct {
		Modes []struct{ Name, Summary string }
		Mode  struct {
			Name, Sends string
		}
	}
	if b.must("modes", map[string]any{}, &modes); len(modes.Modes) != 1 || modes.Modes[0].Name != "resp" || modes.Modes[0].Summary == "" {
		t.Errorf("%+v", modes)
	}
	if b.must("modes", map[string]any{"name": "resp"}, &modes); modes.Mode.Name != "resp" || modes.Mode.Sends == "" {
		t.Errorf("%+v", modes)
	}
	b.fails("modes", map[string]any{"name": "nosuch"}, "there are resp")
	var lessons struct {
		Lessons []struct{ Name string }
		Lesson  struct{ Steps []any }
	}
	if b.must("lessons", map[string]any{}, &lessons); len(lessons.Lessons) == 0 {
		t.Fatal("no lessons")
	}
	name := lessons.Lessons[0].Name
	if b.must("lessons", map[string]any{"name": name}, &lessons); len(lessons.Lesson.Steps) == 0 {
		t.Errorf("%+v", lessons)
	}
	var checked struct {
		Verdict struct{ Passed *bool }
	}
	if b.must("check_lesson", map[string]any{"lesson": name, "step": 1}, &checked); checked.Verdict.Passed == nil || *checked.Verdict.Passed {
		t.Errorf("%+v", checked)
	}
	b.fails("check_lesson", map[string]any{"lesson": name, "step": 99}, "no step 99")
}

// However much comes, a result is bounded, and what is old is not kept.
func TestBounds(t *testing.T) {
	b := newBench(t, nil)
	var r result
	b.must("open", map[string]any{"target": b.redis, "mode": "resp", "quiet_ms": 1}, &r)
	id := r.Session
	long := strings.Repeat("x", 3*agent.MaxEvent)
	b.must("send", map[string]any{"session": id, "bytes": "SET a " + long + `\r\n`, "until_messages": 1}, &r)
	for range 12 {
		b.must("send", map[string]any{"session": id, "bytes": `GET a\r\n`, "until_messages": 1}, &r)
	}
	size, cut := 0, false
	b.must("read", map[string]any{"session": id, "from": 1}, &r)
	for _, e := range r.Events {
		size += len(e.Text)
		cut = cut || e.Truncated && e.Length > agent.MaxEvent
		if payload := strings.ReplaceAll(e.Text, `\r`, "\r"); len(payload) > agent.MaxEvent {
			t.Errorf("an event of %d bytes", len(payload))
		}
	}
	if size == 0 || size > agent.MaxResult || !cut || !r.More {
		t.Errorf("%d bytes, cut %v, more %v", size, cut, r.More)
	}
	for range agent.MaxSessions - 1 {
		b.must("open", map[string]any{"target": b.redis, "mode": "resp", "quiet_ms": 1}, &r)
	}
	b.fails("open", map[string]any{"target": b.redis, "mode": "resp", "quiet_ms": 1}, "which is the most")
}
