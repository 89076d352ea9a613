package workbench_test

import (
	"bytes"
	"go/ast"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// A place must meet every kind of event and action. It meets those that its
// source names, tests left out: as core.ServerBytes in Go, by the method of
// core.Out that makes such an action, or as a key ServerBytes: in JavaScript.
// Of the others the row says why nothing need be done.
//
// So a kind that is added to core fails here until each place handles it, or
// somebody has written down why it need not.
type place struct {
	path      string // a package's folder, or a file
	viaOut    bool   // it makes actions by core.Out's methods
	byDefault []byDefault
	delegates string // not empty: why the place need know no kind at all
}

type byDefault struct{ kinds, because string }

var places = []place{
	{path: "core/transcript/forms.go"},
	{path: "core/wire/record.go", byDefault: []byDefault{
		{"ClientText ClientBinary ClientEOF ClientClosed ServerBytes ServerEOF ServerFailed TimerFired ClientPart ClientRaw ServerQuiet ClientBytes WorldSaid ClientUnseen ServerUnseen ServerTLS ClientStartTLS ClientTLS ClientTLSFailed LinkListening LinkConnected LinkFailed LinkBytes LinkEOF LinkClosed ClientCommand",
			"events of all kinds have one form: a number, a name if core.EventKind.IsLink, and bytes"},
	}},
	{path: "core/feed", byDefault: []byDefault{
		{"ClientText ClientBinary ServerBytes ClientPart ClientRaw ServerQuiet ClientBytes WorldSaid ClientUnseen ServerUnseen ClientCommand", "they are fed as they come and end nothing"},
		{"ClientEOF ServerEOF", "core.EventKind.DefaultEnding says what they end"},
		{"SendText Note Secret ShowPart SecretBytes AskWorld", "they change nothing of what is fed"},
		{"LinkListening LinkBytes LinkEOF LinkFailed", "core.EventKind.IsLink and EndsLink say what they mean to a link"},
	}},
	{path: "core/session", byDefault: []byDefault{
		{"ClientText ClientBinary ClientPart ClientCommand", "they come from the client's connection, and are fed as they are"},
		{"ClientBytes", "it comes from a client that is a stream, and is fed as it is"},
		{"WorldSaid", "no session has a world"},
		{"ClientEOF", "it comes from the client's connection, and core/feed knows what it ends"},
	}},
	{path: "core/drive", byDefault: []byDefault{
		{"ClientText ClientBinary ClientEOF ClientClosed ServerBytes ServerEOF ServerFailed ClientPart ClientRaw ClientBytes WorldSaid ClientUnseen ServerUnseen ServerTLS ClientStartTLS ClientTLS ClientTLSFailed LinkListening LinkConnected LinkFailed LinkBytes LinkEOF LinkClosed ClientCommand", "they are fed as they come; core/feed says what of them counts"},
		{"SendServer SendText SendBinary FinishServer Close Note SetTimer StopTimer PassThrough Failed Secret ShowPart SecretBytes AskWorld StartTLS Decoded Connect Accept SendLink FinishLink CloseLink", "answers go to the caller"},
	}},
	{path: "core/replay", byDefault: []byDefault{
		{"ServerBytes ClientBytes LinkBytes", "core.EventKind.IsStream says what makes a run"},
		{"ClientText ClientBinary ClientEOF ClientPart ClientRaw WorldSaid ClientUnseen ServerUnseen ServerTLS ClientStartTLS ClientTLS ClientTLSFailed LinkListening LinkConnected LinkFailed LinkEOF LinkClosed ClientCommand", "they are fed as the transcript has them, and cut no run short"},
		{"TimerFired ServerQuiet", "core/drive knows what they ask of batches and of the machine"},
		{"FinishServer Note SetTimer StopTimer ShowPart SecretBytes AskWorld Decoded Connect Accept FinishLink CloseLink", "they are compared one by one, in order"},
	}},
	{path: "core/conformance", byDefault: []byDefault{
		{"ClientBinary ClientEOF ClientClosed ServerEOF ServerFailed ClientPart ClientRaw ClientBytes WorldSaid ClientStartTLS ClientUnseen ServerUnseen LinkListening LinkConnected LinkFailed LinkBytes LinkEOF LinkClosed ClientCommand", "core/conformance/streams makes them, and they are fed as they come"},
		{"FinishServer PassThrough ShowPart AskWorld Connect Accept SendLink FinishLink CloseLink Decoded", "answers are compared one by one; what they mean for the session core/feed says"},
	}},
	{path: "core/conformance/streams", byDefault: []byDefault{
		{"SendServer SendText SendBinary FinishServer Close Note SetTimer StopTimer PassThrough Failed ShowPart AskWorld StartTLS Decoded Connect Accept SendLink FinishLink CloseLink", "it makes events; what answers them it need not know"},
	}},
	{path: "core/conformance/reach.go", byDefault: []byDefault{
		{"ClientBinary ClientEOF ClientClosed ServerBytes ServerEOF ServerFailed ClientPart ClientRaw ClientBytes WorldSaid ClientStartTLS ClientUnseen ServerUnseen LinkListening LinkConnected LinkFailed LinkBytes LinkEOF ClientCommand",
			"events are counted by number; those named here come only where something asked for them"},
		{"SendText SendBinary FinishServer Close Note PassThrough Failed Secret ShowPart SecretBytes AskWorld SendLink FinishLink Decoded", "answers are counted by number, up to the last kind, and named by core/transcript"},
	}},
	{path: "core/secret", byDefault: []byDefault{
		{"ClientText ClientBinary ServerBytes ClientPart ClientBytes", "core.EventKind.IsBytes says that they carry what a secret may stand in"},
		{"ServerQuiet FinishServer ClientUnseen ServerUnseen ClientStartTLS FinishLink CloseLink", "they carry no bytes"},
		{"StartTLS", "a server's name is in the header already, or in the mode"},
	}},
	{path: "core/redact", byDefault: []byDefault{
		{"ClientText ClientPart ClientCommand", "core.EventKind.IsText says that they are searched one by one"},
		{"ClientEOF ClientClosed ServerEOF ServerQuiet FinishServer PassThrough ClientUnseen ServerUnseen ClientStartTLS LinkEOF LinkClosed FinishLink CloseLink", "they carry no bytes"},
		{"TimerFired SetTimer StopTimer StartTLS", "the name of a timer or a server stays a name"},
	}},
	{path: "core/play", byDefault: []byDefault{
		{"TimerFired WorldSaid", "a peer sees no timer and no world"},
		{"ClientTLS", "it is of the end that play stands in for"},
		{"ClientStartTLS ClientCommand", "what comes of it says more"},
		{"SendText SendBinary Note SetTimer StopTimer Secret ShowPart SecretBytes AskWorld Decoded", "nothing of it reaches the server"},
	}},
	{path: "core/rules", delegates: "it works on what core/play says that a peer sends"},
	{path: "core/convert/html.go"},
	{path: "core/convert/crossings.go", byDefault: []byDefault{
		{"ClientText ClientBinary ClientPart ClientBytes", "they cross only where core.EventKind.IsBytes and a pass-through say so"},
		{"ClientEOF", "core.EventKind.DefaultEnding says what it ends"},
		{"TimerFired ServerQuiet WorldSaid ClientCommand", "nothing crosses"},
		{"LinkListening LinkConnected LinkFailed LinkBytes LinkEOF LinkClosed Connect Accept SendLink FinishLink CloseLink", "what crosses by a further connection is not shown"},
		{"ClientTLS", "what crosses to the client is not shown"},
		{"ClientUnseen ServerUnseen", "what crossed is not known"},
		{"SendText SendBinary Note SetTimer StopTimer Secret ShowPart SecretBytes AskWorld Decoded", "nothing of it reaches the server"},
	}},
	{path: "core/convert/asciicast.go", byDefault: []byDefault{
		{"ClientText ClientBinary ClientEOF ClientClosed ServerBytes ServerEOF ServerFailed ClientPart ClientRaw ClientBytes SendServer FinishServer PassThrough",
			"what of it crossed, crossings.go says"},
		{"SendText SendBinary ShowPart", "the terminal shows the server's bytes themselves"},
		{"LinkEOF Connect Accept SendLink FinishLink CloseLink", "what comes of it says more"},
		{"TimerFired ServerQuiet ClientUnseen ServerUnseen SetTimer StopTimer Secret SecretBytes WorldSaid AskWorld ClientStartTLS StartTLS Decoded ClientCommand", "there is nothing to show"},
	}},
	{path: "core/convert/rfc.go", delegates: "it writes what crossings.go says has crossed"},
	{path: "core/convert/jsonl.go", delegates: "core/transcript writes the entries"},
	{path: "plugins/jsonl", viaOut: true, byDefault: []byDefault{
		{"ClientText ClientBinary ClientEOF ClientClosed ServerBytes ServerEOF ClientPart ClientRaw ServerQuiet ClientBytes WorldSaid ClientStartTLS LinkListening LinkConnected LinkFailed LinkBytes LinkEOF LinkClosed",
			"the program is told the kind by its name, with bytes if core.EventKind.IsBytes"},
		{"AskWorld", "a line mode has no world"},
		{"Failed", "the adapter makes it of a program's reply with failed"},
	}},
	{path: "plugins/starlark", viaOut: true, byDefault: []byDefault{
		{"ClientText ClientBinary ClientEOF ClientClosed ServerBytes ServerEOF ServerFailed ClientPart ClientRaw ServerQuiet ClientBytes WorldSaid ClientUnseen ServerUnseen ServerTLS ClientStartTLS ClientTLS ClientTLSFailed LinkListening LinkConnected LinkFailed LinkBytes LinkEOF LinkClosed",
			"the script is told the kind by its name, with the data"},
		{"AskWorld", "a line mode has no world"},
		{"Failed", "plugins.Serve makes it of a script's error"},
	}},
	{path: "web/model/kinds.js"},
	{path: "web/model/entryrows.js", delegates: "it reads kinds.js; web/test/kinds.test.js has each kind shown or said to be silent"},
	{path: "web/model/ladder.js", delegates: "it reads kinds.js; web/test/kinds.test.js has each kind drawn or said to be silent"},
}

// kinds are the names of the constants of package core, in their order.
type kinds struct{ events, actions []string }

func (k kinds) all() []string { return slices.Concat(k.events, k.actions) }

func TestPlacesMeetAllKinds(t *testing.T) {
	all, outs := kindsOfCore(t)
	for _, p := range places {
		for _, forgotten := range p.forgotten(t, all.all(), outs) {
			t.Errorf("%s forgets the kind %s: handle it there, or say in kinds_test.go why that is not needed", p.path, forgotten)
		}
		for _, d := range p.byDefault {
			for _, kind := range strings.Fields(d.kinds) {
				if !slices.Contains(all.all(), kind) {
					t.Errorf("the row of %s has the kind %s, which package core has not", p.path, kind)
				}
			}
		}
	}
}

// TestPlacesMissANewKind shows the check something to find.
func TestPlacesMissANewKind(t *testing.T) {
	all, outs := kindsOfCore(t)
	for _, p := range places {
		got := p.forgotten(t, append(all.all(), "ServerSang"), outs)
		if p.delegates == "" && !slices.Contains(got, "ServerSang") {
			t.Errorf("%s does not miss a kind that nothing handles", p.path)
		}
	}
}

// forgotten returns the kinds that a place neither names nor leaves out with a
// reason. outs has the methods of core.Out by the kind that they make.
func (p place) forgotten(t *testing.T, all []string, outs map[string]string) (missing []string) {
	t.Helper()
	named := p.named(t)
	for _, kind := range all {
		left := slices.ContainsFunc(p.byDefault, func(d byDefault) bool { return slices.Contains(strings.Fields(d.kinds), kind) })
		if !left && p.delegates == "" && !named["core."+kind] && !(p.viaOut && named["."+outs[kind]]) {
			missing = append(missing, kind)
		}
	}
	return missing
}

var jsKey = regexp.MustCompile(`(?m)^  (\w+): \{`)

// named returns what the place's source names: core.X, and .X for a selector of
// anything.
func (p place) named(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	if path.Ext(p.path) == ".js" {
		source, err := os.ReadFile(p.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range jsKey.FindAllStringSubmatch(string(source), -1) {
			all["core."+key[1]] = true
		}
		return all
	}
	files := []string{p.path}
	if path.Ext(p.path) == "" {
		entries, err := os.ReadDir(p.path)
		if err != nil {
			t.Fatal(err)
		}
		files = nil
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") {
				files = append(files, path.Join(p.path, e.Name()))
			}
		}
	}
	for _, name := range files {
		ast.Inspect(parse(t, name, nil).File, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				all["."+s.Sel.Name] = true
				if id, ok := s.X.(*ast.Ident); ok && id.Name == "core" {
					all["core."+s.Sel.Name] = true
				}
			}
			return true
		})
	}
	return all
}

