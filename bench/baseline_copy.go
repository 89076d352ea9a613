package main

import (
	"io"
	"net"

	"github.com/gorilla/websocket"
)

const copyBuffer = 64 << 10

// copyGateway is baseline (b): bytes as they are, both ways, one binary
// message for each read. It is the least that a gateway can do.
func copyGateway(ws *websocket.Conn, conn net.Conn) {
	go func() {
		defer ws.Close()
		buf := make([]byte, copyBuffer)
		for {
			n, err := conn.Read(buf)
			if n > 0 && ws.WriteMessage(websocket.BinaryMessage, buf[:n]) != nil {
				return
			}
			if err != nil {
				return
			}
		}
	}()
	// Hides the connection's ReadFrom, which would copy with a smaller buffer
	// of its own.
	server := struct{ io.Writer }{conn}
	buf := make([]byte, copyBuffer)
	for {
		_, message, err := ws.NextReader()
		if err != nil {
			return
		}
		if _, err := io.CopyBuffer(server, message, buf); err != nil {
			return
		}
	}
}
