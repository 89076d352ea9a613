package http

import "github.com/protocol-workbench/workbench/core"

// Discipline returns the line mode http.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "http",
			Title:   "HTTP messages",
			Version: "1",
			Summary: "Type GET /path, or a request line with its version, header lines and an empty line; see whole responses. " +
				"In a tap, each request and the responses to it. HTTP/1.0 and 1.1.",
			Sends: "the request, with Host, User-Agent and Content-Length where they are missing; a head typed with its version as it is; " +
				"after = the bytes as they are, with escapes and no line end",
			Input:   core.InputLine,
			Options: []core.Option{},
			// Boundaries stays unset: after 101 and CONNECT what is shown is cut anywhere.
			Events: []string{core.ClientRaw.String(), core.ClientBytes.String(), core.ClientUnseen.String(), core.ServerUnseen.String(),
				core.ClientCommand.String(), core.ServerTLS.String()},
			AfterServerEOF: true,
			Clients:        []string{core.Messages.String(), core.Stream.String()},
			Secrets:        true,
			Messages:       true,
			Commands:       commands,
			TypedAsText:    true,
			ChecksTyped:    true,
			Group:          "web",
			Brief:          "HTTP/1.0 and 1.1, a whole message at a time",
			Ports:          []core.UsualPort{{Port: 80, Name: "HTTP"}, {Port: 8080, Name: "HTTP"}, {Port: 443, Name: "HTTPS"}},
			Greetings:      []core.Greeting{{Begins: "HTTP/1.", Name: "HTTP"}},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) { return newMachine(o), nil },
	}
}

// commands are the methods that a person can use by name. Others can be typed.
var commands = newCommands()

func newCommands() []core.Command {
	target := core.CommandField{Name: "target", Type: core.ValueText, Help: "such as /path?query, or a whole URL for a proxy"}
	// A line with a version begins a head, by hand as by a form.
	version := core.CommandField{Name: "version", Type: core.ValueText, Optional: true, Help: "such as HTTP/1.1: then header lines follow"}
	body := core.CommandField{Name: "body", Type: core.ValueText, Optional: true, Rest: true, Help: "its Content-Length is added"}
	of := func(name, help string, fields ...core.CommandField) core.Command {
		return core.Command{Name: name, Help: help, Fields: fields}
	}
	server, authority := target, target
	server.Help = "such as /path, or * for the server as a whole"
	authority.Help = "host:port, for a proxy to connect to"
	return []core.Command{
		of("GET", "Show what is there", target, version),
		of("HEAD", "Show the head of what is there", target, version),
		of("POST", "Have the target process a body", target, body),
		of("PUT", "Have the target be this body", target, body),
		of("PATCH", "Change the target as the body says", target, body),
		of("DELETE", "Delete the target", target, version),
		of("OPTIONS", "Ask what can be done", server, version),
		of("TRACE", "Have the request shown as it arrives", target, version),
		of("CONNECT", "Have a proxy connect: raw bytes follow", authority, version),
	}
}
