package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"time"

	"github.com/gorilla/websocket"
)

// baselineCommand is the hidden argument that makes this program a baseline
// gateway instead of the driver: a system in a process of its own, as the
// workbench is.
const baselineCommand = "run-baseline"

// runBaseline serves the named baseline on a free port, prints the address,
// and returns when stdin ends, that is when the driver is gone.
func runBaseline(name string, stdin io.Reader, stdout io.Writer) error {
	var join func(*websocket.Conn, net.Conn)
	var upgrader websocket.Upgrader
	switch name {
	case "version":
		_, err := fmt.Fprintln(stdout, runtime.Version())
		return err
	case "line":
		join = lineGateway
	case "copy":
		join = copyGateway
		upgrader.ReadBufferSize = copyBuffer
	default:
		return fmt.Errorf("no baseline %q", name)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ws, err := upgrader.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer ws.Close()
			if conn := handshake(r.Context(), ws); conn != nil {
				defer conn.Close()
				join(ws, conn)
			}
		}),
	}
	go func() {
		io.Copy(io.Discard, stdin)
		server.Close()
	}()
	if _, err := fmt.Fprintln(stdout, l.Addr()); err != nil {
		return err
	}
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// handshake reads host:port, dials it and answers SUCC or FAIL. It returns nil
// when there is nothing to join.
func handshake(ctx context.Context, ws *websocket.Conn) net.Conn {
	_, target, err := ws.ReadMessage()
	if err != nil {
		return nil
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", string(target))
	if err != nil {
		ws.WriteMessage(websocket.TextMessage, []byte("FAIL:"+err.Error()))
		return nil
	}
	if ws.WriteMessage(websocket.TextMessage, []byte("SUCC")) != nil {
		conn.Close()
		return nil
	}
	return conn
}
