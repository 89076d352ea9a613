package redis

import (
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

const (
	optionLines = "lines"
	optionSeed  = "seed"
	strict      = "strict"
	lenient     = "lenient"
)

// Discipline returns the practice server redis.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "redis",
			Title:   "Redis words",
			Version: "1",
			Summary: "A small keyspace in RESP2, the protocol of Redis: type SET greeting hello, then GET greeting.",
			Sends:   "the answers, as RESP2",
			Input:   core.InputLine,
			Events:  []string{core.ClientBytes.String(), core.WorldSaid.String()},
			Options: []core.Option{
				{
					Name: optionLines, Type: core.OptionChoice, Default: strict, Choices: []string{strict, lenient},
					Help: "strict: a line that ends in LF alone gets an error that says where; lenient: it is taken, as Redis does.",
				},
				{
					Name: optionSeed, Type: core.OptionText, Default: "",
					Help: "The student's seed: it decides the number that CLIENT ID and HELLO answer.",
				},
			},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			return &machine{
				parser: parser{strict: o.Options[optionLines] == strict, line: 1},
				id:     strconv.FormatUint(1+hash(o.Options[optionSeed])%99_999, 10),
			}, nil
		},
	}
}

// hash is FNV-1a with 64 bits.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
