package main

import (
	"fmt"
	"time"
)

// measures lists all of them, in the order of the table.
func measures() []measure {
	every := func(*system) bool { return true }
	raw := func(s *system) bool { return s.raw }
	lines := func(s *system) bool { return s.lines }
	workbench := func(s *system) bool { return s.name == workbenchName }
	plain := func(s *system) bool { return s.name == workbenchName || s.name == lineName }
	crowded := func(s *system) bool { return s.crowds }
	usual := []measure{
		{
			name: "roundtrip", quick: true, applies: every, run: roundTrip("http-line"), turns: 5,
			metrics: []metric{
				{Name: "p50", Title: "round trip of a line through http-line, p50", Unit: "µs", Against: copyName, Bar: &bar{Limit: 3}},
				{Name: "p99", Title: "round trip of a line through http-line, p99", Unit: "µs", Against: copyName, noisy: true},
			},
		},
		{
			name: "roundtrip-raw", quick: true, applies: raw, run: roundTrip("raw"), turns: 5,
			metrics: []metric{
				{Name: "p50", Title: "round trip of the same bytes through raw, p50", Unit: "µs", Against: copyName, Bar: &bar{Limit: 1.15}},
				{Name: "p99", Title: "round trip of the same bytes through raw, p99", Unit: "µs", Against: copyName, noisy: true},
			},
		},
		{
			name: "messages", applies: raw, run: measureMessages, metrics: messageMetrics(),
			plot: &plot{File: "messages", Title: "Round trip by size of message (raw, p50)", X: "bytes of a message", Y: "µs"},
		},
		{
			name: "lines", quick: true, applies: lines, run: measureLines, metrics: lineMetrics(),
			plot: &plot{File: "lines", Title: "Lines a second, from the server, by length", X: "bytes of a line, CR LF included", Y: "lines a second"},
		},
		{
			name: "kept", applies: lines, run: measureKept,
			metrics: []metric{
				{Name: "alone", Title: "a session of " + number(keptLines, 0) + " lines, recorded whole", Unit: "lines/s", Against: lineName, MoreBetter: true},
				{Name: "row", Title: "such sessions in a row", Unit: "lines/s", Against: lineName, MoreBetter: true},
			},
		},
		{
			name: "talk", quick: true, applies: crowded, run: measureTalk, metrics: talkMetrics(), limit: 2 * time.Minute,
			plot: &plot{File: "sessions", Title: "Small messages both ways, by number of sessions", X: "sessions", Y: "messages a second and core"},
		},
		{
			name: "down", quick: true, applies: raw, run: measureDown,
			metrics: []metric{{Name: "rate", Title: "raw bulk down", Unit: "MB/s", Against: copyName, Bar: &bar{Limit: 0.95}, MoreBetter: true}},
		},
		{
			name: "up", quick: true, applies: raw, run: measureUp,
			metrics: []metric{{Name: "rate", Title: "raw bulk up", Unit: "MB/s", Against: copyName, Bar: &bar{Limit: 0.95}, MoreBetter: true}},
		},
		{
			name: "opens", quick: true, applies: every, run: measureOpens,
			metrics: []metric{
				{Name: "one", Title: "opens, one at a time", Unit: "opens/s", Against: lineName, Bar: &bar{Limit: 0.6}, MoreBetter: true},
				{Name: "many", Title: fmt.Sprintf("opens, %d at a time", openers), Unit: "opens/s", Against: lineName, Bar: &bar{Limit: 0.6}, MoreBetter: true},
			},
		},
		{
			name: "idle", applies: every, run: measureIdle, fresh: true, limit: 2 * time.Minute,
			metrics: []metric{
				{Name: "memory", Title: "memory of an idle session, all processes that serve it", Unit: "KiB", Digits: 1, Bar: &bar{Limit: 30}},
				{Name: "held", Title: "idle sessions held", Unit: "sessions", MoreBetter: true, Count: true},
				{Name: "answered", Title: "idle sessions that answer again", Unit: "%", Bar: &bar{Limit: 100}, MoreBetter: true, Count: true},
				{Name: "spare", Title: "plugin processes beside them that hold no session", Unit: "processes", Count: true},
				{Name: "spare-memory", Title: "memory of such a process", Unit: "MiB", Digits: 1},
			},
		},
		{
			name: "crowd", applies: crowded, run: measureCrowd, fresh: true, limit: 4 * time.Minute,
			metrics: []metric{
				{Name: "held", Title: "10,000 sessions, 1,000 of them active at 1 message a second: held", Unit: "sessions", MoreBetter: true, Bar: &bar{Limit: 10_000}, Count: true},
				{Name: "answered", Title: "those 10,000: messages answered", Unit: "%", MoreBetter: true, Bar: &bar{Limit: 100}, Count: true},
				{Name: "p99", Title: "those 10,000: answer, p99", Unit: "ms", Digits: 1, Bar: &bar{Limit: 20}},
				{Name: "memory", Title: "those 10,000: memory of all processes", Unit: "MiB", Bar: &bar{Limit: 450}},
			},
		},
		{
			name: "recovery", applies: workbench, run: measureRecovery, fresh: true, limit: 4 * time.Minute, metrics: recoveryMetrics(),
			plot: &plot{File: "recovery", Title: "Silence that clients see after a kill", X: "busy sessions", Y: "ms"},
		},
		{
			name: "storm", applies: workbench, run: measureStorm, fresh: true, limit: 4 * time.Minute,
			metrics: []metric{
				{Name: "p50", Title: fmt.Sprintf("all processes killed each %d ms, %d sessions: silence p50", stormPause.Milliseconds(), stormSessions), Unit: "ms"},
				{Name: "p99", Title: fmt.Sprintf("all processes killed each %d ms, %d sessions: silence p99", stormPause.Milliseconds(), stormSessions), Unit: "ms", Bar: &bar{Limit: 400}},
				{Name: "ended", Title: "those sessions: ended, or lost a line", Unit: "sessions", Bar: &bar{Limit: 0}},
			},
		},
		{
			name: "tap", applies: workbench, run: measureTap, own: true, limit: 4 * time.Minute, metrics: tapMetrics(),
		},
		{
			name: "decode", applies: workbench, run: measureDecode, own: true, limit: 4 * time.Minute,
			metrics: []metric{
				{Name: "raw", Title: "records through a tap, raw", Unit: "MB/s", MoreBetter: true},
				{Name: "watched", Title: "the same, with a decoder that watches", Unit: "MB/s", MoreBetter: true},
				{Name: "rate", Title: "with the decoder beside raw", Unit: "×", Digits: 2, MoreBetter: true, Bar: &bar{Limit: 0.8}},
				{Name: "decoded", Title: "of those records: decoded", Unit: "%", Digits: 1, MoreBetter: true, Count: true},
				{Name: "unseen", Title: "of those records: not seen by the decoder, which was too far behind", Unit: "%", Digits: 1, Count: true},
			},
		},
		{
			name: "modes", applies: workbench, run: measureModes, own: true, limit: 5 * time.Minute, metrics: modesMetrics(),
		},
		{
			name: "replay", applies: workbench, run: measureReplay, own: true,
			metrics: []metric{
				{Name: "rate", Title: fmt.Sprintf("golden replays, %d entries", goldenEntries), Unit: "files/s", Bar: &bar{Limit: 10_000}, MoreBetter: true},
				{Name: "start", Title: "a replay of one golden, with the start of its process", Unit: "ms"},
			},
		},
		{
			name: "start", quick: true, applies: every, run: measureStart, own: true, turns: 3,
			metrics: []metric{{Name: "succ", Title: "start to first SUCC", Unit: "ms", Against: lineName, Bar: &bar{Limit: 100, Absolute: true}}},
		},
		{
			name: "version", quick: true, applies: plain, run: measureVersion, own: true,
			metrics: []metric{
				{Name: "time", Title: "`workbench version`: time", Unit: "ms", Digits: 1, Against: lineName},
				{Name: "memory", Title: "`workbench version`: memory", Unit: "MiB", Digits: 1, Against: lineName},
				{Name: "binary", Title: "size of the binary", Unit: "MB", Digits: 1, Bar: &bar{Limit: 32}},
			},
		},
		{
			name: "search", applies: workbench, run: measureSearch, own: true, limit: 10 * time.Minute,
			metrics: []metric{
				{Name: "one", Title: "text search over 10,000 recordings, 1 GiB: a text that is in one", Unit: "ms", Bar: &bar{Limit: 50}},
				{Name: "hundred", Title: "text search, same recordings: a text that is in 100", Unit: "ms", Bar: &bar{Limit: 50}},
				{Name: "none", Title: "text search, same recordings: a text that is in none", Unit: "ms", Bar: &bar{Limit: 50}},
				{Name: "size", Title: "text search: size of the recordings", Unit: "MiB", MoreBetter: true},
				{Name: "start", Title: "text search: start over that folder, until its list is there", Unit: "ms"},
			},
		},
	}
	return append(usual, schoolMeasures(workbench)...)
}

