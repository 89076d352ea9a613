package lines

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// commands are those of the presets. One that two of them have stands for both.
func commands() []core.Command {
	word := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueText, Help: help}
	}
	rest := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueText, Help: help, Rest: true}
	}
	maybe := func(f core.CommandField) core.CommandField {
		f.Optional = true
		return f
	}
	secret := func(name string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueSecret, Rest: true}
	}
	none := int64(0)
	number := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueInt, Help: help, Min: &none}
	}
	channel, nickname, reason := word("channel", "such as #go"), word("nickname", ""), maybe(rest("reason", "for the others to read"))
	stored := []core.CommandField{word("key", ""), number("flags", "kept with the value"), number("exptime", "in seconds; 0: it stays"),
		number("bytes", "of the value, which is the next line"), maybe(word("noreply", "noreply: no answer is wanted"))}
	keys, reply := rest("keys", "with blanks between"), maybe(word("noreply", "noreply: no answer is wanted"))
	which := maybe(word("article", "its number, or its ID in <>; without it, the current one"))
	of := func(presets ...string) func(c core.Command) core.Command {
		return func(c core.Command) core.Command {
			c.When = map[string][]string{optionPreset: presets}
			return c
		}
	}
	irc, memcached, nntp, scpi := of("irc"), of("memcached"), of("nntp"), of("scpi")
	return slices.Concat(each(irc, []core.Command{
		{Name: "NICK", Help: "Take a nickname", Fields: []core.CommandField{nickname}},
		{Name: "USER", Help: "Say who you are", Fields: []core.CommandField{word("user", ""), maybe(rest("name", "your real name; without it, the user"))}},
		{Name: "PASS", Help: "Say the server's password, before NICK", Fields: []core.CommandField{secret("password")}},
		{Name: "OPER", Help: "Become an operator", Fields: []core.CommandField{word("name", ""), secret("password")}},
		{Name: "JOIN", Help: "Enter a channel", Fields: []core.CommandField{channel, maybe(word("key", "if the channel has one"))}},
		{Name: "PART", Help: "Leave a channel", Fields: []core.CommandField{channel, reason}},
		{Name: "PRIVMSG", Help: "Say something to a channel or a person", Fields: []core.CommandField{word("to", "a channel or a nickname"), rest("text", "")}},
		{Name: "NOTICE", Help: "Say something that no program answers", Fields: []core.CommandField{word("to", "a channel or a nickname"), rest("text", "")}},
		{Name: "TOPIC", Help: "Show or set a channel's topic", Fields: []core.CommandField{channel, maybe(rest("topic", "without it, the topic is shown"))}},
		{Name: "NAMES", Help: "List who is in a channel", Fields: []core.CommandField{maybe(channel)}},
		{Name: "WHO", Help: "List people", Fields: []core.CommandField{maybe(word("mask", "a channel, or names with * and ?"))}},
		{Name: "WHOIS", Help: "Say who somebody is", Fields: []core.CommandField{nickname}},
		{Name: "INVITE", Help: "Invite somebody into a channel", Fields: []core.CommandField{nickname, channel}},
		{Name: "KICK", Help: "Put somebody out of a channel", Fields: []core.CommandField{channel, nickname, reason}},
		{Name: "AWAY", Help: "Say that you are away, or back", Fields: []core.CommandField{maybe(rest("text", "without it, you are back"))}},
		{Name: "PING", Help: "Ask whether the server is there", Fields: []core.CommandField{word("token", "which it says again")}},
		{Name: "MOTD", Help: "Show the message of the day", Button: true},
	}), each(memcached, []core.Command{
		{Name: "get", Help: "Get values", Fields: []core.CommandField{keys}},
		{Name: "gets", Help: "Get values, each with a number for cas", Fields: []core.CommandField{keys}},
		{Name: "set", Help: "Store a value, which is the next line", Fields: stored},
		{Name: "add", Help: "Store a value if there is none", Fields: stored},
		{Name: "replace", Help: "Store a value if there is one", Fields: stored},
		{Name: "append", Help: "Add to the end of a value", Fields: stored},
		{Name: "prepend", Help: "Add to the beginning of a value", Fields: stored},
		{Name: "cas", Help: "Store a value if it was not changed", Fields: slices.Insert(slices.Clone(stored), 4, number("unique", "the number that gets has shown"))},
		{Name: "delete", Help: "Remove a value", Fields: []core.CommandField{word("key", ""), reply}},
		{Name: "incr", Help: "Add to a number", Fields: []core.CommandField{word("key", ""), number("value", ""), reply}},
		{Name: "decr", Help: "Subtract from a number", Fields: []core.CommandField{word("key", ""), number("value", ""), reply}},
		{Name: "touch", Help: "Have a value stay for another time", Fields: []core.CommandField{word("key", ""), number("exptime", "in seconds; 0: it stays"), reply}},
		{Name: "flush_all", Help: "Remove all values", Fields: []core.CommandField{maybe(number("delay", "in seconds"))}},
		{Name: "mg", Help: "Get a value, as the flags say", Fields: []core.CommandField{word("key", ""), maybe(rest("flags", "such as v t"))}},
		{Name: "ms", Help: "Store a value, which is the next line, as the flags say", Fields: []core.CommandField{word("key", ""), number("bytes", "of the value"), maybe(rest("flags", "such as T60"))}},
		{Name: "md", Help: "Remove a value, as the flags say", Fields: []core.CommandField{word("key", ""), maybe(rest("flags", ""))}},
		{Name: "ma", Help: "Add to a number, as the flags say", Fields: []core.CommandField{word("key", ""), maybe(rest("flags", "such as D5"))}},
		{Name: "mn", Help: "Have what was asked quietly come to its end", Button: true},
	}), each(nntp, []core.Command{
		{Name: "CAPABILITIES", Help: "List what the server can do", Button: true},
		{Name: "GROUP", Help: "Choose a group", Fields: []core.CommandField{word("group", "such as local.test")}},
		{Name: "LISTGROUP", Help: "List the numbers of a group's articles", Fields: []core.CommandField{maybe(word("group", "")), maybe(word("range", "such as 1-10"))}},
		{Name: "ARTICLE", Help: "Show an article", Fields: []core.CommandField{which}},
		{Name: "HEAD", Help: "Show an article's head", Fields: []core.CommandField{which}},
		{Name: "BODY", Help: "Show an article's body", Fields: []core.CommandField{which}},
		{Name: "STAT", Help: "Say whether there is an article", Fields: []core.CommandField{which}},
		{Name: "NEXT", Help: "Go to the next article", Button: true},
		{Name: "LAST", Help: "Go to the article before", Button: true},
		{Name: "OVER", Help: "Show what articles are about", Fields: []core.CommandField{maybe(word("range", "such as 1-10"))}},
		{Name: "HDR", Help: "Show a field of articles' heads", Fields: []core.CommandField{word("field", "such as Subject"), maybe(word("range", "such as 1-10"))}},
		{Name: "NEWGROUPS", Help: "List groups that are new since a time", Fields: []core.CommandField{word("date", "as yyyymmdd"), word("time", "as hhmmss"), maybe(word("zone", "GMT"))}},
		{Name: "NEWNEWS", Help: "List articles that are new since a time", Fields: []core.CommandField{word("groups", "such as local.*"), word("date", "as yyyymmdd"), word("time", "as hhmmss"), maybe(word("zone", "GMT"))}},
		{Name: "POST", Help: "Send an article: type it next, up to a line with a dot alone"},
		{Name: "DATE", Help: "Say the server's time", Button: true},
		{Name: "AUTHINFO", Help: "Say who you are", Fields: []core.CommandField{{Name: "what", Type: core.ValueChoice, Choices: []string{"USER", "PASS"}}, secret("value")}},
		{Name: "STARTTLS", Help: "Go on by TLS"},
	}), each(scpi, []core.Command{
		{Name: "*IDN?", Help: "Ask what instrument it is", Button: true},
		{Name: "*RST", Help: "Set everything back"},
		{Name: "*CLS", Help: "Forget errors and events", Button: true},
		{Name: "*OPC?", Help: "Say when all that was asked for is done", Button: true},
		{Name: "*TST?", Help: "Have it test itself"},
		{Name: "*ESR?", Help: "Read the register of events"},
		{Name: "*STB?", Help: "Read the status byte"},
		{Name: "*WAI", Help: "Wait until all that was asked for is done"},
		{Name: "SYSTem:ERRor?", Help: "Show the oldest error", Button: true},
	}), []core.Command{
		of("irc", "nntp")(core.Command{Name: "LIST", Help: "List channels or groups", Fields: []core.CommandField{maybe(rest("what", ""))}}),
		of("irc", "nntp")(core.Command{Name: "MODE", Help: "Show or set modes; MODE READER of NNTP", Fields: []core.CommandField{word("target", "a channel or a nickname, or READER"), maybe(rest("modes", "such as +o nickname"))}}),
		of("irc", "nntp")(core.Command{Name: "HELP", Help: "Show what the server says of itself"}),
		of("irc", "memcached")(core.Command{Name: "stats", Help: "Show the server's figures", Fields: []core.CommandField{maybe(rest("what", ""))}}),
		of("irc", "memcached")(core.Command{Name: "version", Help: "Say which version the server is", Button: true}),
		of("irc", "memcached", "nntp")(core.Command{Name: "quit", Help: "End the session", Button: true}),
	})
}

