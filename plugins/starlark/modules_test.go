package starlark

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// value returns repr of an expression, or the error of the session.
func value(t *testing.T, expression string) (string, error) {
	t.Helper()
	m := open(t, "def handle(state, event, out):\n    out.text(repr("+expression+"))")
	var out core.Out
	if err := m.Handle(core.Event{Kind: core.ClientText}, &out); err != nil {
		return "", err
	}
	return string(out.Action(0).Data), nil
}

func areValues(t *testing.T, table map[string]string) {
	t.Helper()
	for expression, want := range table {
		if got, err := value(t, expression); got != want || err != nil {
			t.Errorf("%s is %s, %v\nwant %s", expression, got, err, want)
		}
	}
}

func errorsOf(t *testing.T, table map[string]string) {
	t.Helper()
	for expression, want := range table {
		if got, err := value(t, expression); err == nil || !strings.HasPrefix(err.Error(), "m.star:3: "+want) {
			t.Errorf("%.100s is %.100s, %v\nwant m.star:3: %s", expression, got, err, want)
		}
	}
}

// What the guide says of bytes is so.
func TestBytes(t *testing.T) {
	areValues(t, map[string]string{
		`b"abc"[0]`:                       `b"a"`,
		`b"abc"[-1]`:                      `b"c"`,
		`b"abc"[1:]`:                      `b"bc"`,
		`b"abc"[::-1]`:                    `b"cba"`,
		`ord(b"\xff"[0])`:                 `255`,
		`list(b"a\xff".elems())`:          `[97, 255]`,
		`bytes([97, 255])`:                `b"a\xff"`,
		`bytes(b"abc".elems()) == b"abc"`: `True`,
		`[n ^ 1 for n in b"ab".elems()]`:  `[96, 99]`,
		`b"b" in b"abc"`:                  `True`,
		`98 in b"abc"`:                    `True`,
		`b"abc"[0] == b"a"`:               `True`,
		`b"abc"[0] == 97`:                 `False`,
		`b"\x7f" < b"\x80"`:               `True`,
		`b"a" + b"b" * 2`:                 `b"abb"`,
		`len(b"abc")`:                     `3`,
		`{b"a": 1}[b"abc"[0]]`:            `1`,
	})
	errorsOf(t, map[string]string{
		`b"abc"[0] + 1`:       "unknown binary op: bytes + int; data[0] is bytes too: ord(data[0]) is its number",
		`1 & b"abc"[0]`:       "unknown binary op: int & bytes; data[0] is bytes too",
		`b"abc"[0] < 5`:       "bytes < int not implemented; data[0] is bytes too",
		`b"abc" + "d"`:        "unknown binary op: bytes + string; bytes(text) makes bytes of a text, str(data) a text of bytes",
		`"é".encode()`:        "string has no .encode field or method; bytes(text) makes bytes",
		`[n for n in b"abc"]`: "bytes value is not iterable; data.elems() has the numbers of data",
		`list(b"abc")`:        "list: for parameter 1: got bytes, want iterable; data.elems() has",
		`b"abc".find(b"a")`:   "bytes has no .find field or method; the module octets has more for bytes",
		`b"abc"[3]`:           "bytes index 3 out of range [-3:2]",
		`ord(b"ab")`:          "ord: bytes has length 2, want 1",
		`fail("bytes + int")`: "fail: bytes + int",
	})
}