func messageMetrics() (rows []metric) {
	for _, size := range allMessageSizes {
		rows = append(rows, metric{
			Name: fmt.Sprint(size), Title: "round trip of a message through raw, " + bytesText(size) + ", p50",
			Unit: "µs", Against: copyName, X: float64(size),
		})
	}
	return rows
}

func lineMetrics() (rows []metric) {
	for _, size := range allLineSizes {
		m := metric{
			Name: fmt.Sprint(size), Title: "lines from the server, " + bytesText(size) + " each",
			Unit: "lines/s", Against: lineName, MoreBetter: true, X: float64(size),
		}
		if size == lineSize {
			m.Bar = &bar{Limit: 12}
		}
		rows = append(rows, m)
	}
	return rows
}

func talkMetrics() (rows []metric) {
	for _, n := range allTalkers {
		m := metric{
			Name: fmt.Sprint(n), Title: "small messages both ways, a second and core, one under way in each of " + plural(n, "session"),
			Unit: "messages/s", Against: lineName, MoreBetter: true, X: float64(n),
		}
		if n == 200 {
			m.Bar = &bar{Limit: 0.8}
		}
		rows = append(rows, m)
	}
	return append(rows, metric{
		Name: "burst", Title: fmt.Sprintf("small messages both ways, a second and core, %d under way in each of %d sessions", burst, burstTalkers),
		Unit: "messages/s", Against: lineName, MoreBetter: true, Bar: &bar{Limit: 0.8},
	})
}

