package plugins

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/pluginproto"
)

// serveDebug serves the discipline on a socket of its own, for a process that
// runs under a debugger: a person started it, not the workbench, and it may be
// stopped for hours. go-plugin's connection would be given up meanwhile.
// It never returns.
func serveDebug(d core.Discipline, socket string, log *slog.Logger) {
	os.Remove(socket) // of a process that was killed
	listener, err := net.Listen("unix", socket)
	if err != nil {
		fmt.Fprintf(os.Stderr, "The plugin cannot listen where workbench plugin debug looks for it: %v.\nIs that command still running? It names the socket when it starts.\n", err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "%s: waiting for sessions from the workbench\n", d.Manifest.Name)
	manifest, err := json.Marshal(d.Manifest)
	if err != nil {
		panic(err) // it was validated
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Error("no more sessions can be taken", "reason", err)
			os.Exit(1)
		}
		go func() {
			if _, err := conn.Write(append(manifest, '\n')); err != nil {
				conn.Close()
				return
			}
			session(conn, d, nil, log)
		}()
	}
}

// debugSocket is where a process under a debugger is to listen, or "".
func debugSocket() string { return os.Getenv(pluginproto.DebugVariable) }
