package stall

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// unsent returns how many bytes a socket has still to send or to retransmit, if it
// can tell.
func unsent(fd uintptr) (int, bool) {
	n, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	return n, err == nil
}

// A query for one TCP socket by its two addresses, as in sock_diag(7).
// Ports and addresses are in network byte order.
type (
	diagRequest struct {
		header           unix.NlMsghdr
		family, protocol uint8
		_                [2]uint8
		states           uint32
		id               diagID
	}
	diagID struct {
		port, peerPort [2]byte
		addr, peer     [16]byte
		_              uint32 // device
		cookie         [2]uint32
	}
)

// The answer is a header, four bytes, the ID, a time, and the number of bytes
// received and not read.
const (
	sockDiagByFamily = 20 // SOCK_DIAG_BY_FAMILY
	typeAt           = 4
	unreadAt         = unix.SizeofNlMsghdr + 4 + int(unsafe.Sizeof(diagID{})) + 4
)

// unread returns how many bytes a socket of this machine has received and its
// program has not read; 0 when this network namespace has no such socket, as for
// a peer on another machine.
func unread(socket, peer netip.AddrPort) int {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	q := diagRequest{
		family: unix.AF_INET, protocol: unix.IPPROTO_TCP, states: ^uint32(0),
		id: diagID{cookie: [2]uint32{^uint32(0), ^uint32(0)}}, // any
	}
	q.header = unix.NlMsghdr{Len: uint32(unsafe.Sizeof(q)), Type: sockDiagByFamily, Flags: unix.NLM_F_REQUEST}
	if socket.Addr().Unmap().Is6() {
		q.family = unix.AF_INET6
	}
	copy(q.id.addr[:], socket.Addr().Unmap().AsSlice())
	copy(q.id.peer[:], peer.Addr().Unmap().AsSlice())
	binary.BigEndian.PutUint16(q.id.port[:], socket.Port())
	binary.BigEndian.PutUint16(q.id.peerPort[:], peer.Port())
	var request bytes.Buffer
	if binary.Write(&request, binary.NativeEndian, &q) != nil || unix.Sendto(fd, request.Bytes(), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) != nil {
		return 0
	}
	buf := make([]byte, 512)
	n, _, err := unix.Recvfrom(fd, buf, unix.MSG_DONTWAIT) // the kernel has answered by now
	if err != nil || n < unreadAt+4 || binary.NativeEndian.Uint16(buf[typeAt:]) != sockDiagByFamily {
		return 0
	}
	return int(binary.NativeEndian.Uint32(buf[unreadAt:]))
}
