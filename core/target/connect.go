package target

import (
	"bytes"
	"encoding/base64"
	"io"
	"net"
	"strconv"
	"strings"
)

// maxConnectHead bounds a proxy's answer to CONNECT, in bytes.
const maxConnectHead = 16 << 10

// connectHTTP has an HTTP proxy connect to an address (RFC 9110, 9.3.6).
func connectHTTP(c net.Conn, p Proxy, to string) error {
	head := "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n"
	if p.user != "" {
		head += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(p.user+":"+p.password)) + "\r\n"
	}
	if _, err := io.WriteString(c, head+"\r\n"); err != nil {
		return err
	}
	answer, err := readHead(c)
	if err != nil {
		return err
	}
	who := short(p.String())
	line, _, _ := strings.Cut(string(answer), "\n")
	line = strings.TrimSpace(line)
	version, status, _ := strings.Cut(line, " ")
	code, err := strconv.Atoi(status[:min(3, len(status))])
	if !strings.HasPrefix(version, "HTTP/1.") || err != nil {
		return fail(nil, "%s does not speak HTTP", who).as(CodeProxyFailed)
	}
	switch {
	case code >= 200 && code < 300: // no body follows
		return nil
	case (code == 407 || code == 401) && p.user == "":
		return fail(nil, "the proxy %s wants a user and a password: write %s://user:password@…", who, p.scheme).as(CodeProxyAuth)
	case code == 407, code == 401: // tinyproxy says 401 to a wrong password
		return fail(nil, "the proxy %s refused the user or the password", who).as(CodeProxyAuth)
	case code == 403:
		return fail(nil, "the proxy %s does not allow the connection: %s", who, short(to)).as(CodeProxyDenied)
	}
	return fail(nil, "the proxy %s did not connect to %s: %s", who, short(to), short(status)).as(CodeProxyFailed)
}

// readHead reads a head and nothing after it, which is the target's: byte by byte,
// since there is no putting back.
func readHead(c net.Conn) (head []byte, err error) {
	one := make([]byte, 1)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) && !bytes.HasSuffix(head, []byte("\n\n")) {
		if len(head) == maxConnectHead {
			return nil, fail(nil, "the proxy's answer has more than %d bytes before its empty line", maxConnectHead).as(CodeProxyFailed)
		}
		if _, err := io.ReadFull(c, one); err != nil {
			return nil, err
		}
		head = append(head, one[0])
		if len(head) == 5 && string(head) != "HTTP/" {
			break // whatever it is, it has no head
		}
	}
	return head, nil
}
