package results

import (
	"strings"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// safeName returns a name that a file can have on any system, and that a shell's * does not
// make an option of. Letters of all scripts stay.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || !core.Shows(r) || r == utf8.RuneError {
			return '_'
		}
		return r
	}, name)
	name = strings.TrimRight(name, " .")
	if name == "" || strings.ContainsRune(".-~ ", rune(name[0])) || isDevice(name) {
		name = "_" + name
	}
	return name
}

// isDevice reports whether Windows takes a name for a device's, whatever follows a dot.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem = strings.TrimRight(stem, " "); stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port := strings.TrimPrefix(strings.TrimPrefix(stem, "COM"), "LPT")
	return port != stem && len([]rune(port)) == 1 && strings.ContainsAny(port, "0123456789¹²³")
}