// kindsOfCore reads the constants of package core, and which method of Out makes
// which kind of action.
func kindsOfCore(t *testing.T) (all kinds, outs map[string]string) {
	t.Helper()
	outs = map[string]string{}
	for _, name := range []string{"core/event.go", "core/action.go", "core/link.go"} {
		for _, d := range parse(t, name, nil).Decls {
			if g, ok := d.(*ast.GenDecl); ok && len(g.Specs) > 0 {
				all.take(g)
			}
		}
	}
	for _, d := range slices.Concat(parse(t, "core/action.go", nil).Decls, parse(t, "core/message.go", nil).Decls, parse(t, "core/link.go", nil).Decls) {
		method, ok := d.(*ast.FuncDecl)
		if !ok || method.Recv == nil || !method.Name.IsExported() {
			continue
		}
		if star, ok := method.Recv.List[0].Type.(*ast.StarExpr); !ok || star.X.(*ast.Ident).Name != "Out" {
			continue
		}
		ast.Inspect(method.Body, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && slices.Contains(all.actions, id.Name) {
				outs[id.Name] = method.Name.Name
			}
			return true
		})
	}
	if len(all.events) < 11 || len(all.actions) < 13 || len(outs) < 12 {
		t.Fatalf("found only %d kinds of event, %d of action and %d methods of Out: are they declared elsewhere now?", len(all.events), len(all.actions), len(outs))
	}
	return all, outs
}

