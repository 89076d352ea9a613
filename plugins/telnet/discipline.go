package telnet

import (
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

// settings are the options of a session.
type settings struct {
	eol         string
	answers     bool // steps of a negotiation, by hand
	agrees      bool // … to what policy has
	hideEscapes bool
	terminal    string
}

var lineEnds = map[string]string{"crlf": "\r\n", "cr-nul": "\r\x00", "lf": "\n"}

// Discipline returns the line mode telnet.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "telnet",
			Title:   "Telnet",
			Version: "1",
			Summary: "Log in to devices and see what they say as text, with the negotiation of options told apart. " +
				"In a tap, each line, each command and each option that is agreed on.",
			Sends: "the line with 0xFF doubled and the line end of option eol (CR LF); after = the bytes as they are, with escapes and no line end",
			Input: core.InputLine,
			Options: []core.Option{
				{Name: "eol", Type: core.OptionChoice, Default: "crlf", Choices: []string{"crlf", "cr-nul", "lf"},
					Help: "What is sent after each line: CR LF, CR NUL, which is the key Enter alone, or LF. In BINARY, CR takes the place of the first two."},
				{Name: "negotiate", Type: core.OptionChoice, Default: "usual", Choices: []string{"usual", "refuse", "by-hand"},
					Help: "What the server's wishes are answered with: as a simple terminal does, no to all, or what you say by commands such as /DO ECHO."},
				{Name: "terminal", Type: core.OptionText, Default: "dumb",
					Help: "The terminal's type, which is said to a server that asks."},
				{Name: "width", Type: core.OptionInt, Default: "80", Help: "The window's width, which is said to a server that wants it; 0 is for any."},
				{Name: "height", Type: core.OptionInt, Default: "24", Help: "The window's height."},
				{Name: "escapes", Type: core.OptionChoice, Default: "hide", Choices: []string{"hide", "show"},
					Help: "Whether escape sequences, as for colours, are shown in what the server says. The wire has them in any case."},
				{Name: "prompts", Type: core.OptionText, Default: "password, passphrase, passcode, passwort",
					Help: "Words by which a prompt for a secret is recognised, with commas between them, in any case. What is typed after it is kept out of recordings."},
			},
			Boundaries: true,
			Events: []string{core.ClientPart.String(), core.ClientRaw.String(), core.ServerQuiet.String(), core.ClientBytes.String(),
				core.ClientUnseen.String(), core.ServerUnseen.String(), core.ClientCommand.String()},
			AfterServerEOF: true,
			Clients:        []string{core.Messages.String(), core.Stream.String()},
			Secrets:        true,
			Messages:       true,
			Commands:       commands,
			TypedAsText:    true,
			ChecksTyped:    true,
			Group:          "devices",
			Brief:          "devices and log-ins, with the negotiation in words",
			Ports:          []core.UsualPort{{Port: 23, Name: "Telnet"}, {Port: 992, Name: "Telnet"}},
			Greetings:      []core.Greeting{{Begins: "\u00ff\u00fb", Name: "Telnet"}, {Begins: "\u00ff\u00fd", Name: "Telnet"}},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			m, err := newMachine(o)
			if err != nil {
				return nil, err
			}
			return m, nil
		},
	}
}

func newMachine(o core.Opening) (*machine, error) {
	byHand := o.Client != core.Stream
	m := &machine{byHand: byHand, watch: o.Watch}
	m.settings = settings{
		eol:         lineEnds[o.Options["eol"]],
		answers:     byHand && o.Options["negotiate"] != "by-hand",
		agrees:      o.Options["negotiate"] == "usual",
		hideEscapes: o.Options["escapes"] != "show",
		terminal:    o.Options["terminal"],
	}
	m.Width, m.Height = o.Options.Int("width"), o.Options.Int("height")
	if m.Width < 0 || m.Width > 0xffff || m.Height < 0 || m.Height > 0xffff {
		return nil, errors.New("the window's width and height must be 0 to 65535 (RFC 1073)")
	}
	if !isTerminal(m.terminal) {
		return nil, errors.New("the terminal's type must be 1 to 40 printable ASCII characters (RFC 1091)")
	}
	m.flow = core.FromClient
	if byHand {
		m.flow = core.ToServer
	}
	m.words = promptWords(o.Options["prompts"])
	m.client, m.server = newDecoder(true), newDecoder(false)
	return m, nil
}

func isTerminal(name string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return name != "" && len(name) <= 40
}

// commands are those that a person can use. Their names begin with a slash, since what is
// typed may be for a shell that has commands of the same names.
var commands = newCommands()

func newCommands() []core.Command {
	least, most := int64(0), int64(0xffff)
	option := []core.CommandField{{Name: "option", Type: core.ValueText, Help: "its name, such as ECHO, SGA, BINARY, TERMINAL-TYPE or NAWS, or its number"}}
	all := []core.Command{
		{Name: "/AYT", Help: "Ask whether the server is there", Button: true},
		{Name: "/IP", Help: "Interrupt what runs there", Button: true},
		{Name: "/BRK", Help: "Send a break", Button: true},
		{Name: "/DO", Help: "Want the server to use an option", Fields: option},
		{Name: "/DONT", Help: "Want the server not to use it", Fields: option},
		{Name: "/WILL", Help: "Offer to use an option at this end", Fields: option},
		{Name: "/WONT", Help: "Use it no more", Fields: option},
		{Name: "/SB", Help: "Say something about an option", Fields: append(option[:1:1], core.CommandField{Name: "bytes", Type: core.ValueBytes, Optional: true, Rest: true})},
		{Name: "/NAWS", Help: "Say how large the window is", Fields: []core.CommandField{
			{Name: "width", Type: core.ValueInt, Min: &least, Max: &most}, {Name: "height", Type: core.ValueInt, Min: &least, Max: &most}}},
		{Name: "/PASSWORD", Help: "Send a line that recordings leave out", Fields: []core.CommandField{{Name: "text", Type: core.ValueSecret, Rest: true}}},
	}
	for _, c := range [][2]string{
		{"AO", "Drop what the server has still to say"}, {"EC", "Erase the last character"}, {"EL", "Erase the line"},
		{"NOP", "Say nothing"}, {"GA", "Say that it is the server's turn"}, {"EOR", "End a record"},
		{"EOF", "End the input"}, {"SUSP", "Suspend what runs there"}, {"ABORT", "Abort what runs there"},
	} {
		all = append(all, core.Command{Name: "/" + c[0], Help: c[1]})
	}
	return all
}
