package main

import (
	"fmt"
	"testing"
)

// Where a tunnel leads here, the page is at its own name too, with the tunnel's port.
func TestHostsOfATunnel(t *testing.T) {
	named, err := parseHosts([]string{"localhost:9000", "127.0.0.1:9000", "bench.example:443", "[::1]:9001"})
	if err != nil {
		t.Fatal(err)
	}
	const want = "[localhost:9000 127.0.0.1:9000 bench.example:443 [::1]:9001 wb-x.localhost:9000 wb-x.localhost:9001]"
	if got := fmt.Sprint(door{origin: "wb-x.localhost"}.hosts(named)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := (door{}).hosts(named); len(got) != len(named) {
		t.Errorf("without a name of its own: %v", got)
	}
}
