package tlsflags

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/target"
)

const proxyFlag = "proxy"

// AddProxy adds the flag that names the proxy for Through.
func AddProxy(flags *pflag.FlagSet, proxy *string) {
	flags.StringVar(proxy, proxyFlag, "", "reach it through the proxy at `URL`: socks5://[USER:PASSWORD@]HOST:PORT or http://…; socks5h:// and httph:// leave its name to the proxy")
}

// Through returns a target as it is reached through a proxy; "" is none.
func Through(proxy string, to target.Target) (target.Target, error) {
	if proxy == "" {
		return to, nil
	}
	if to.IsDirect() {
		return to, fmt.Errorf("--%s is for hosts by TCP: %s is reached through no proxy", proxyFlag, core.Printable(to.String()))
	}
	via, err := target.ParseProxy(proxy)
	if err != nil {
		return to, fmt.Errorf("--%s: %w", proxyFlag, err)
	}
	to.Via = via
	return to, nil
}
