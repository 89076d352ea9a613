package shared

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/store"
)

// gatewayOptions, in the environment, has the test's program be a workbench that records
// one session, as its standard input says.
const gatewayOptions = "WORKBENCH_TEST_GATEWAY"

type gatewayProcess struct {
	Servers         []string
	Tenant, Gateway string
	Dir, ID         string
}

// runGateway writes so many pieces of the session's text as each line says, and answers
// once the shared log has them; "end" ends the session.
func runGateway(options string) {
	var g gatewayProcess
	if err := json.Unmarshal([]byte(options), &g); err != nil {
		panic(err)
	}
	folder, err := store.OpenFolder(g.Dir)
	if err != nil {
		panic(err)
	}
	l, err := Open(Config{Servers: g.Servers, Tenant: g.Tenant, Gateway: g.Gateway, Log: slog.New(slog.DiscardHandler), tune: func(l *Log) { l.shipEvery = time.Millisecond }})
	if err != nil {
		panic(err)
	}
	s := l.Store("", folder)
	w, err := s.Create(g.ID)
	if err != nil {
		panic(err)
	}
	ship := s.shipment(g.ID)
	orders := bufio.NewScanner(os.Stdin)
	for n := 0; orders.Scan(); {
		pieces, err := strconv.Atoi(orders.Text())
		for range pieces {
			io.WriteString(w, piece(n))
			n++
		}
		if err != nil {
			io.WriteString(w, lastPiece)
			w.Close()
			<-ship.over
		}
		for ship.lag() > 0 {
			time.Sleep(time.Millisecond)
		}
		fmt.Println("acknowledged")
	}
	select {}
}

// piece returns the nth piece of the text of a session.
func piece(n int) string {
	if n == 0 {
		return "workbench transcript v1\nmode raw\ntarget \"host:1\"\n\n0.000 -- recorded 2026-11-30T05:31:58.436Z, session s1\n"
	}
	return fmt.Sprintf("%d.000 >> server \"piece %d\"\n", n, n)
}

const lastPiece = "99.000 -- ended: the server closed the connection\n"

// pieces returns the text of so many.
func pieces(n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(piece(i))
	}
	return text.String()
}

// gateway is a workbench in a process of its own.
type gateway struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Scanner
}

func startGateway(t *testing.T, name, tenant string, b *broker, dir, id string) *gateway {
	t.Helper()
	options, err := json.Marshal(gatewayProcess{Servers: b.urls(), Tenant: tenant, Gateway: name, Dir: dir, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{t: t, cmd: exec.Command(os.Args[0])}
	g.cmd.Env = append(os.Environ(), gatewayOptions+"="+string(options))
	g.cmd.Stderr = os.Stderr
	if g.in, err = g.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	g.out = bufio.NewScanner(out)
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.kill)
	return g
}

// do gives an order, and waits until the shared log has what it was about.
func (g *gateway) do(order string) {
	g.t.Helper()
	fmt.Fprintln(g.in, order)
	if !g.out.Scan() {
		g.t.Fatal("the workbench's process has ended: ", g.cmd.Wait())
	}
}

func (g *gateway) kill() {
	if g.cmd.ProcessState == nil {
		g.cmd.Process.Kill()
		g.cmd.Wait()
	}
}
