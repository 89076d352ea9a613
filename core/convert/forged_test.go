package convert

import (
	"bytes"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/transcript"
)

// faulty has bytes that no peer has sent, on the way in and out.
const faulty = `workbench transcript v1
mode raw

<< pass-through client
<< pass-through server
>> client binary "ab"
>> server "+"
-- fault 3 from-server 1-5 replace "forged 0-9 \"" forged 1-5 "PA<G"
>> server "PA<G\r\n"
-- fault 4 to-server 2-4 answer "cd" forged 7-9 withheld
>> server "ok"
-- fault 5 to-server 1-1 forge forged 1-2 "!"
-- fault 6 from-server 9-9 delay 2s
-- fault of nobody
`

func TestForged(t *testing.T) {
	log, err := transcript.Parse("", []byte(faulty))
	if err != nil {
		t.Fatal(err)
	}
	var lines, page bytes.Buffer
	if err := JSONLines(&lines, log); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"text":"+"}`,
		`"text":"PA<G\r\n","forged":[[0,4]]}`,
		`"text":"ok","forged":[[0,2]]}`,
	} {
		if !strings.Contains(lines.String(), want) {
			t.Errorf("no %s in\n%s", want, &lines)
		}
	}
	if n := strings.Count(lines.String(), "\"forged\":"); n != 2 {
		t.Errorf("%d entries have forged bytes:\n%s", n, &lines)
	}
	if err := HTML(&page, log); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<mark>PA&lt;G</mark>", "<mark>ok</mark>", "from the server, 6 bytes, of which the marked ones are forged: no peer has sent them"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("no %s in\n%s", want, &page)
		}
	}
	if n := strings.Count(page.String(), "<mark>"); n != 2 {
		t.Errorf("%d marks", n)
	}
}
