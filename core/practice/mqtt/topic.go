package mqtt

import "strings"

// checkTopic returns what is wrong with the name of a topic.
func checkTopic(topic string) *wrong {
	switch {
	case topic == "":
		return wrongf(codeTopic, "a topic has at least one character [MQTT-4.7.3-1]")
	case len(topic) > MaxTopic:
		return wrongf(codeTopic, "a topic of %d bytes is too long: this server takes %d", len(topic), MaxTopic)
	case strings.ContainsAny(topic, "+#"):
		return wrongf(codeTopic, "+ and # are for filters: a message has one topic [MQTT-3.3.2-2]")
	}
	return nil
}

// checkFilter returns what is wrong with a topic filter.
func checkFilter(filter string) *wrong {
	switch {
	case filter == "":
		return wrongf(codeFilter, "a filter has at least one character [MQTT-4.7.3-1]")
	case len(filter) > MaxTopic:
		return wrongf(codeFilter, "a filter of %d bytes is too long: this server takes %d", len(filter), MaxTopic)
	case strings.HasPrefix(filter, "$share/"):
		return wrongf(codeNoShared, "this server has no shared subscriptions")
	}
	for rest, more := filter, true; more; {
		var level string
		level, rest, more = strings.Cut(rest, "/")
		switch {
		case strings.Contains(level, "#") && (level != "#" || more):
			return wrongf(codeFilter, "# is the last level of a filter, and stands alone in it, as in news/# [MQTT-4.7.1-1]")
		case strings.Contains(level, "+") && level != "+":
			return wrongf(codeFilter, "+ stands alone in its level, as in news/+/today [MQTT-4.7.1-2]")
		}
	}
	return nil
}

// matches reports whether a topic is one of those that a filter stands for. Wildcards at the
// beginning do not stand for what begins with $ [MQTT-4.7.2-1].
func matches(filter, topic string) bool {
	if topic[0] == '$' && (filter[0] == '+' || filter[0] == '#') {
		return false
	}
	for {
		level, levels, more := strings.Cut(filter, "/")
		name, names, ahead := strings.Cut(topic, "/")
		switch {
		case level == "#":
			return true
		case level != "+" && level != name:
			return false
		case !more && !ahead:
			return true
		case !ahead: // sport/# stands for sport too
			return levels == "#"
		case !more:
			return false
		}
		filter, topic = levels, names
	}
}
