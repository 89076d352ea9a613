package linewise

import "github.com/protocol-workbench/workbench/core"

// Options are those that every such server has: lines (strict or lenient) and seed.
// The help names the protocol.
func Options(protocol string) []core.Option {
	return []core.Option{
		{Name: "lines", Type: core.OptionChoice, Default: "strict", Choices: []string{"strict", "lenient"},
			Help: "Whether a line may end in LF alone: " + protocol + " wants CR LF. Strict answers it by an error that says so."},
		{Name: "seed", Type: core.OptionText,
			Help: "The student's seed: names and numbers that differ between students follow from it."},
	}
}

// StartTLS is the option of a server that can have its connection become TLS: starttls.
// command is the one by which a client asks for it.
func StartTLS(command string) core.Option {
	return core.Option{Name: "starttls", Type: core.OptionBool, Default: "false",
		Help: "Whether the server has a certificate, and so offers " + command + "."}
}
