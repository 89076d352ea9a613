package main

import (
	"errors"
	"net"
	"testing"

	"github.com/protocol-workbench/workbench/core/target"
)

// Where only practice servers may be dialled, the asker's own server may be too, and
// nothing else.
func TestDialAsker(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	to, err := target.Parse(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	policy, err := readPolicy([]string{"practice"})
	if err != nil {
		t.Fatal(err)
	}
	dialer := &target.Dialer{Policy: policy}
	conn, err := dialAsker(dialer)(t.Context(), to, target.Security{})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if _, err := dialWith(dialer)(t.Context(), to, target.Security{}); !errors.Is(err, target.ErrDenied) {
		t.Errorf("others dialled it: %v", err)
	}
	dialer.Policy = policy.Own(l.Addr().(*net.TCPAddr).AddrPort())
	if _, err := dialAsker(dialer)(t.Context(), to, target.Security{}); !errors.Is(err, target.ErrDenied) {
		t.Errorf("the workbench's own listener was dialled: %v", err)
	}
}
