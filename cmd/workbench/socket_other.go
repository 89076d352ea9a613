//go:build !unix

package main

import (
	"errors"
	"net"
)

func listenSocket(string) (net.Listener, error) {
	return nil, errors.New("no Unix sockets on this system; listen on 127.0.0.1:PORT")
}

func inherited() (net.Listener, error) {
	return nil, errors.New("no systemd on this system; listen on 127.0.0.1:PORT")
}
