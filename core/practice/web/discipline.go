package web

import "github.com/protocol-workbench/workbench/core"

// The options' names, and the values that the code asks for by name.
const (
	optionLines = "lines"
	optionSeed  = "seed"
	lenient     = "lenient"
)

// Discipline returns the practice server http.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "http",
			Title:   "HTTP practice server",
			Version: "1",
			Summary: "A small made-up web site that answers HTTP/1.0 and 1.1, and says what is wrong with a request that is not one.",
			Input:   core.InputLine,
			Options: []core.Option{
				{
					Name: optionLines, Type: core.OptionChoice, Default: "strict", Choices: []string{"strict", lenient},
					Help: "Whether a line must end in CR LF, or may end in LF alone.",
				},
				{
					Name: optionSeed, Type: core.OptionText, Default: "",
					Help: "The student's seed: the words and numbers that differ between students are derived from it.",
				},
			},
			Events: []string{core.ClientBytes.String(), core.WorldSaid.String()},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			return &machine{
				site:   newSite(o.Options[optionSeed]),
				reader: reader{lenient: o.Options[optionLines] == lenient},
			}, nil
		},
	}
}