// take takes the names of one block of constants, if it has kinds.
func (k *kinds) take(g *ast.GenDecl) {
	first, ok := g.Specs[0].(*ast.ValueSpec)
	if !ok || first.Type == nil {
		return
	}
	to := map[string]*[]string{"EventKind": &k.events, "ActionKind": &k.actions}[first.Type.(*ast.Ident).Name]
	if to == nil {
		return
	}
	for _, spec := range g.Specs {
		for _, name := range spec.(*ast.ValueSpec).Names {
			*to = append(*to, name.Name)
		}
	}
}

// TestKindsForThePage holds the file by which web/test/kinds.test.js knows what
// kinds there are, and how an entry of each looks.
func TestKindsForThePage(t *testing.T) {
	all, outs := kindsOfCore(t)
	if missing := places[0].forgotten(t, all.all(), outs); len(missing) > 0 {
		t.Fatalf("%s: no form of %q", places[0].path, missing)
	}
	var want bytes.Buffer
	want.WriteString("{")
	line := func(name string, entries ...transcript.Entry) {
		if want.Len() > 1 {
			want.WriteByte(',')
		}
		want.WriteString("\n  \"" + name + "\": [")
		for i := range entries {
			if i > 0 {
				want.WriteString(", ")
			}
			want.Write(transcript.AppendJSON(nil, &entries[i]))
		}
		want.WriteByte(']')
	}
	kind := core.EventKind(0)
	for _, name := range all.events {
		for kind++; !kind.Valid(); kind++ { // a number that no kind has
		}
		e := core.Event{Kind: kind, Data: sampleOf(kind)}
		if kind.IsLink() {
			e.Link = "data"
		}
		line(name, transcript.Entry{Dir: transcript.Event, N: 1, Event: e})
	}
	for i, name := range all.actions {
		a := core.Action{Kind: core.ActionKind(i + 1), Side: core.Client, After: time.Second, Data: []byte("x")}
		if a.Kind == core.Decoded {
			a.Data = []byte("from-server 0-5 \"x\"")
		}
		if a.Kind.IsLink() {
			a.Link = "data"
		}
		b := a
		b.Side = core.Server
		entries := []transcript.Entry{{Dir: transcript.Action, N: 1, Action: a}, {Dir: transcript.Action, N: 1, Action: b}}
		if a.Kind != core.PassThrough {
			entries = entries[:1]
		}
		line(name, entries...)
	}
	want.WriteString("\n}\n")
	const file = "web/test/kinds.json"
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what package core has (%v): go test . -run TestKindsForThePage -update writes it", file, err)
	}
}

// sampleOf returns data that an event of a kind may have.
func sampleOf(kind core.EventKind) []byte {
	if kind == core.ClientUnseen || kind == core.ServerUnseen {
		return []byte("4096")
	}
	return []byte("x")
}
