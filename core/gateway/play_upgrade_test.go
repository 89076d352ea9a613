package gateway

import (
	"strings"
	"testing"
)

const smtpTLS = `-- recorded now
>> server "220 hi\r\n"
<< server "STARTTLS\r\n"
>> server "220 go\r\n"
>> client start-tls
>> server tls "tls 1.3, as recorded"
<< server "QUIT\r\n"
>> server "221 bye\r\n"
>> server eof
`

// A recording with STARTTLS upgrades on both sides: as the server with a certificate whose
// fingerprint is told, as the client as the choices say.
func TestARecordingIsPlayedWithItsUpgrade(t *testing.T) {
	p := newPlayed(t)
	id := p.put(smtpTLS)
	server := p.play(id+"/play/server", `{"fast":true}`)
	listening := server.next("listening")
	if len(listening.Fingerprint) != 64 {
		t.Fatalf("%+v", listening)
	}

	s := p.play(id+"/play/client", `{"to":"`+listening.Address+`"}`)
	if e := s.next("dialling"); !e.Upgrades || e.Steps != 8 {
		t.Errorf("%+v", e)
	}
	s.next("connected")
	for range 3 {
		s.next("step")
	}
	if e := s.next("mismatch"); e.At != 6 || e.Want != `server tls "tls 1.3, as recorded"` || !strings.HasPrefix(e.Got, `server failed "the certificate of 127.0.0.1 is self-signed`) || !strings.Contains(e.Diff, "\n- >> server tls") {
		t.Errorf("%+v", e)
	}
	if e := s.next("ended"); e.Result != "different" || e.Code != "tls-self-signed" || e.Certificate == nil || e.Certificate.Fingerprint != listening.Fingerprint {
		t.Errorf("%+v", e)
	}

	s = p.play(id+"/play/client", `{"to":"`+listening.Address+`","tls":{"verify":"sha256:`+listening.Fingerprint+`"}}`)
	s.next("dialling")
	s.next("connected")
	for _, want := range []string{"220 hi", "STARTTLS", "220 go"} {
		if e := s.next("step"); !strings.Contains(string(e.Entry), want) {
			t.Errorf("%s; want %s", e.Entry, want)
		}
	}
	if e := s.next("step"); e.At != 6 || !strings.Contains(string(e.Entry), `"kind":"tls"`) || !strings.Contains(string(e.Entry), "tls 1.3, as recorded") {
		t.Errorf("%s", e.Entry)
	}
	if e := s.next("secured"); !strings.Contains(e.TLS, "verified by its fingerprint") || e.Early != 0 {
		t.Errorf("%+v", e)
	}
	for _, want := range []string{"QUIT", "221 bye", `"kind":"eof"`, `"kind":"eof"`} {
		if e := s.next("step"); !strings.Contains(string(e.Entry), want) {
			t.Errorf("%s; want %s", e.Entry, want)
		}
	}
	if e := s.next("ended"); e.Result != "same" || e.Answers != 3 || e.Steps != 8 {
		t.Errorf("%+v", e)
	}
	upgraded := <-p.audited
	for !strings.Contains(upgraded, `"msg":"upgrade"`) {
		upgraded = <-p.audited
	}
	if !strings.Contains(upgraded, `"play":"`+id+`"`) {
		t.Errorf("the record: %s", upgraded)
	}

	for _, body := range []string{`{"to":"tls://` + listening.Address + `"}`, `{"to":"` + listening.Address + `","tls":{"verify":"no"}}`} {
		if response, words := p.ask("POST", "/api/transcripts/"+id+"/play/client", strings.NewReader(body)); response.StatusCode != 400 {
			t.Errorf("%s: %d %s", body, response.StatusCode, words)
		}
	}
	if n := len(p.g.plays); n > 2 { // the server's, and perhaps one that is about to end
		t.Errorf("what was refused still has %d turns", n)
	}
}
