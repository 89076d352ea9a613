package lines

import "bytes"

// gopher is Gopher (RFC 1436). An answer ends at a lone dot, or as the server closes.
func gopher() preset {
	return preset{
		end: "\r\n", lines: "gopher.lines", closes: true,
		asks: func([]byte) kind { return answered },
		next: func(t *talk, u *unit, line []byte) bool {
			if t.requests.Unit == u {
				return true
			}
			u.Dot = true
			return string(line) == "."
		},
		fields: func(raw []byte, asks bool) ([]field, string) {
			s := scan(raw)
			if asks {
				s.field("gopher.request", 0, len(s.line))
				return s.all, ""
			}
			at := 0
			for at < len(raw) && len(s.all) < maxItems {
				line := trimmed(first(raw[at:]))
				if parts := bytes.SplitN(line, []byte("\t"), 5); len(parts) >= 4 && len(parts[0]) > 0 {
					s.all = append(s.all, gopherItem(line, parts, at))
				}
				at += len(first(raw[at:]))
			}
			if len(s.all) == 0 {
				s.field("gopher.text", 0, len(s.line))
			}
			return s.all, ""
		},
	}
}

// gopherItem returns the field of a line of a menu: its kind and name, selector, host, port.
func gopherItem(line []byte, parts [][]byte, at int) field {
	item := field{Name: "gopher.dir.item", From: int64(at), To: int64(at + len(line)), Value: clipped(parts[0])}
	from := at + 1
	parts[0] = parts[0][1:]
	for i, name := range []string{"gopher.dir.name", "gopher.dir.selector", "gopher.dir.host", "gopher.dir.port"} {
		to := from + len(parts[i])
		item.Fields = append(item.Fields, field{Name: name, From: int64(from), To: int64(to), Value: clipped(parts[i])})
		from = to + 1
	}
	return item
}
