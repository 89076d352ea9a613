package redis

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// strings answers the commands of strings.
func (k *Keys) strings(name string, args []string) string {
	key := args[0]
	if name == "SET" {
		return k.set(key, args[1], args[2:])
	}
	v, there := k.keys[key]
	switch {
	case v.list != nil:
		return wrongType
	case name == "GET" && there:
		return okBulk(v.text)
	case name == "GET":
		return okNil
	case name == "STRLEN":
		return okInt(len(v.text))
	case name == "APPEND":
		v.text += args[1]
		if !k.put(key, v) {
			return full
		}
		return okInt(len(v.text))
	case name == "INCR":
		return k.add(key, 1)
	case name == "DECR":
		return k.add(key, -1)
	}
	n, ok := parseInt(args[1]) // INCRBY, DECRBY
	switch {
	case !ok:
		return badInteger
	case name == "INCRBY":
		return k.add(key, n)
	case n == math.MinInt64:
		return "no ERR decrement would overflow"
	}
	return k.add(key, -n)
}

// set is SET key text [NX | XX] [EX seconds | PX milliseconds].
func (k *Keys) set(key, text string, options []string) string {
	_, there := k.keys[key]
	v := value{text: strings.Clone(text)}
	condition, unit := "", time.Duration(0)
	for len(options) > 0 {
		option := strings.ToUpper(options[0])
		options = options[1:]
		switch {
		case (option == "NX" || option == "XX") && (condition == "" || condition == option):
			condition = option
		case (option == "EX" || option == "PX") && unit == 0 && len(options) > 0:
			unit = map[string]time.Duration{"EX": time.Second, "PX": time.Millisecond}[option]
			n, ok := parseInt(options[0])
			switch {
			case !ok:
				return badInteger
			case n <= 0 || n > int64(MaxExpiry/unit):
				return "no ERR invalid expire time in 'set' command"
			}
			v.expiry = k.now().Add(time.Duration(n) * unit)
			options = options[1:]
		default:
			return badSyntax
		}
	}
	switch {
	case condition == "NX" && there, condition == "XX" && !there:
		return okNil
	case !k.put(key, v):
		return full
	}
	return okStatus
}

// add adds to the number in a key whose value is no list.
func (k *Keys) add(key string, by int64) string {
	v, there := k.keys[key]
	n, ok := int64(0), true
	if there {
		n, ok = parseInt(v.text)
	}
	switch {
	case !ok:
		return badInteger
	case by > 0 && n > math.MaxInt64-by, by < 0 && n < math.MinInt64-by:
		return "no ERR increment or decrement would overflow"
	}
	v.text = strconv.FormatInt(n+by, 10)
	if !k.put(key, v) {
		return full
	}
	return "ok int " + v.text
}

// lists answers the commands of lists.
func (k *Keys) lists(name string, args []string) string {
	key := args[0]
	v, there := k.keys[key]
	switch {
	case there && v.list == nil:
		return wrongType
	case name == "LLEN":
		return okInt(len(v.list))
	case name == "LRANGE":
		return span(v.list, args[1], args[2])
	case name == "LPOP" || name == "RPOP":
		return k.pop(name == "LPOP", key, v, args[1:])
	}
	var added []string
	for _, s := range args[1:] {
		added = append(added, strings.Clone(s))
	}
	if name == "LPUSH" { // each in front of the one before
		slices.Reverse(added)
		v.list = slices.Concat(added, v.list)
	} else {
		v.list = slices.Concat(v.list, added)
	}
	if !k.put(key, v) {
		return full
	}
	return okInt(len(v.list))
}

// span answers the elements from first to last; negative ones count from the end.
func span(list []string, first, last string) string {
	from, ok := parseInt(first)
	to, ok2 := parseInt(last)
	if !ok || !ok2 {
		return badInteger
	}
	n := int64(len(list))
	if from < 0 {
		from = max(0, n+from)
	}
	if to < 0 {
		to += n
	}
	if to = min(to, n-1); from > to {
		return okList(nil)
	}
	return okList(list[from : to+1])
}

// pop takes the first or the last element, or as many as the count says.
func (k *Keys) pop(front bool, key string, v value, count []string) string {
	n := int64(1)
	if len(count) > 0 {
		var ok bool
		if n, ok = parseInt(count[0]); !ok || n < 0 {
			return "no ERR value is out of range, must be positive"
		}
	}
	switch {
	case v.list == nil && len(count) == 0:
		return okNil
	case v.list == nil:
		return okNil + " list"
	}
	n = min(n, int64(len(v.list)))
	var taken []string
	if front {
		taken, v.list = v.list[:n], slices.Clone(v.list[n:])
	} else {
		at := int64(len(v.list)) - n
		taken, v.list = slices.Clone(v.list[at:]), slices.Clone(v.list[:at])
		slices.Reverse(taken)
	}
	if len(v.list) == 0 {
		k.drop(key)
	} else {
		k.put(key, v)
	}
	if len(count) == 0 {
		return okBulk(taken[0])
	}
	return okList(taken)
}
