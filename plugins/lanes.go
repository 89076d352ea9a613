package plugins

import (
	"errors"
	"net"
	"os"
	"path/filepath"

	"github.com/hashicorp/go-plugin"

	"github.com/protocol-workbench/workbench/core/pluginproto"
)

// spareFiles are the open files that are not left for sessions: a runtime's, and
// what the discipline reads.
const spareFiles = 128

// lanes listens for sessions on connections of their own.
func lanes() (pluginproto.Lanes, error) {
	dir, most := os.Getenv(plugin.EnvUnixSocketDir), openFiles()-spareFiles
	if dir == "" || most <= 0 {
		return pluginproto.Lanes{}, errors.New("there is no place for them")
	}
	listener, err := net.Listen("unix", filepath.Join(dir, pluginproto.LaneName))
	if err != nil {
		return pluginproto.Lanes{}, err
	}
	return pluginproto.Lanes{Listener: listener, Most: most}, nil
}
