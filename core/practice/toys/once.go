package toys

import "github.com/protocol-workbench/workbench/core"

// once is a machine that asks the world one thing when it is opened, says what
// comes of the answer, and closes. What the client sends is thrown away; if it
// ends its stream before the answer, it still gets it.
type once struct {
	says func(answer string) (words string, ok bool)
}

// ask is what Open does for such a machine.
func (m *once) ask(question string, out *core.Out) (core.Machine, error) {
	out.World([]byte(question))
	return m, nil
}

func (m *once) Handle(ev core.Event, out *core.Out) error {
	if ev.Kind != core.WorldSaid {
		return nil
	}
	words, ok := m.says(string(ev.Data))
	if !ok {
		words = noWorld
	}
	say(out, words)
	out.Close("all is said")
	return nil
}