func TestJSON(t *testing.T) {
	areValues(t, map[string]string{
		`json.encode({"b": [1, -2.5, True, None], "a": (1e100, {}, [])})`:        `"{\"a\":[1e+100,{},[]],\"b\":[1,-2.5,true,null]}"`,
		`json.encode([1 << 70, 2.0, set(["x"]), range(2)])`:                      `"[1180591620717411303424,2.0,[\"x\"],[0,1]]"`,
		`json.encode("\"\\/\b\f\n\r\t\x00\x7f<é&🙂")`:                             `"\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0000\x7f<é&🙂\""`,
		`json.decode("{\"a\": [1, 2.50, 1e2, -0, true, null, \"\\u00e9\\n\"]}")`: `{"a": [1, 2.5, 100.0, 0, True, None, "é\n"]}`,
		`json.decode(b" [ ] ")`:                                 `[]`,
		`json.decode("1180591620717411303424")`:                 `1180591620717411303424`,
		`json.decode("{\"z\":1,\"a\":2}")`:                      `{"z": 1, "a": 2}`,
		`json.decode("nope", default=7)`:                        `7`,
		`json.decode("[" * 100000, default=None)`:               `None`,
		`json.decode(json.encode("\x7f"))`:                      `"\x7f"`,
		`json.encode_indent({"a": [1], "b": {}}, indent=" ")`:   `"{\n \"a\": [\n  1\n ],\n \"b\": {}\n}"`,
		`json.indent("[1,\"[,\\\"\"]", prefix="> ", indent="")`: `"[\n> 1,\n> \"[,\\\"\"\n> ]"`,
	})
	errorsOf(t, map[string]string{
		`json.encode(b"a")`:                "json.encode: JSON has no bytes: str(data) makes a text of them, base64.encode(data) keeps",
		`json.encode([event])`:             "json.encode: JSON has no value of type event",
		`json.encode({1: 2})`:              "json.encode: a key of JSON is a text, not a value of type int",
		`json.encode(float("nan"))`:        "json.encode: JSON has no number nan",
		`json.encode("é"[:1])`:             "json.encode: the text has bytes that are not UTF-8",
		`json.decode("")`:                  "json.decode: the text is not JSON: it ends too early",
		`json.decode("{\"a\"")`:            "json.decode: the text is not JSON: it ends too early",
		`json.decode("[1,]")`:              "json.decode: the text is not JSON: byte 3: invalid character ']'",
		`json.decode("[1}")`:               "json.decode: the text is not JSON: byte",
		`json.decode("{a: 1}")`:            "json.decode: the text is not JSON: byte",
		`json.decode("1.")`:                "json.decode: the text is not JSON",
		`json.decode("01")`:                "json.decode: ",
		`json.decode("NaN")`:               "json.decode: the text is not JSON: byte 1",
		`json.decode("\"a\nb\"")`:          "json.decode: the text is not JSON: byte",
		`json.decode("1 2")`:               "json.decode: more follows the value, before byte 3",
		`json.decode("[] ]")`:              "json.decode: ",
		`json.decode(b"\"\xff\"")`:         "json.decode: the text has bytes that are not UTF-8",
		`json.decode("1e999")`:             "json.decode: a number is too large for a float",
		`json.decode("{\"a\":1,\"a\":2}")`: "json.decode: an object has the same key twice",
		`json.decode(1)`:                   "json.decode: for parameter text: got int, want string or bytes",
		`json.indent("{")`:                 "json.indent: the text is not JSON: it ends too early",
	})
}

// What is written is JSON, and is read again as what it was.
func TestJSONOfEveryCharacter(t *testing.T) {
	var all strings.Builder
	for r := range rune(0x300) {
		all.WriteRune(r)
	}
	for _, r := range []rune{0x2028, 0x2029, 0xFEFF, 0xFFFD, 0x1F642} {
		all.WriteRune(r)
	}
	m := open(t, "def handle(state, event, out):\n    text = json.encode(event.text)\n    if json.decode(text) != event.text: fail(text)\n    out.text(text)")
	var out core.Out
	if err := m.Handle(core.Event{Kind: core.ClientText, Data: []byte(all.String())}, &out); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := json.Unmarshal(out.Action(0).Data, &got); err != nil || got != all.String() {
		t.Errorf("%q, %v", got, err)
	}
}

func TestBase64(t *testing.T) {
	areValues(t, map[string]string{
		`base64.encode(b"\xfb\xff")`:                          `"+/8="`,
		`base64.encode(b"\xfb\xff", url=True)`:                `"-_8="`,
		`base64.encode(b"\xfb\xff", url=True, padding=False)`: `"-_8"`,
		`base64.encode("é")`:                                  `"w6k="`,
		`base64.encode("")`:                                   `""`,
		`base64.decode("+/8=")`:                               `b"\xfb\xff"`,
		`base64.decode(b"-_8=", url=True)`:                    `b"\xfb\xff"`,
		`base64.decode("-_8", url=True, padding=False)`:       `b"\xfb\xff"`,
	})
	errorsOf(t, map[string]string{
		`base64.decode("+/8")`:                 "base64.decode: the text is wrong from byte 0 on: expected base64 of A-Z a-z 0-9 + / padded with =, and nothing else",
		`base64.decode("+/9=")`:                "base64.decode: the text is wrong from byte",
		`base64.decode("-_8=")`:                "base64.decode: the text is wrong from byte 0 on: expected base64 of A-Z a-z 0-9 + /",
		`base64.decode("+/8=", url=True)`:      "base64.decode: the text is wrong from byte 0 on: expected base64 of A-Z a-z 0-9 - _ padded",
		`base64.decode("+/8=", padding=False)`: "base64.decode: the text is wrong from byte 3 on: expected base64 of A-Z a-z 0-9 + / without padding",
		`base64.decode("AAAA\r\nAAAA")`:        "base64.decode: the text is wrong from byte 4 on",
		`base64.decode("AAAA\r\nAAA!")`:        "base64.decode: the text is wrong from byte 4 on",
		`base64.decode("AAAA=")`:               "base64.decode: the text is wrong from byte 4 on",
		`base64.encode(1)`:                     "base64.encode: for parameter data: got int, want string or bytes",
	})
}

