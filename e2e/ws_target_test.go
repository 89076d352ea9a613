//go:build linux

package e2e

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/gorilla/websocket"
)

// pythonWebSockets is a WebSocket server by Python's websockets: an echo that closes as it
// is told, "close CODE REASON", and sends many messages at once, "burst".
const pythonWebSockets = `
import asyncio, sys, websockets

async def serve(ws, path=None):
    path = path or (ws.request.path if hasattr(ws, "request") else ws.path)
    async for m in ws:
        if isinstance(m, str) and m.startswith("close "):
            _, code, reason = m.split(" ", 2)
            await ws.close(int(code), reason)
        elif m == "burst":
            for i in range(500):
                await ws.send(f"m{i}")
            await ws.send("")
            await ws.send(b"\x00\xff")
            await ws.send(["in ", "three ", "frames"])
        elif m == "big":
            await ws.send("x" * (1 << 20))
            await ws.send("x" * ((1 << 20) + 1))
        elif m == "ping":
            await (await ws.ping("hello"))
            await ws.send("pong " + path)
        else:
            await ws.send(m)

async def main():
    async with websockets.serve(serve, "127.0.0.1", int(sys.argv[1]), subprotocols=["chat.v2"], max_size=None, compression="deflate"):
        await asyncio.Future()

asyncio.run(main())
`

// webSocketServer starts pythonWebSockets, and returns its address.
func webSocketServer(t testing.TB) string {
	t.Helper()
	address := freePort(t)
	_, port, _ := net.SplitHostPort(address)
	python := "python3"
	if exec.Command(python, "-c", "import websockets").Run() != nil {
		python = "/usr/bin/python3" // Debian's, which has the library
	}
	p, err := run(exec.Command(python, "-c", pythonWebSockets, port))
	if err != nil {
		t.Fatalf("%v: scripts/deps.sh installs what the tests need", err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		p.wait(patience)
		if t.Failed() {
			t.Logf("the WebSocket server wrote:\n%s%s", p.stdout, p.stderr)
		}
	})
	eventually(t, "a WebSocket server", func() bool { return isListened("tcp", address) })
	return address
}

// recordingOf returns the one recording of a folder, once its session has ended.
func recordingOf(t testing.TB, folder string) (file, text string) {
	t.Helper()
	eventually(t, "the recording", func() bool {
		files, _ := filepath.Glob(filepath.Join(folder, "*.transcript"))
		if len(files) != 1 {
			return false
		}
		data, _ := os.ReadFile(files[0])
		file, text = files[0], string(data)
		return strings.Contains(text, "-- ended: ")
	})
	return file, text
}

// Messages stay whole both ways, and the recording replays. It has the names of headers
// alone, and so has the log, which also leaves the query out.
func TestWebSocketTarget(t *testing.T) {
	t.Parallel()
	address := webSocketServer(t)
	audit := filepath.Join(t.TempDir(), "audit")
	w, folder := keeper(t, "--verbose", "--audit", audit)
	query := "?mode=raw&ws.subprotocol=chat,chat.v2&ws.header=" + url.QueryEscape("Authorization: Bearer hush") + "&ws.header=" + url.QueryEscape("Origin: http://here")
	c := w.join(t, query, "ws://"+address+"/room?token=hush2")
	bytesAre := func(want string) {
		t.Helper()
		if kind, got := c.next(); kind != websocket.BinaryMessage || string(got) != want {
			t.Fatalf("got %.80q (kind %d); want %.80q", got, kind, want)
		}
	}
	c.say("grüezi")
	bytesAre("grüezi")
	c.send(websocket.BinaryMessage, []byte("\x00\xff"))
	bytesAre("\x00\xff")
	c.say("ping")
	bytesAre("pong /room?token=hush2")
	c.say("burst")
	for i := range 500 {
		bytesAre(fmt.Sprintf("m%d", i))
	}
	bytesAre("")
	bytesAre("\x00\xff")
	bytesAre("in three frames")
	c.say("close 4001 that was all\x1b[31m")
	c.closes(websocket.CloseNormalClosure, "the server closed the connection")

	file, text := recordingOf(t, folder)
	for _, want := range []string{
		"\nserver messages\n", "websocket, subprotocol chat.v2 of chat, chat.v2; headers Authorization; Origin: http://here\n",
		`>> server "m499"`, `>> server ""`, `>> server "in three frames"`, `-- the server closed the WebSocket with 4001: that was all\x1b[31m`, ">> server eof\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the recording has no %q", want)
		}
	}
	if strings.Count(text, ">> server ") != 507 {
		t.Errorf("the recording has %d events of the server", strings.Count(text, ">> server "))
	}
	audited, err := os.ReadFile(audit)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.ReplaceAll(text, "token=hush2", ""), "hush") || strings.Contains(w.stderr.String()+string(audited), "hush") {
		t.Error("the recording has a header's value, or the log has it or the query")
	}
	if out, err := exec.Command(workbenchBinary, "replay", "--recut", "20", file).CombinedOutput(); err != nil {
		t.Errorf("replay: %v\n%s", err, out)
	}
}

