package mqtt

import "strings"

// checkFilter returns what is wrong with a topic filter (section 4.7 of both standards, and
// 4.8.2 of MQTT 5).
func checkFilter(filter string) wrong {
	if filter == "" {
		return wrongNoTopic
	}
	if rest, ok := strings.CutPrefix(filter, "$share/"); ok {
		name, inner, ok := strings.Cut(rest, "/")
		if !ok || name == "" || inner == "" || strings.ContainsAny(name, "+#") {
			return wrongShare
		}
		filter = inner
	}
	for at := 0; at < len(filter); at++ {
		alone := (at == 0 || filter[at-1] == '/') && (at+1 == len(filter) || filter[at+1] == '/')
		switch filter[at] {
		case '#':
			if !alone || at+1 < len(filter) {
				return wrongHash
			}
		case '+':
			if !alone {
				return wrongPlus
			}
		}
	}
	return 0
}
