package starlark

import (
	"go.starlark.net/starlark"

	"github.com/protocol-workbench/workbench/core"
)

// connect opens a link: out.connect("data", "192.0.2.1:20000").
func (o *output) connect(args starlark.Tuple, kwargs []starlark.Tuple) error {
	var link, target string
	if err := starlark.UnpackArgs("out.connect", args, kwargs, "link", &link, "target", &target); err != nil {
		return err
	}
	o.to.Connect(link, target)
	return nil
}

// accept waits for the server to open a link: out.accept("data").
func (o *output) accept(args starlark.Tuple, kwargs []starlark.Tuple) error {
	var link, address string
	if err := starlark.UnpackArgs("out.accept", args, kwargs, "link", &link, "address?", &address); err != nil {
		return err
	}
	o.to.Accept(link, address)
	return nil
}

// sendLink sends parts on a link: out.send_link("data", "a", "b").
func (o *output) sendLink(args starlark.Tuple, kwargs []starlark.Tuple) error {
	var link string
	n := min(len(args), 1)
	if err := starlark.UnpackPositionalArgs("out.send_link", args[:n], nil, 1, &link); err != nil {
		return err
	}
	return o.send(func(to *core.Out, parts ...[]byte) { to.SendLink(link, parts...) }, "send_link", args[n:], kwargs)
}
