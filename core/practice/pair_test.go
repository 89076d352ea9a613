package practice

import (
	"errors"
	"io"
	"syscall"
	"testing"
)

func TestPair(t *testing.T) {
	client, server, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	defer server.Close()
	send(t, client, "hello")
	client.CloseWrite()
	if got, err := io.ReadAll(server); string(got) != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	send(t, server, "and back")
	expect(t, client, "and back")
	reset(server)
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after a reset: %v", err)
	}
}
