package toys

import (
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// Daytime returns the practice server of RFC 867: it says the time in words, in the
// form that the RFC proposes, and closes.
func Daytime() core.Discipline {
	return core.Discipline{
		Manifest: asking(manifest("daytime", "Daytime (RFC 867)", "Says the date and the time as soon as you connect, and closes.",
			"one line: the time in UTC")),
		Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
			return (&once{says: daytime}).ask("time", out)
		},
	}
}

// daytime words the world's answer to "time".
func daytime(answer string) (words string, ok bool) {
	stamp, ok := strings.CutPrefix(answer, "ok ")
	t, err := time.Parse(time.RFC3339, stamp)
	return t.UTC().Format("Monday, January 2, 2006 15:04:05-MST"), ok && err == nil
}
