package convert

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// rawText is how an import into raw makes transcripts.
var rawText = Text{Name: "test1234", Mode: "raw", Opening: []core.Action{{Kind: core.PassThrough, Side: core.Client}, {Kind: core.PassThrough, Side: core.Server}}}

// entriesOf returns what stands below the opening actions, one transcript after the other.
func entriesOf(t *testing.T, made []*transcript.Transcript) string {
	t.Helper()
	var all []string
	for _, one := range made {
		text := string(one.Append(nil))
		if _, err := transcript.Parse("made", []byte(text)); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
		_, below, _ := strings.Cut(text, "<< pass-through server\n")
		all = append(all, below)
	}
	return strings.Join(all, "===\n")
}

func curlCase(server, reply, verify string) string {
	return "<testcase>\n<info>\n<keywords>\nours\n</keywords>\n</info>\n<reply>\n" + reply + "</reply>\n<client>\n<server>\n" + server +
		"\n</server>\n<command>\n%HOSTIP:%HTTPPORT\n</command>\n</client>\n<verify>\n" + verify + "</verify>\n</testcase>\n"
}

func TestCurlTests(t *testing.T) {
	for name, tt := range map[string]struct {
		text, want string
		warnings   []string
	}{
		"http: variables, rules, a redirect on the same connection": {
			curlCase("http", `<data crlf="headers">
HTTP/1.1 301 go on
Location: /%TESTNUMBER0002
Content-Length: 3

no
</data>
<data2 crlf="yes" nonewline="yes">
HTTP/1.1 200 OK
Connection: close

%hex[%00%ff]hex% %b64[ab]b64% %repeat[2 x a%20]% 100% %20
</data2>
`, `<strip>
^Accept:.*
^Cookie:.*
</strip>
<protocol crlf="headers">
GET /%TESTNUMBER HTTP/1.1
Host: %HOSTIP:%HTTPPORT
User-Agent: curl/%VERSION
Accept: */*

GET /%TESTNUMBER0002 HTTP/1.1
Accept: a

</protocol>
`),
			curlRedirect, []string{"line 33: <strip> leaves out lines that curl sends, and <protocol> has none of them: play it to curl without these"}},
		"http: a body, and a server that closes": {
			curlCase("http", "<data>\nHTTP/1.0 200 OK swsclose\n\nx\n</data>\n", "<protocol crlf=\"headers\" nonewline=\"yes\">\nPOST /1234 HTTP/1.1\nContent-Length: 4\n\nab\nc\n</protocol>\n"),
			`>> client binary "POST /1234 HTTP/1.1\r\n"
                 "Content-Length: 4\r\n"
                 "\r\n"
                 "ab\n"
                 "c"
>> server "HTTP/1.0 200 OK swsclose\n"
          "\n"
          "x\n"
>> server eof
`, nil},
		"http: two connections": {
			curlCase("http", "<data>\nHTTP/1.0 200 OK\n\n</data>\n<data1>\nHTTP/1.1 204 none\r\n\r\n</data1>\n", "<protocol crlf=\"yes\">\nGET /1234 HTTP/1.1\n\nGET /12340001 HTTP/1.1\n\n[DISCONNECT]\n</protocol>\n"),
			`>> client binary "GET /1234 HTTP/1.1\r\n"
                 "\r\n"
>> server "HTTP/1.0 200 OK\n"
          "\n"
>> client eof
===
>> client binary "GET /12340001 HTTP/1.1\r\n"
                 "\r\n"
>> server "HTTP/1.1 204 none\r\n"
          "\r\n"
>> client eof
`, nil},
		"ftp": {
			curlCase("ftp", "<data>\nhello\n</data>\n<servercmd>\nREPLY PWD 257 \\\"/home\\\"\n</servercmd>\n", "<protocol>\nUSER me\nPWD\nEPSV\nSIZE f\nMDTM f\nRETR f\nQUIT\n</protocol>\n"),
			`>> server "220 ready\r\n"
>> client binary "USER me\r\n"
>> server "331 a password, please\r\n"
>> client binary "PWD\r\n"
>> server "257 \"/home\"\r\n"
>> client binary "EPSV\r\n"
>> server "229 entering extended passive mode (|||65000|)\r\n"
>> client binary "SIZE f\r\n"
>> server "213 6\r\n"
>> client binary "MDTM f\r\n"
>> server "500 unknown\r\n"
>> client binary "RETR f\r\n"
>> server "150 here it comes\r\n"
          "226 done\r\n"
>> client binary "QUIT\r\n"
>> server "221 bye\r\n"
>> server eof
`, []string{"the data connection (EPSV) was left out: a transcript has the control connection"}},
		"smtp": {
			curlCase("smtp", "<servercmd>\nCAPA SIZE \"A B\"\nAUTH PLAIN\nREPLY welcome 220-x\\r\\n220 y\nREPLY AUTH 235 in\n</servercmd>\n",
				"<protocol>\nEHLO %TESTNUMBER\r\nAUTH PLAIN AAAA\r\nDATA\r\nQUIT\r\n</protocol>\n<upload>\nFrom: a\n\nb\n.\n</upload>\n"),
			`>> server "220-x\r\n"
          "220 y\r\n"
>> client binary "EHLO 1234\r\n"
>> server "250-hello\r\n"
          "250-SIZE\r\n"
          "250-A B\r\n"
          "250 AUTH PLAIN\r\n"
>> client binary "AUTH PLAIN AAAA\r\n"
>> server "235 in\r\n"
>> client binary "DATA\r\n"
>> server "354 go on\r\n"
>> client binary "From: a\r\n"
                 "\r\n"
                 "b\r\n"
                 ".\r\n"
>> server "250 done\r\n"
>> client binary "QUIT\r\n"
>> server "221 bye\r\n"
>> server eof
`, nil},
		"imap": {
			curlCase("imap", "<data>\nhi\r\n</data>\n<servercmd>\nREPLY STATUS OK so\n</servercmd>\n", "<protocol>\nA001 CAPABILITY\nA002 FETCH 3 BODY[]\nA003 STATUS x\nA004 X\nA005 LOGOUT\n</protocol>\n"),
			`>> server "* OK ready\r\n"
>> client binary "A001 CAPABILITY\r\n"
>> server "* CAPABILITY IMAP4rev1\r\n"
          "A001 OK done\r\n"
>> client binary "A002 FETCH 3 BODY[]\r\n"
>> server "* 3 FETCH (BODY[] {4}\r\n"
          "hi\r\n"
          ")\r\n"
          "A002 OK done\r\n"
>> client binary "A003 STATUS x\r\n"
>> server "A003 OK so\r\n"
>> client binary "A004 X\r\n"
>> server "A004 BAD unknown\r\n"
>> client binary "A005 LOGOUT\r\n"
>> server "* BYE\r\n"
          "A005 OK done\r\n"
>> server eof
`, nil},
		"pop3": {
			curlCase("pop3", "<data nonewline=\"yes\">\nmail\n</data>\n", "<protocol>\nCAPA\nRETR 1\n[DISCONNECT]\n</protocol>\n"),
			`>> server "+OK ready\r\n"
>> client binary "CAPA\r\n"
>> server "-ERR unknown\r\n"
>> client binary "RETR 1\r\n"
>> server "+OK\r\n"
          "mail\r\n"
          ".\r\n"
>> client eof
`, nil},
	} {
		made, warnings, err := ParseCurlTest(rawText, []byte(tt.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(tt.want, entriesOf(t, made)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if d := cmp.Diff(tt.warnings, warnings); d != "" {
			t.Errorf("%s: warnings (-want +got):\n%s", name, d)
		}
	}
}

const curlRedirect = `~~ match "Host: 127\\.0\\.0\\.1:[0-9]+\\r\\n"
~~ match "User-Agent: curl/[^ \\r\\n]*\\r\\n"
~~ match "Accept:[^\\r\\n]*\\r\\n"
>> client binary "GET /1234 HTTP/1.1\r\n"
                 "Host: 127.0.0.1:80\r\n"
                 "User-Agent: curl/8.0.0\r\n"
                 "Accept: */*\r\n"
                 "\r\n"
>> server "HTTP/1.1 301 go on\r\n"
          "Location: /12340002\r\n"
          "Content-Length: 3\r\n"
          "\r\n"
          "no\n"
~~ match "Accept:[^\\r\\n]*\\r\\n"
>> client binary "GET /12340002 HTTP/1.1\r\n"
                 "Accept: a\r\n"
                 "\r\n"
>> server "HTTP/1.1 200 OK\r\n"
          "Connection: close\r\n"
          "\r\n"
          "\x00\xff YWI= a a  100% %20"
>> client eof
`

// What does not fit is refused by its name and line.
func TestCurlTestsThatDoNotFit(t *testing.T) {
	const get = "<protocol>\nGET /1234 HTTP/1.1\n\n</protocol>\n"
	for text, want := range map[string]string{
		"":                             "test1234:1: expected <testcase>",
		"hello\n":                      "test1234:1: expected <testcase>",
		"<testcase>\n<reply>\n":        "test1234:2: expected </reply> below",
		curlCase("rtsp", "", get):      `expected a test of one server, ftp, http, imap, pop3, smtp; found "rtsp"`,
		curlCase("http\nftp", "", get): `found "http ftp"`,
		curlCase("http", "", ""):       "expected <protocol> in <verify>",
		curlCase("http", "", get):      "expected <data> in <reply>, which answers GET /1234 HTTP/1.1",
		curlCase("http", "", "<protocol>\nCONNECT a:1 HTTP/1.1\n\n</protocol>\n"):                   "expected no CONNECT",
		curlCase("http", "<servercmd>\nrtp: 1\n</servercmd>\n", get):                                "test1234:9: the test has the server do rtp:",
		curlCase("http", "<data>\n%LOGDIR\n</data>\n", get):                                         "test1234:9: the test case needs %LOGDIR",
		curlCase("http", "<data>\n%SOCKSPORT\n</data>\n", get):                                      "needs %SOCKSPORT",
		curlCase("http", "<data>\nswsbounce\n</data>\n", get):                                       "swsbounce",
		curlCase("http", "<data loadfile=\"x\">\nx\n</data>\n", get):                                "loadfile",
		curlCase("http", "<data>\n%if http\nx\n</data>\n", get):                                     "depends on a feature of curl's (%if http)",
		curlCase("http", "<data>\n%date[x]date%\n</data>\n", get):                                   "uses %date[…]",
		curlCase("http", "<data>\n%repeat[99999999 x aa]%\n</data>\n", get):                         "expected %repeat[N x TEXT]% of at most 2 MiB",
		curlCase("http", "<data hex=\"yes\">\nxy\n</data>\n", get):                                  "expected hexadecimal digits",
		curlCase("http", "<data>\nx\n</data>\n<data>\ny\n</data>\n", get):                           "expected one <data> in <reply>",
		curlCase("smtp", "", "<protocol>\nDATA\n</protocol>\n"):                                     "expected <upload> in <verify>: without it nothing says what curl sends after DATA",
		curlCase("pop3", "", "<protocol>\nQUIT\nUSER a\n</protocol>\n"):                             "expected nothing after QUIT",
		curlCase("ftp", "<servercmd>\nSLOWDOWN\n</servercmd>\n", "<protocol>\nQUIT\n</protocol>\n"): "has the server do SLOWDOWN",
	} {
		_, _, err := ParseCurlTest(rawText, []byte(text))
		var syntax *transcript.SyntaxError
		if err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &syntax) {
			t.Errorf("%v; want %s, of\n%s", err, want, text)
		}
	}
}

// Whatever a test case says, it is refused or becomes transcripts that parse, within bounds.
func FuzzCurlTest(f *testing.F) {
	f.Add([]byte(curlCase("http", "<data crlf=\"yes\">\nHTTP/1.1 200 OK\nContent-Length: 1\n\nx%repeat[3 x %0a]%\n</data>\n", "<strip>\n^User.*\n</strip>\n<protocol crlf=\"yes\">\nGET /%TESTNUMBER HTTP/1.1\nUser-Agent: %VERSION\n\n</protocol>\n")))
	f.Add([]byte(curlCase("imap", "<data>\nx\n</data>\n<servercmd>\nCAPA \"A B\" C\nREPLY A x\n</servercmd>\n", "<protocol>\nA FETCH 1 BODY[]\nB APPEND x {3}\n[DISCONNECT]\n</protocol>\n<upload base64=\"yes\">\neHg=\n</upload>\n")))
	f.Add([]byte(curlCase("ftp", "<size>\n-1\n</size>\n", "<protocol>\nSIZE x\nEPSV\nQUIT\n</protocol>\n")))
	f.Fuzz(func(t *testing.T, data []byte) {
		made, _, err := ParseCurlTest(rawText, data)
		var syntax *transcript.SyntaxError
		if err != nil && !errors.As(err, &syntax) {
			t.Fatalf("%#v", err)
		}
		size := 0
		for _, one := range made {
			text := one.Append(nil)
			if size += len(text); size > 64<<20 {
				t.Fatalf("%d bytes of %d", size, len(data))
			}
			if _, err := transcript.Parse("made", text); err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
		}
	})
}
