package lesson

import (
	"strings"
	"testing"
)

const decoded = `>> client text "HEAD"
<< server "HEAD / HTTP/1.0\r\n\r\n"
<< message to-server 0-19 "HEAD /"
  http.method 0-4 "HEAD"
  http.target 5-6 "/"
>> server "HTTP/1.0 404 No\n"
<< message from-server 0-16 answers to-server 0 "404"
  http.line 0-16 ""
    http.status 9-12 "404"
    http.end 15-16 "\n" ! "RFC 9112, section 2.2: the line ends in LF alone"
>> client text "GET"
<< server "GET / HTTP/1.0\r\n\r\n"
<< message to-server 19-37 "GET /"
  http.method 19-22 "GET"
  http.target 23-24 "/"
>> server eof`

// A condition on a field looks at what the line mode has recognised, and says what the
// field was instead.
func TestFieldConditions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		conditions, log string
		code            Code
		entry           int
		why             string // a part of it
	}{
		{"http.method = HEAD", decoded, "", 3, ""},
		{"http.method = GET", decoded, "", 8, ""},
		{"http.method = POST", decoded, CodeField, 0, `http.method is "HEAD", "GET"`},
		{"http.method = head", decoded, CodeField, 0, `http.method is`},
		{"http.method ~ ^H", decoded, "", 3, ""},
		{"http.method ~ ^(?i)post$", decoded, CodeField, 0, "http.method is"},
		{"http.status ~ ^2..$", decoded, CodeField, 0, `http.status is "404"`},
		{"http.verb = HEAD", decoded, CodeField, 0, "no message has a field http.verb"},
		{"http.method = HEAD", walk, CodeField, 0, "no message was recognised"},
		{"client http.method = HEAD", decoded, "", 3, ""},
		{"server http.method = HEAD", decoded, CodeField, 0, "no message has"},
		{"server http.status = 404", decoded, "", 5, ""},
		{"http.end wrong", decoded, "", 5, ""},
		{"http.status wrong", decoded, CodeField, 0, `nothing is wrong with http.status, which is "404"`},
		{"http.method = HEAD\nhttp.target = /", decoded, "", 3, ""},
		{"http.target = /\nhttp.method = HEAD", decoded, CodeField, 3, `http.method is "GET"`},
		{"http.method = HEAD\nhttp.method = HEAD", decoded, CodeField, 3, `http.method is "GET"`},
		{"http.method = GET\nhttp.status = 404", decoded, CodeField, 8, "no message has"},
		{"server sent 404\nhttp.method = HEAD", decoded, CodeField, 4, ""},
		{"http.status = 404\nclient sent ^GET", decoded, "", 7, ""},
		{"http.status = 404\nclient sent ^HEAD", decoded, CodeMissing, 5, ""},
		{"http.status = 404\nentry ^<< message to-server 0", decoded, CodeMissing, 5, ""},
		{"not http.method = POST", decoded, "", 0, ""},
		{"not http.method = GET", decoded, CodeUnwanted, 8, ""},
		{"any order\n    http.method = GET\n    http.status = 404", decoded, "", 5, ""},
	} {
		l := lessonOf(t, "check 1 it holds\n  "+strings.ReplaceAll(c.conditions, "\n", "\n  "), nil)
		got := l.Judge(attempt(parsed(t, c.log))).Steps[0].Checks[0]
		entry := 0
		if got.Shown != nil {
			entry = got.Shown.Entry
		}
		if got.Holds != (c.code == "") || got.Code != c.code || entry != c.entry || !strings.Contains(got.Why, c.why) {
			t.Errorf("%q: got %+v, entry %d; want code %q, entry %d, why %q", c.conditions, got, entry, c.code, c.entry, c.why)
		}
		if strings.Contains(got.Why, "POST") && c.code == CodeField {
			t.Errorf("%q: %s quotes what is asked for", c.conditions, got.Why)
		}
	}
}

// The words of other conditions stay what they are.
func TestFieldNames(t *testing.T) {
	t.Parallel()
	log := parsed(t, waiting)
	l := lessonOf(t, "check 1 it holds\n  not mode = raw\n  not target ~ x", nil)
	if got := l.Judge(attempt(log)).Steps[0].Checks[0]; !got.Holds {
		t.Errorf("%+v", got)
	}
	for condition, want := range map[string]string{
		"http.status ~ (":    "expected a regexp",
		"http.status ~":      "expected a regexp",
		"http.status is 200": "FIELD = VALUE",
		"9 = 9":              "FIELD = VALUE",
		"client x 200":       "FIELD = VALUE",
	} {
		s := sourceOf(t, "# T\n## S\n```lesson\ncheck 1 a\n  client closed\n```\n", nil)
		s.files[textFile] = []byte("# T\n## S\n```lesson\ncheck 1 a\n  " + condition + "\n```\n")
		if _, err := s.For("anna"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", condition, err, want)
		}
	}
}