func TestHash(t *testing.T) {
	areValues(t, map[string]string{ // of RFC 6234, RFC 3174, RFC 1321; the CRC of ISO 3309
		`octets.hex(hash.sha256("abc"))`:    `"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`,
		`octets.hex(hash.sha1(b"abc"))`:     `"a9993e364706816aba3e25717850c26c9cd0d89d"`,
		`octets.hex(hash.md5(data=b"abc"))`: `"900150983cd24fb0d6963f7d28e17f72"`,
		`hash.crc32("123456789")`:           `3421780262`,
		`hash("abc")`:                       `96354`, // Starlark's own function goes on
		`type(hash.md5(""))`:                `"bytes"`,
	})
	errorsOf(t, map[string]string{
		`hash.sha256(1)`: "hash.sha256: for parameter data: got int, want string or bytes",
		`hash(1)`:        "hash: got int, want string or bytes",
	})
}

// A script that has these names of its own goes on as before.
func TestModulesMayBeShadowed(t *testing.T) {
	m := open(t, `
json = {"a": 1}
def base64(x):
    return x + 1
def handle(state, event, out):
    hash = base64(json["a"])
    out.note(str(hash))
`)
	if got := answer(t, m, ""); got != `note "2"` {
		t.Error(got)
	}
}

// Big values are refused before they are made, and what is worked through counts
// as steps.
func TestModulesAreBounded(t *testing.T) {
	errorsOf(t, map[string]string{
		`json.encode(["a" * 1000000] * 9)`:                    "json.encode: the text would have over 8388608 bytes",
		`json.encode("\x01" * 2000000)`:                       "json.encode: the text would have over 8388608 bytes",
		`json.encode_indent([0] * 100000, indent=" " * 1000)`: "json.encode_indent: the text would have over 8388608 bytes",
		`json.indent("[0]", prefix="a" * 5000000)`:            "json.indent: the text would have over 8388608 bytes",
		`json.decode("[" * 8000000)`:                          "json.decode: the text is nested over 64 deep",
		`json.decode("[" + "{}," * 140000 + "0]")`:            "json.decode: the text holds over 1048576 values, an object counting as 8",
		`json.decode("1" * 5000)`:                             "json.decode: a number has 5000 digits; at most 4300 are read",
		`base64.encode("a" * 8000000)`:                        "base64.encode: the text would have over 8388608 bytes",
	})
	for name, body := range map[string]string{
		"itself":      "    l = []\n    l.append(l)\n    json.encode(l)",
		"deep":        "    l = 1\n    for _ in range(64):\n        l = [l]\n    json.encode(l)",
		"shared":      "    l = ['a' * 100000]\n    for _ in range(40):\n        l = [l, l]\n    json.encode(l)",
		"many hashes": "    s = 'a' * 8000000\n    while True:\n        hash.crc32(s)",
		"many reads":  "    s = chr(34) + 'a' * 1000000 + chr(34)\n    while True:\n        json.decode(s)",
		"many writes": "    s = 'a' * 4000000\n    while True:\n        json.encode(s)",
	} {
		t.Run(name, func(t *testing.T) {
			got := fails(t, open(t, "def handle(state, event, out):\n"+body), "")
			want := " steps, more than it may"
			switch name {
			case "itself", "deep":
				want = "the value is nested over 64 deep, or holds itself"
			case "shared":
				want = "the text would have over 8388608 bytes"
			}
			// What is made and dropped faster than it is collected is growth.
			if !strings.Contains(got, want) && !(strings.HasPrefix(name, "many") && strings.Contains(got, "over 128 MiB of values")) {
				t.Error(got)
			}
		})
	}
}