// How a WebSocket ends, and what one event can hold.
func TestWebSocketTargetEnds(t *testing.T) {
	t.Parallel()
	address := webSocketServer(t)
	for _, one := range []struct {
		say  string
		code int
		want string
	}{
		{"close 1000 bye", websocket.CloseNormalClosure, "the server closed the connection"},
		{"close 1011 boom", websocket.CloseInternalServerErr, "the server closed the WebSocket with 1011 (internal error): boom"},
	} {
		c := shared.join(t, "?mode=raw&ws.subprotocol=chat.v2", "ws://"+address)
		c.say(one.say)
		c.closes(one.code, one.want)
	}
	c := shared.join(t, "?mode=raw&ws.subprotocol=chat.v2", "ws://"+address)
	c.say("big")
	c.hearsBytes(strings.Repeat("x", 1<<20))
	c.closes(websocket.CloseInternalServerErr, "the server sent a message of more than 1 MiB")

	closed := make(chan error, 1)
	mine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		for {
			kind, data, err := ws.ReadMessage()
			if err != nil {
				closed <- err
				return
			}
			ws.WriteMessage(kind, fmt.Appendf(nil, "%d %s", kind, data))
		}
	}))
	defer mine.Close()
	to := "ws://" + mine.Listener.Addr().String()
	for send, want := range map[string]string{"auto": "1 a", "text": "1 a", "binary": "2 a"} {
		c := shared.join(t, "?mode=raw&ws.send="+send, to)
		c.send(websocket.BinaryMessage, []byte("a"))
		c.hearsBytes(want)
		c.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
		if err := <-closed; !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("the server saw %v", err)
		}
	}
}

// A workbench can be the target of another one.
func TestWorkbenchAsTarget(t *testing.T) {
	t.Parallel()
	other := start(t)
	c := shared.join(t, "?mode=raw&ws.subprotocol=workbench.v1", "ws://"+other.address+"/websocket/ws?mode=http-line")
	c.say(other.echo)
	c.hearsBytes("SUCC")
	if _, hello := c.next(); !strings.Contains(string(hello), `"kind":"hello"`) {
		t.Fatalf("got %q", hello)
	}
	c.say(`{"text":"hello there"}`)
	var all []byte
	for !bytes.Contains(all, []byte(`server`)) || !bytes.Contains(all, []byte(`hello there`)) {
		_, more := c.next()
		all = append(all, more...)
	}
	own := shared.open(t, "")
	own.say("ws://" + shared.address + "/websocket/ws")
	own.refused("may not be dialled: denied by the workbench: it is its own address")
}

// wss:// is verified as every other server is, also through proxies.
func TestSecureWebSocketTarget(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		kind, data, _ := ws.ReadMessage()
		ws.WriteMessage(kind, data)
		ws.ReadMessage()
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{*issuedBy(t, authority.Certificate, "box.example", nil)}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	address := server.Listener.Addr().String()

	c := shared.open(t, "?mode=raw")
	c.say("wss://" + address)
	c.refused("the certificate is not for 127.0.0.1, but for box.example", "tls.name=box.example")
	socks, connect := microsocks(t, "", ""), tinyproxy(t, address, "")
	for _, via := range []string{"", "&via=socks5://" + socks, "&via=http://" + connect} {
		c := shared.join(t, "?mode=raw&tls.name=box.example"+via, "wss://"+address+"/x", "workbench.v1")
		if _, hello := c.next(); !strings.Contains(string(hello), `"verified":"system"`) || !strings.Contains(string(hello), `"subprotocol":""`) {
			t.Errorf("%s: the hello is %s", via, hello)
		}
		c.say(`{"text":"over TLS"}`)
		var all []byte
		for !bytes.Contains(all, []byte(`over TLS`)) || !bytes.Contains(all, []byte(`"server"`)) {
			_, more := c.next()
			all = append(all, more...)
		}
		c.vanish()
	}
	c = shared.open(t, "?mode=raw")
	c.say("ws://" + address)
	c.refused("answered 400 Bad Request")
	plain := shared.open(t, "?mode=raw")
	plain.say("wss://" + shared.echo)
	plain.refused("does not speak TLS: leave the s of wss:// out")
}

