package smtp

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// maxLogin is how many bytes a user and a password may have.
const maxLogin = 8 << 10

// login is what answers a server's challenges for a person.
type login struct {
	Mechanism, User, Password string
	Step                      int // how many challenges were answered
}

// isAnswered reports whether a mechanism's challenges are answered for a person.
func isAnswered(mechanism string) bool {
	return mechanism == "PLAIN" || mechanism == "LOGIN" || mechanism == "CRAM-MD5"
}

// authCommand returns the command AUTH for what a person has said, and how its challenges are
// answered; nil: by the person.
func authCommand(call core.Call) (line string, l *login, err error) {
	mechanism := strings.ToUpper(call.Text("mechanism"))
	line = "AUTH " + mechanism
	switch user := call.Has("user"); {
	case !user: // the person answers
		return line, nil, nil
	case !isAnswered(mechanism) && call.Has("password"):
		return "", nil, fmt.Errorf("AUTH %s is not known here; say AUTH %s alone, or with the first answer in base64, and answer the server's challenges in base64", mechanism, mechanism)
	case !isAnswered(mechanism):
		return line + " " + call.Text("user"), nil, nil
	case !call.Has("password"):
		return "", nil, fmt.Errorf("AUTH %s expects a user and a password, or neither if you answer the server's challenges in base64", mechanism)
	}
	if len(call.Text("user"))+len(call.Text("password")) > maxLogin {
		return "", nil, fmt.Errorf("a user and a password of more than %d bytes do not fit into the answer to a challenge (RFC 4954, section 4)", maxLogin)
	}
	l = &login{Mechanism: mechanism, User: call.Text("user"), Password: call.Text("password")}
	if response, _ := l.response(""); mechanism == "PLAIN" && len(line)+1+len(response)+2 <= maxRequest {
		line += " " + response
		l.Step = 1
	}
	return line, l, nil
}

// response returns the answer to a challenge, in base64. In a recording the password is hidden
// by stars, and so is what was made of it: to replay it, stars make stars.
func (l *login) response(challenge string) (string, error) {
	response, err := l.encoded(challenge)
	if l.Password != "" && strings.Trim(l.Password, "*") == "" {
		response = strings.Repeat("*", len(response))
	}
	return response, err
}

func (l *login) encoded(challenge string) (string, error) {
	switch {
	case l.Mechanism == "PLAIN" && l.Step == 0: // RFC 4616
		return base64.StdEncoding.EncodeToString([]byte("\x00" + l.User + "\x00" + l.Password)), nil
	case l.Mechanism == "LOGIN" && l.Step == 0:
		return base64.StdEncoding.EncodeToString([]byte(l.User)), nil
	case l.Mechanism == "LOGIN" && l.Step == 1:
		return base64.StdEncoding.EncodeToString([]byte(l.Password)), nil
	case l.Mechanism == "CRAM-MD5" && l.Step == 0: // RFC 2195
		said, err := base64.StdEncoding.DecodeString(challenge)
		if err != nil {
			return "", errors.New("the server's challenge is not base64 (RFC 4954, section 4)")
		}
		mac := hmac.New(md5.New, []byte(l.Password))
		mac.Write(said)
		return base64.StdEncoding.EncodeToString([]byte(l.User + " " + hex.EncodeToString(mac.Sum(nil)))), nil
	}
	return "", fmt.Errorf("the server asks for more than AUTH %s has", l.Mechanism)
}

// goOn answers a challenge for the person.
func (m *machine) goOn(r *reply, out *core.Out) {
	l := m.Login
	if l == nil || r.kind != auth {
		return
	}
	if r.Code != "334" || r.cut {
		m.Login = nil
		return
	}
	if m.Phase != responding { // more commands were sent
		return
	}
	challenge := ""
	if len(r.Texts) > 0 {
		challenge = string(r.Texts[0].Text)
	}
	response, err := l.response(challenge)
	if err != nil {
		m.Login = nil
		out.Error(err.Error() + ": AUTH was given up with *")
		response = "*"
	}
	l.Step++
	m.send([]byte(response+"\r\n"), out)
}
