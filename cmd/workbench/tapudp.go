package main

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/tap"
	"github.com/protocol-workbench/workbench/core/target"
)

// datagramsAt returns the address at which datagrams are to be listened for, as of
// udp://127.0.0.1:5353.
func (o *tapOptions) datagramsAt() (address string, ok bool) {
	const scheme = "udp://"
	if len(o.listen) < len(scheme) || !strings.EqualFold(o.listen[:len(scheme)], scheme) {
		return "", false
	}
	return o.listen[len(scheme):], true
}

// clientEnd returns what the tap's clients are.
func (o *tapOptions) clientEnd() core.ClientEnd {
	if _, ok := o.datagramsAt(); ok {
		return core.Datagrams
	}
	return core.Stream
}

// checkEnds refuses to pass datagrams on as a stream, or a stream as datagrams: nobody
// could say where one ends.
func (o *tapOptions) checkEnds(to target.Target) error {
	const example = "workbench tap --listen udp://127.0.0.1:5353 --to udp://127.0.0.1:53"
	_, from := o.datagramsAt()
	switch into := to.ServerEnd() == core.ServerDatagrams; {
	case from && o.front.on():
		return errors.New("--tls and --tls-cert are for streams: datagrams are passed on as they are")
	case from && !into:
		return fmt.Errorf("--listen is udp:// and --to is not: datagrams are passed on as datagrams alone, as in: %s", example)
	case into && !from:
		return fmt.Errorf("--to is udp:// and --listen is not: a stream is not passed on as datagrams; listen for them, as in: %s", example)
	}
	return nil
}

// open listens for clients.
func (o *tapOptions) open() (net.Listener, error) {
	address, ok := o.datagramsAt()
	if !ok {
		return command.Listen(o.listen, "", "--listen", nil)
	}
	return listenPackets(address, "--listen")
}

// listenPackets listens for datagrams: each address that sends some is a connection.
func listenPackets(address, flag string) (net.Listener, error) {
	socket, err := command.ListenPackets(address, flag)
	if err != nil {
		return nil, err
	}
	return tap.Listen(socket), nil
}

// shownAddress returns where is listened, as --listen takes it.
func shownAddress(l net.Listener) string {
	if l.Addr().Network() == "udp" {
		return "udp://" + l.Addr().String()
	}
	return l.Addr().String()
}