// What is no WebSocket server, and choices that cannot be made, are refused in words and
// by codes.
func TestWebSocketTargetsThatAreRefused(t *testing.T) {
	t.Parallel()
	address := webSocketServer(t)
	pages := httptest.NewServer(http.NotFoundHandler())
	defer pages.Close()
	at := "ws://" + pages.Listener.Addr().String()
	for _, one := range []struct{ query, target, code, words string }{
		{"", at + "/chat", "ws-refused", "answered 404 Not Found: there is no WebSocket at this path"},
		{"", "ws://" + address + "/#x", "target", "no fragment"},
		{"", "ws://me:hush@" + address, "target", "no user and no password"},
		{"", "ws://127.0.0.1:1/", "refused", "nothing listens there"},
		{"&ws.header=hush", "ws://" + address, "ws-parameter", "ws.header is a name, a colon and a value"},
		{"&ws.header=" + url.QueryEscape("X: a\r\nY: b"), "ws://" + address, "ws-parameter", "line end"},
		{"&ws.header=Host:x", "ws://" + address, "ws-parameter", "ws.header Host is the handshake's own"},
		{"&ws.send=utf8", "ws://" + address, "ws-parameter", "auto, text or binary"},
		{"&ws.send=text&ws.send=auto", "ws://" + address, "address", "more than once"},
		{"&ws.what=x", "ws://" + address, "ws-parameter", "ws.what is not a choice"},
		{"&ws.send=text", shared.echo, "ws-parameter", "is not a WebSocket server: write ws:// or wss:// before it"},
		{"&starttls=on", "ws://" + address, "address", "starttls=on is for streams"},
		{"&tls.verify=none", "ws://" + address, "tls-parameter", "write wss:// before it"},
	} {
		c := shared.open(t, "?mode=raw"+one.query, "workbench.v1")
		c.say(one.target)
		_, words := c.next()
		if _, object := c.next(); !strings.Contains(string(object), `"code":"`+one.code+`"`) || !strings.Contains(string(words), one.words) || strings.Contains(string(words), "hush") {
			t.Errorf("%s %s: %s, %s; want %s and %q", one.query, one.target, object, words, one.code, one.words)
		}
	}
	for _, args := range [][]string{
		{"tap", "--listen", "127.0.0.1:0", "--to", "ws://" + address},
		{"play", "client", filepath.Join("..", "testdata", "raw", "bytes-0-255.golden"), "--to", "wss://" + address},
	} {
		out, err := exec.Command(workbenchBinary, args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "a WebSocket carries messages") {
			t.Errorf("%s: %v\n%s", args[0], err, out)
		}
	}
}

// On the page a WebSocket's address stands in Host, TLS is its s, and what the handshake
// has beside it is in a menu. Headers are not kept.
func TestPageWebSocketTarget(t *testing.T) {
	t.Parallel()
	address := webSocketServer(t)
	p := visit(t, browser(t), "http://"+shared.address)
	p.paste("#host", "wss://"+address+"/room")
	p.wait("TLS switched on", `document.querySelector("#tls").checked && document.querySelector("#notice")`)
	p.click("#tls")
	p.wait("an address without", fmt.Sprintf(`document.querySelector("#host").value === "ws://%s/room"`, address))
	p.click("#ws-menu")
	p.wait("the menu", `document.querySelector("#ws-header")`)
	p.axeOnce("the menu for WebSocket")
	p.fill("#ws-subprotocol", "chat.v2")
	p.fill("#ws-header", "Host: x")
	p.click("#connect-button")
	p.status("Could not connect")
	p.wait("why", `document.querySelector("#status").textContent.includes("ws.header Host is the handshake's own")`)
	p.click("#ws-menu")
	p.wait("the menu", `document.querySelector("#ws-header")`)
	p.fill("#ws-header", "Authorization: Bearer hush")
	p.choose("#mode", "raw")
	p.click("#connect-button")
	p.status("Connected")
	p.wait("the subprotocol", `document.querySelector("#subprotocol")?.textContent === "chat.v2"`)
	p.wait("the remark", `/websocket, subprotocol chat.v2; headers Authorization/.test(document.querySelector("#console").textContent.replace(" of chat.v2", ""))`)
	p.fill("#command", "ping")
	p.press(kb.Enter)
	p.wait("the answer", `document.querySelector("#console").textContent.includes("pong /room")`)
	p.wait("that the target is kept, and the header is not", `(() => {
		const kept = JSON.stringify([{...localStorage}, {...sessionStorage}]);
		return kept.includes("chat.v2") && !kept.includes("hush");
	})()`)
}
