//go:build !linux

package access

import "net"

// accountAt returns the user whose process has the other end of a connection.
func accountAt(c net.Conn) (uid int, err error) { return accountOf(c.RemoteAddr(), c.LocalAddr()) }
