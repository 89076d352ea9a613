package replay_test

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/plugins/dns"
	echoquit "github.com/protocol-workbench/workbench/plugins/echo-quit"
	"github.com/protocol-workbench/workbench/plugins/frames"
	"github.com/protocol-workbench/workbench/plugins/ftp"
	"github.com/protocol-workbench/workbench/plugins/http"
	httpline "github.com/protocol-workbench/workbench/plugins/http-line"
	"github.com/protocol-workbench/workbench/plugins/imap"
	linesmode "github.com/protocol-workbench/workbench/plugins/lines"
	"github.com/protocol-workbench/workbench/plugins/mqtt"
	"github.com/protocol-workbench/workbench/plugins/pop3"
	"github.com/protocol-workbench/workbench/plugins/raw"
	"github.com/protocol-workbench/workbench/plugins/resp"
	"github.com/protocol-workbench/workbench/plugins/smtp"
	"github.com/protocol-workbench/workbench/plugins/telnet"
)

const goldens = "../../testdata/*/*.golden"

var builtin, builtinModes = inProcess(httpline.Discipline(), raw.Discipline(), echoquit.Discipline(), resp.Discipline(), pop3.Discipline(), dns.Discipline(), frames.Discipline(), smtp.Discipline(), imap.Discipline(), ftp.Discipline(), http.Discipline(), telnet.Discipline(), mqtt.Discipline(), linesmode.Discipline())

// Each golden is answered the same, whole and however the server's bytes are
// cut.
func TestGoldens(t *testing.T) {
	for _, file := range files(t, goldens) {
		for _, connection := range loadAll(t, file) {
			g := golden(t, file, connection, builtinModes)
			w := whole(t, g, builtin)
			if !w.Same {
				t.Fatalf("%s: %v\n%s", file, w.Faults, w.Diff)
			}
			for cuts := range replay.Plan(20, 1) {
				if r, err := g.Recut(t.Context(), builtin, w, cuts); err != nil || !r.Same {
					t.Fatalf("%s cut %s: %v %v %v\n%s", file, cuts, err, r.Where, r.Faults, r.Diff)
				}
			}
		}
	}
}

// A golden whose actions are gone comes back byte for byte.
func TestUpdateRestoresActions(t *testing.T) {
	for _, file := range files(t, goldens) {
		original, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all []*transcript.Transcript
		for _, wiped := range loadAll(t, file) {
			wiped.Entries = slices.DeleteFunc(wiped.Entries, func(e transcript.Entry) bool {
				return e.Dir == transcript.Action && e.Comments == nil
			})
			g := golden(t, file, wiped, builtinModes)
			updated, err := g.Update(whole(t, g, builtin))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			all = append(all, updated)
		}
		if got := transcript.AppendAll(nil, all); !bytes.Equal(got, original) {
			t.Errorf("%s: not restored:\n%s", file, got)
		}
	}
}

func BenchmarkReplay(b *testing.B) {
	const file = "../../testdata/http-line/tutorial-walk.golden"
	g := golden(b, file, load(b, file), builtinModes)
	for b.Loop() {
		if r, err := g.Whole(b.Context(), builtin); err != nil || !r.Same {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "replays/s")
}