func each(mark func(core.Command) core.Command, all []core.Command) []core.Command {
	for i := range all {
		all[i] = mark(all[i])
	}
	return all
}

// spell returns the line that a command is on the wire.
func spell(call core.Call) (string, error) {
	c := call.Command
	if c.Name == "USER" { // RFC 2812, section 3.1.3
		name := call.Text("name")
		if name == "" {
			name = call.Text("user")
		}
		return fmt.Sprintf("USER %s 0 * :%s", call.Text("user"), name), lineEndIn(name + call.Text("user"))
	}
	line := c.Name
	for i := range c.Fields {
		f := &c.Fields[i]
		if !call.Has(f.Name) {
			continue
		}
		value := call.Text(f.Name)
		if err := lineEndIn(value); err != nil {
			return "", err
		}
		if f.Rest && trails(c.Name) {
			value = ":" + value
		}
		line += " " + value
	}
	return line, nil
}

// trails reports whether the last argument of a command of IRC's may have blanks, which a
// colon then announces (RFC 2812, section 2.3).
func trails(command string) bool {
	return slices.Contains([]string{"PASS", "OPER", "PART", "PRIVMSG", "NOTICE", "TOPIC", "KICK", "AWAY"}, command)
}

func lineEndIn(value string) error {
	if strings.ContainsAny(value, "\r\n\x00") {
		return errors.New("a value has a line end or a NUL, which would end the line")
	}
	return nil
}
