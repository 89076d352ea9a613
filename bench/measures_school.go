package main

import (
	"context"
	"fmt"
	"time"
)

// schoolMeasures lists the measures of a school with a shared log.
func schoolMeasures(workbench func(*system) bool) []measure {
	school := func(name string, limit time.Duration, run func(ctx context.Context, t *trial) ([]float64, error), metrics ...metric) measure {
		return measure{name: schoolName + "-" + name, applies: workbench, own: true, asked: true, limit: limit, run: run, metrics: metrics}
	}
	behind := &bar{Limit: 2000}
	const trip, many = "round trip of a line through http-line", "recordings in a school's log"
	const class = "a class at three gateways"
	away := fmt.Sprintf("brokers away, %d sessions of a line a second", fullSizes().under)
	return []measure{
		school("load", time.Hour, measureLoad, loadMetrics()...),
		school("behind", 15*time.Minute, measureBehind,
			metric{Name: "listed-p50", Title: "a session begins until the teacher's gateway lists it, p50", Unit: "ms"},
			metric{Name: "listed-p99", Title: "a session begins until the teacher's gateway lists it, p99", Unit: "ms", Bar: behind},
			metric{Name: "first-p50", Title: "a session begins until the teacher's gateway shows its first line, p50", Unit: "ms"},
			metric{Name: "first-p99", Title: "a session begins until the teacher's gateway shows its first line, p99", Unit: "ms", Bar: behind},
			metric{Name: "later-p50", Title: "a line until one who follows at the teacher's gateway sees it, p50", Unit: "ms"},
			metric{Name: "later-p99", Title: "a line until one who follows at the teacher's gateway sees it, p99", Unit: "ms", Bar: behind}),
		school("class", 20*time.Minute, measureClass,
			metric{Name: "wall-p50", Title: class + ": a line until the wall at a fourth shows it, p50", Unit: "ms"},
			metric{Name: "wall-p99", Title: class + ": a line until the wall at a fourth shows it, p99", Unit: "ms", Bar: behind},
			metric{Name: "answer-p50", Title: class + ": round trip of a line, p50", Unit: "ms", Digits: 1},
			metric{Name: "answer-p99", Title: class + ": round trip of a line, p99", Unit: "ms", Digits: 1},
			metric{Name: "memory", Title: class + ": most memory of a gateway", Unit: "MiB", Bar: &bar{Limit: 400}},
			metric{Name: "gateways", Title: class + ": processor time of gateways, a student and minute", Unit: "s", Digits: 3},
			metric{Name: "brokers", Title: class + ": processor time of brokers, a student and minute", Unit: "s", Digits: 3}),
		school("trip", 5*time.Minute, measureSchoolTrip,
			metric{Name: "with-p50", Title: trip + ", with --store, p50", Unit: "µs"},
			metric{Name: "with-p99", Title: trip + ", with --store, p99", Unit: "µs"},
			metric{Name: "without-p50", Title: trip + ", without, p50", Unit: "µs"},
			metric{Name: "without-p99", Title: trip + ", without, p99", Unit: "µs"},
			metric{Name: "ratio", Title: trip + ", with --store beside without, p50", Unit: "×", Digits: 2}),
		school("opens", 10*time.Minute, measureSchoolOpens, schoolOpensMetrics()...),
		school("search", 20*time.Minute, measureSchoolSearch,
			metric{Name: "list", Title: "10,000 " + many + ": a list of 1,000", Unit: "ms", Bar: &bar{Limit: 200}},
			metric{Name: "one", Title: many + ": a text that is in one", Unit: "ms", Bar: &bar{Limit: 500}},
			metric{Name: "ten", Title: many + ": a text that is in ten", Unit: "ms", Bar: &bar{Limit: 500}},
			metric{Name: "all", Title: many + ": a text that is in all, the first 1,000", Unit: "ms", Bar: &bar{Limit: 500}},
			metric{Name: "rate", Title: many + ": taken from three gateways", Unit: "recordings/s", MoreBetter: true}),
		school("away", 10*time.Minute, measureAway,
			metric{Name: "before", Title: away + ": answer before that, p99", Unit: "ms", Digits: 1},
			metric{Name: "p99", Title: away + ": answer meanwhile, p99", Unit: "ms", Digits: 1},
			metric{Name: "lag", Title: away + ": what waits for them", Unit: "KiB", Count: true},
			metric{Name: "started", Title: away + ": all is there after their start", Unit: "s", Digits: 1},
			metric{Name: "back", Title: away + ": all is there after they listen", Unit: "s", Digits: 1, Bar: &bar{Limit: 5}}),
	}
}

// loadMetrics has rows for each number of students, and one that compares them.
func loadMetrics() (rows []metric) {
	for _, n := range allStudents {
		of := func(name, title, unit string, digits int) {
			rows = append(rows, metric{Name: fmt.Sprintf("%d-%s", n, name), Title: "a school of " + plural(n, "student") + ": " + title, Unit: unit, Digits: digits})
		}
		of("gateways", "processor time of gateways, a student and minute", "s", 3)
		of("brokers", "processor time of brokers, a student and minute", "s", 3)
		of("gateway-memory", "most memory of a gateway", "MiB", 0)
		of("broker-memory", "most memory of a broker", "MiB", 0)
		of("blocks", "blocks shipped, a student and minute", "blocks", 2)
		of("bytes", "text shipped, a student and minute", "bytes", 0)
		of("messages", "messages to the brokers, a student and minute", "messages", 1)
		of("traffic", "bytes to the brokers, a student and minute", "bytes", 0)
		of("sessions", "sessions begun, a student and minute", "sessions", 2)
		of("answer", "round trip of a line, p99", "ms", 1)
	}
	return append(rows, metric{Name: "flat", Title: "processor time of a student: with the most of them beside the fewest", Unit: "×", Digits: 2})
}

func schoolOpensMetrics() (rows []metric) {
	for _, n := range []int{1, schoolOpeners} {
		name, title := fmt.Sprint(n), fmt.Sprintf("sessions opened, %d at a time", n)
		rows = append(rows,
			metric{Name: name + "-with", Title: title + ", with --store", Unit: "opens/s", MoreBetter: true},
			metric{Name: name + "-without", Title: title + ", without", Unit: "opens/s", MoreBetter: true},
			metric{Name: name + "-ratio", Title: title + ", with --store beside without", Unit: "×", Digits: 2, MoreBetter: true, Bar: &bar{Limit: 0.9}})
	}
	return rows
}
