package main

import (
	"bufio"
	"net"
	"strings"

	"github.com/gorilla/websocket"
)

// lineGateway is baseline (a): the shortest sound way to put lines on a
// WebSocket, all in one process. A line is read, a message is written; a
// message is read, it and a CR LF are written.
func lineGateway(ws *websocket.Conn, conn net.Conn) {
	go func() {
		defer ws.Close()
		r := bufio.NewReader(conn)
		for {
			line, err := r.ReadString('\n')
			if line != "" {
				line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
				if ws.WriteMessage(websocket.TextMessage, []byte(line)) != nil {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	for {
		_, message, err := ws.ReadMessage()
		if err != nil {
			return
		}
		if _, err := conn.Write(message); err != nil {
			return
		}
		if _, err := conn.Write([]byte("\r\n")); err != nil {
			return
		}
	}
}