func tapMetrics() []metric {
	const fed = "redis-benchmark through a tap, http-line"
	return []metric{
		{Name: "raw", Title: "redis-benchmark -P 16 -c 50 through a tap, raw", Unit: "requests/s", MoreBetter: true},
		{Name: "socat", Title: "the same through socat", Unit: "requests/s", MoreBetter: true},
		{Name: "rate", Title: "the tap beside socat, requests a second", Unit: "×", Digits: 2, MoreBetter: true, Bar: &bar{Limit: 0.9}},
		{Name: "p99", Title: "the tap beside socat, p99", Unit: "×", Digits: 2, Bar: &bar{Limit: 1.3}},
		{Name: "fed", Title: fed, Unit: "requests/s", MoreBetter: true},
		{Name: "killed", Title: fed + ", killed each second, beside undisturbed", Unit: "×", Digits: 2, MoreBetter: true, Bar: &bar{Limit: 0.9}},
		{Name: "stopped", Title: fed + ", stopped, beside undisturbed", Unit: "×", Digits: 2, MoreBetter: true, Bar: &bar{Limit: 0.9}},
		{Name: "slow", Title: "the same with a mode that takes 200 ms for an event, beside http-line", Unit: "×", Digits: 2, MoreBetter: true, Bar: &bar{Limit: 0.9}},
	}
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(float64(n), 0) + " " + what + "s"
}

func recoveryMetrics() (rows []metric) {
	limits := []float64{60, 120, 400}
	for i, n := range allBusy {
		title := fmt.Sprintf("silence after one kill, %s busy sessions", number(float64(n), 0))
		rows = append(rows,
			metric{Name: fmt.Sprintf("%d-p50", n), Title: title + ", p50", Unit: "ms", Series: "p50", X: float64(n)},
			metric{Name: fmt.Sprintf("%d-p99", n), Title: title + ", p99", Unit: "ms", Series: "p99", X: float64(n), Bar: &bar{Limit: limits[i]}})
	}
	return rows
}

// bytesText writes a number of bytes as a reader likes it.
func bytesText(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
