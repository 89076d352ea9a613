package main

import (
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/dns"
	echoquit "github.com/protocol-workbench/workbench/plugins/echo-quit"
	"github.com/protocol-workbench/workbench/plugins/frames"
	"github.com/protocol-workbench/workbench/plugins/ftp"
	"github.com/protocol-workbench/workbench/plugins/http"
	httpline "github.com/protocol-workbench/workbench/plugins/http-line"
	"github.com/protocol-workbench/workbench/plugins/imap"
	"github.com/protocol-workbench/workbench/plugins/lines"
	"github.com/protocol-workbench/workbench/plugins/mqtt"
	"github.com/protocol-workbench/workbench/plugins/pop3"
	"github.com/protocol-workbench/workbench/plugins/raw"
	"github.com/protocol-workbench/workbench/plugins/resp"
	"github.com/protocol-workbench/workbench/plugins/smtp"
	"github.com/protocol-workbench/workbench/plugins/telnet"
)

// builtin lists the line modes that are in this binary; the first is the one
// that a client gets that names none.
var builtin = []core.Discipline{
	httpline.Discipline(),
	raw.Discipline(),
	echoquit.Discipline(),
	resp.Discipline(),
	pop3.Discipline(),
	dns.Discipline(),
	frames.Discipline(),
	smtp.Discipline(),
	imap.Discipline(),
	ftp.Discipline(),
	http.Discipline(),
	telnet.Discipline(),
	mqtt.Discipline(),
	lines.Discipline(),
}

// onUse names those of them whose processes are started by their first session: a process
// takes time and memory, and nobody uses all modes.
var onUse = []string{"resp", "pop3", "dns", "frames", "smtp", "imap", "ftp", "http", "telnet", "mqtt", "lines"}

// builtinNamed returns a built-in mode.
func builtinNamed(mode string) (core.Discipline, bool) {
	for _, d := range builtin {
		if d.Manifest.Name == mode {
			return d, true
		}
	}
	return core.Discipline{}, false
}

// notBuiltIn refuses a plugin the name of a built-in line mode.
func notBuiltIn(name string) error {
	if _, taken := builtinNamed(name); taken {
		return fmt.Errorf("%s is the name of a built-in line mode; give the plugin another one", name)
	}
	return nil
}
