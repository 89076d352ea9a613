//go:build linux

package e2e

import (
	"io"
	"net"
	"testing"
)

// pupilsServer solves the lesson on writing servers: an echo, or lines, by its first
// argument; the second is the name that it answers to who.
const pupilsServer = `
import socket, sys

def echo(client):
    while data := client.recv(1000):
        client.sendall(data)

def lines(client):
    held = b""
    while data := client.recv(1000):
        held += data
        while b"\r\n" in held:
            line, held = held.split(b"\r\n", 1)
            if line == b"quit":
                return client.sendall(b"bye\r\n")
            answer = b"%d %s" % (len(line), line)
            if line == b"who":
                answer = b"I am " + sys.argv[2].encode()
            client.sendall(answer + b"\r\n")

server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    client, _ = server.accept()
    with client:
        {"echo": echo, "lines": lines}[sys.argv[1]](client)
`

// pupilsMode speaks the frames of the practice server, and the pupil's own protocol to
// port 2002: a letter, a byte of length, so many bytes.
const pupilsMode = `manifest = {"name": "WORD", "title": "The pupil's own", "boundaries": True}

def open(options, target, out):
    return {"held": b"", "own": target.endswith(":2002")}

def handle(state, event, out):
    if event.name == "client text":
        word, _, text = event.text.partition(" ")
        payload = bytes(text)
        if state["own"]:
            out.server(word[0], bytes([len(payload)]), payload)
        else:
            kind = {"echo": 1, "reverse": 2, "bye": 4}[word]
            out.server(octets.from_int(1 + len(payload), 2), bytes([kind]), payload)
    elif event.name == "server":
        held = state["held"] + event.data
        for _ in range(len(held)):
            if len(held) < 2:
                break
            end = 2 + octets.to_int(held[1:2] if state["own"] else held[:2])
            if len(held) < end:
                break
            out.text(held[2 if state["own"] else 3:end])
            held = held[end:]
        state["held"] = held
`

// serveOwn is the pupil's server for pupilsMode.
func serveOwn(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:2002")
	if err != nil {
		t.Fatal(err)
	}
	answer := pupils(t, "student.word answer")
	serveOn(t, listener, func(conn net.Conn) {
		head := make([]byte, 2)
		for {
			if _, err := io.ReadFull(conn, head); err != nil {
				return
			}
			io.CopyN(io.Discard, conn, int64(head[1]))
			if head[0] == 'b' {
				io.WriteString(conn, "r\x03bye")
				return
			}
			io.WriteString(conn, "r"+string(rune(len(answer)))+answer)
		}
	})
}
