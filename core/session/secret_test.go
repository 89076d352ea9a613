package session

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// keeper is a discipline that marks what follows "PASS ": by span, or by value.
// It hands "say " on to the server, closes at "bye " and fails at "fail ", with
// the words behind. At "die" its process dies.
func keeper(p *processes, byValue, forgets bool) core.Discipline {
	return core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) {
		return handler(func(e core.Event, out *core.Out) error {
			word, rest, _ := strings.Cut(string(e.Data), " ")
			switch word {
			case "PASS":
				out.Text(e.Data)
				switch {
				case forgets:
				case byValue:
					out.SecretBytes([]byte(rest))
				default:
					out.Secret(true, 5, len(e.Data))
					out.Secret(false, 5, len(e.Data))
				}
			case "bye":
				out.Close(rest)
				out.SecretBytes([]byte("abc"))
			case "fail":
				return errors.New(rest)
			case "die":
				p.kill()
			}
			return nil
		}), nil
	}}
}

// Once a secret was marked, what is left of an event that ends its process holds
// neither the machine's state nor what was said, and says so.
func TestPoisonWithholdsSecrets(t *testing.T) {
	for _, byValue := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := &processes{cause: errors.New("the x plugin died")}
			p.discipline = keeper(p, byValue, false)
			var kept string
			b := begin(t, func(c *Config) {
				c.Plugin = &Fixed{p.open}
				c.Opening = core.Opening{Options: core.Options{"password": "hunter2"}, Target: "x:1"}
				c.KeepPoison = func(t *transcript.Transcript, withheld bool) string {
					if t.Mode = "x"; withheld {
						kept = string(t.Append(nil))
					}
					return "kept"
				}
			})
			b.client.says("PASS hunter2")
			synctest.Wait()
			b.client.says("die hunter2")
			<-b.ours.fin
			b.server.Close()
			b.ends(t, MachineLost, "event 2 ends its process again and again")
			want := "workbench transcript v1\nmode x\ntarget \"x:1\"\n\n" +
				"-- withheld: what was said, the options and the machine's state, since the machine has marked a secret\n" +
				"-- not answered: client text, 11 bytes\n"
			if kept != want {
				t.Errorf("kept is\n%s\nwant\n%s", kept, want)
			}
		})
	}
}

// The session's own client is told all; who is told of its end is not.
func TestEndsTellNoSecrets(t *testing.T) {
	for says, told := range map[string]string{
		"bye not hunter2, abc": "not *******, ***",
		"fail hunter2 is bad":  "******* is bad",
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &processes{discipline: keeper(nil, true, false)}
			tape := &tape{}
			b := begin(t, func(c *Config) {
				c.Plugin, c.Observers = &Fixed{p.open}, []Observer{tape}
			})
			b.client.says("PASS hunter2", says)
			synctest.Wait()
			b.server.Close()
			end := <-b.end
			_, words, _ := strings.Cut(says, " ")
			if end.Words != told || b.client.end.Words != words || tape.got[len(tape.got)-1] != "end "+told {
				t.Errorf("the log is told %q, the client %q, the recorder %q", end.Words, b.client.end.Words, tape.got)
			}
		})
	}
}

func TestRefusalsTellNoSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &processes{discipline: core.Discipline{Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
			out.SecretBytes([]byte("abc"))
			return nil, errors.New("no password is abc")
		}}}
		b := begin(t, func(c *Config) { c.Plugin = &Fixed{p.open} })
		if end := <-b.end; end.Words != "no password is ***" || b.client.refused != "no password is abc" {
			t.Errorf("the log is told %q, the client %q", end.Words, b.client.refused)
		}
	})
}

// Who develops a line mode sees why a session stays on an old build, and no
// secret of it, though the new build forgets to mark it.
func TestDifferencesTellNoSecrets(t *testing.T) {
	for _, byValue := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := &builds{}
			first := b.add(keeper(nil, byValue, false), nil)
			first.seats++
			var stayed string
			s := begin(t, func(c *Config) {
				c.Plugin, c.WholeLog = first, 1<<20
				c.Observers = []Observer{onRemark(func(r Remark) { stayed += r.Diff })}
			})
			s.client.says("PASS hunter2")
			synctest.Wait()
			b.add(keeper(nil, byValue, true), nil)
			synctest.Wait()
			if strings.Contains(stayed, "hunter2") || !strings.Contains(stayed, `>> client text "PASS *******"`) || !strings.Contains(stayed, "- << secret ") {
				t.Errorf("it stayed for\n%s", stayed)
			}
			s.server.Close()
			s.ends(t, ByServer, "")
		})
	}
}
