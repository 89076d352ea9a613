package command

import (
	"errors"
	"net"

	"github.com/protocol-workbench/workbench/core/loopback"
)

// ListenPackets returns a socket for datagrams at the address that the flag names, on
// this machine alone.
func ListenPackets(named, flag string) (*net.UDPConn, error) {
	c, err := loopback.Packets(named)
	var why *loopback.Error
	if errors.As(err, &why) {
		return nil, ExplainListen(why, flag)
	}
	return c, err
}
