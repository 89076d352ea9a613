package toys

import (
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// manifest describes a toy that asks the world nothing.
func manifest(name, title, summary, sends string, options ...core.Option) core.Manifest {
	return core.Manifest{
		Name: name, Title: title, Version: "1", Summary: summary, Sends: sends, Input: core.InputLine,
		Events:  []string{core.ClientBytes.String()},
		Options: options,
	}
}

// asking adds that the toy asks the world.
func asking(m core.Manifest) core.Manifest {
	m.Events = append(m.Events, core.WorldSaid.String())
	return m
}

// hash is FNV-1a with 64 bits.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

const crlf = "\r\n"

func say(out *core.Out, words string) { out.Binary([]byte(words + crlf)) }

// noWorld is said when the world's answer is of no use.
const noWorld = "The server cannot answer now. Try again later."

// drawn reads the answer to "random n".
func drawn(answer string, n int) (k int, ok bool) {
	k, err := strconv.Atoi(strings.TrimPrefix(answer, "ok "))
	return k, err == nil && strings.HasPrefix(answer, "ok ") && 0 <= k && k < n
}
