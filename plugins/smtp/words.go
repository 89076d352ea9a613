package smtp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// wrongPath says what is wrong with what stands behind MAIL or RCPT, "" if nothing is.
func wrongPath(command, rest string) string {
	word := pathWord(command)
	if len(rest) < len(word) || !strings.EqualFold(rest[:len(word)], word) {
		return fmt.Sprintf("RFC 5321, section 4.1.2: %s has %s<address>", command, word)
	}
	path := rest[len(word):]
	switch {
	case strings.HasPrefix(path, " "):
		return fmt.Sprintf("RFC 5321, section 3.3: no blank stands after %s", word)
	case !strings.HasPrefix(path, "<") || !strings.Contains(path, ">"):
		return fmt.Sprintf("RFC 5321, section 4.1.2: the address after %s stands in < and >", word)
	}
	return ""
}

func pathWord(command string) string {
	if command == "MAIL" {
		return "FROM:"
	}
	return "TO:"
}

// path returns what stands behind MAIL or RCPT on the wire for what a person has said: an
// address, or that itself.
func path(command, said string) (string, error) {
	word := pathWord(command)
	if len(said) < len(word) || !strings.EqualFold(said[:len(word)], word) {
		address, parameters, _ := strings.Cut(said, " ")
		switch {
		case strings.HasPrefix(address, "<"):
		case strings.ContainsAny(address, "<>"):
			return "", fmt.Errorf("RFC 5321, section 4.1.2: %s has %s<address>", command, word)
		default:
			address = "<" + address + ">"
		}
		if said = word + address; parameters != "" {
			said += " " + parameters
		}
	}
	if wrong := wrongPath(command, said); wrong != "" {
		return "", errors.New(wrong)
	}
	return said, nil
}

// stuffed returns the lines of a mail as they are sent: with a dot before those that begin
// with one, and with CR LF (RFC 5321, section 4.5.2).
func stuffed(said string) []byte {
	var sent []byte
	for line := range strings.Lines(strings.TrimSuffix(said, "\n") + "\n") {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if strings.HasPrefix(line, ".") {
			sent = append(sent, '.')
		}
		sent = append(append(sent, line...), "\r\n"...)
	}
	return sent
}

// shownAgain is a line that was refused, without what may be a secret.
func shownAgain(call core.Call, line string) string {
	if call.Command != nil && call.Command.Name == "AUTH" {
		return "AUTH …"
	}
	return core.CutWords(line, 80)
}
