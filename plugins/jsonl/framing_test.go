package jsonl

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// cutAll is a program that cuts the stream of each case of a table by pieces of each size,
// restoring the stream from its state before each, and prints what differs from the table.
const cutAll = `
import json, os, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import framing

def cut_of(case):
    if case["cut"] == "after":
        return framing.after(case["delimiter"].encode("latin-1"))
    if case["cut"] == "prefixed":
        return framing.prefixed(case["size"], case.get("order", "big"), case.get("counts", "rest"))
    return {"lines": framing.lines, "content-length": framing.content_length}[case["cut"]]()

def words(frame, whole):
    return all(97 <= byte <= 122 for byte in frame[1:]) and (len(frame) > 1 or not whole and frame[0] > 0)

tried = 0
for case in json.load(open(sys.argv[2])):
    data, want = case["data"].encode("latin-1"), [f.encode("latin-1") for f in case["frames"]]
    for size in range(1, len(data) + 1):
        got, wrong, state = [], "", [0, "", ""]
        gap = case.get("gap", 0)  # before the rest some bytes were missed
        pieces = [data[at:min(at + size, gap)] for at in range(0, gap, size)] + [data[at:at + size] for at in range(gap, len(data), size)]
        try:
            fed = 0
            for piece in pieces:
                stream = framing.Stream(cut_of(case), plausible=words, **({"most": case["most"]} if "most" in case else {}))
                stream.restore(json.loads(json.dumps(state)))
                if "missed" in case and fed == gap:
                    stream.resync(case["missed"])
                for begin, frame in stream.feed(piece):
                    got.append(b"%d " % begin + frame)
                state = stream.state()
                fed += len(piece)
        except framing.FrameError as error:
            wrong = str(error)
        tried += 1
        if got != want or bool(wrong) != ("error" in case) or case.get("error", "") not in wrong:
            print(f"{case['name']}, by {size}: {got} {wrong!r}, want {want} {case.get('error')!r}")

stream = framing.Stream(framing.lines())
got = list(stream.feed(b"one\ntw"))
stream.skip(10)
got += stream.feed(b"x\n")
if got != [(0, b"one\n"), (16, b"x\n")]:
    print("after what was missed:", got)
print("tried" if tried > 100 else "too few", file=sys.stderr)
`

// The helpers for Python cut as core/framing does, whose table this is.
func TestFramingInPython(t *testing.T) {
	folder, err := filepath.Abs("../../examples/jsonl")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "-X", "utf8", "-B", "-c", cutAll, folder, "../../core/framing/testdata/frames.json")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stdout.Len() > 0 || stderr.String() != "tried\n" {
		t.Errorf("%v\n%s%s", err, &stdout, &stderr)
	}
}

// A line mode is one file, and has what it needs of the helpers copied into it, unchanged.
func TestExamplesCopyTheHelpers(t *testing.T) {
	helpers, err := os.ReadFile("../../examples/jsonl/framing.py")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../examples/jsonl/py-records/workbench-plugin-py-records")
	if err != nil {
		t.Fatal(err)
	}
	for _, begins := range []string{"class FrameError(", "class Stream:", "def prefixed("} {
		_, part, found := strings.Cut("\n"+string(helpers), "\n"+begins)
		end := len(part) // of what is indented below
		for i := range part {
			if strings.HasPrefix(part[i:], "\n\n") && !strings.HasPrefix(part[i:], "\n\n ") {
				end = i
				break
			}
		}
		if !found || !strings.Contains(string(example), "\n"+begins+part[:end]+"\n") {
			t.Errorf("%s is not as in framing.py", begins)
		}
	}
}

// The examples that take records apart, in three languages, have the same goldens: the
// same bytes give the same messages.
func TestRecordsAreTheSameInAllLanguages(t *testing.T) {
	const first = "../../examples/starlark/records"
	goldens, err := filepath.Glob(first + "/testdata/*.golden")
	if err != nil || len(goldens) < 3 {
		t.Fatalf("%d goldens: %v", len(goldens), err)
	}
	for _, file := range goldens {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for folder, mode := range map[string]string{"../../examples/jsonl/py-records": "py-records", "../../examples/go/records": "go-records"} {
			got, err := os.ReadFile(filepath.Join(folder, "testdata", filepath.Base(file)))
			if err != nil || !bytes.Equal(got, bytes.Replace(want, []byte("\nmode records\n"), []byte("\nmode "+mode+"\n"), 1)) {
				t.Errorf("%s of %s is another: %v", filepath.Base(file), mode, err)
			}
			if n, _ := filepath.Glob(filepath.Join(folder, "testdata", "*")); len(n) != len(goldens) {
				t.Errorf("%s has %d goldens, want %d", mode, len(n), len(goldens))
			}
		}
	}
}
