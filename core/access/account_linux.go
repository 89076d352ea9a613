package access

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

const anyMode = false

// The messages of sock_diag(7), for one TCP socket.
const (
	sockDiagByFamily = 20
	headerSize       = 16     // struct nlmsghdr
	requestSize      = 8 + 48 // struct inet_diag_req_v2
	answerSize       = 72     // struct inet_diag_msg
	atUID, atInode   = 64, 68 // of the answer

	established, finWait1, finWait2, closeWait, lastAck, closing = 1, 4, 5, 8, 9, 11 // enum of net/tcp_states.h
)

var errNoAccount = errors.New("no process has this end of the connection any more")

// accountOf returns the user whose process has the socket with the address end,
// connected to the address peer, of this machine and network namespace.
func accountOf(end, peer net.Addr) (uid int, err error) {
	e, ok1 := end.(*net.TCPAddr)
	p, ok2 := peer.(*net.TCPAddr)
	if !ok1 || !ok2 {
		return 0, fmt.Errorf("%s is no TCP connection", peer.Network())
	}
	msg, err := askDiag(diagRequest(e, p))
	if err != nil {
		return 0, err
	}
	switch msg[1] {
	case established, finWait1, finWait2, closeWait, lastAck, closing:
	default: // a listener at the same port is found too
		return 0, errNoAccount
	}
	native := binary.NativeEndian
	if native.Uint32(msg[atInode:]) == 0 { // closed by its process: the user that is said is root
		return 0, errNoAccount
	}
	return int(native.Uint32(msg[atUID:])), nil
}

// diagRequest asks for one socket, by its own address and its peer's.
func diagRequest(end, peer *net.TCPAddr) []byte {
	native := binary.NativeEndian
	b := make([]byte, headerSize+requestSize)
	native.PutUint32(b, uint32(len(b)))
	native.PutUint16(b[4:], sockDiagByFamily)
	native.PutUint16(b[6:], unix.NLM_F_REQUEST)
	r := b[headerSize:]
	r[0], r[1] = unix.AF_INET6, unix.IPPROTO_TCP
	native.PutUint32(r[4:], ^uint32(0)) // in all states
	id := r[8:]
	binary.BigEndian.PutUint16(id, uint16(end.Port))
	binary.BigEndian.PutUint16(id[2:], uint16(peer.Port))
	if four := end.IP.To4(); four != nil {
		r[0] = unix.AF_INET
		copy(id[4:], four)
		copy(id[20:], peer.IP.To4())
	} else {
		copy(id[4:], end.IP.To16())
		copy(id[20:], peer.IP.To16())
	}
	native.PutUint64(id[40:], ^uint64(0)) // without a cookie
	return b
}

// askDiag returns the answer to one request.
func askDiag(request []byte) ([]byte, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	limit := unix.NsecToTimeval(int64(time.Second)) // the kernel answers at once
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return nil, err
	}
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return nil, err
	}
	answer = answer[:n]
	if n >= headerSize+4 && binary.NativeEndian.Uint16(answer[4:]) == unix.NLMSG_ERROR {
		return nil, unix.Errno(-int32(binary.NativeEndian.Uint32(answer[headerSize:])))
	}
	if n < headerSize+answerSize || binary.NativeEndian.Uint16(answer[4:]) != sockDiagByFamily {
		return nil, errors.New("answer of sock_diag is too short")
	}
	return answer[headerSize:], nil
}

// tellsAccounts tries it with a connection of this process.
func tellsAccounts() bool {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return false
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		return false
	}
	defer c.Close()
	uid, err := accountOf(c.LocalAddr(), c.RemoteAddr())
	return err == nil && uid == unix.Getuid()
}
