package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDocument(t *testing.T) {
	r := newReport(allSystems("", "", &servers{})[:3])
	for _, m := range measures() {
		if m.name != "lines" && m.name != "recovery" {
			continue
		}
		rows := r.addRows(m, 2)
		for i, row := range rows {
			values := make([]float64, len(rows))
			for _, v := range []float64{130, 150} {
				values[i] = v * 10
				row.record(r.systems[0], values, i, nil)
				values[i] = 100
				row.record(r.systems[1], values, i, nil)
			}
		}
	}
	r.note("lines: the lamp was <red>")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "img"), 0o755); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(dir, documentFile)
	text := "Before.\n"
	for _, part := range []string{"run", "bars", "all", "notes", "plots"} {
		text += "<!-- bench: " + part + " -->\nold\n<!-- end -->\nBetween.\n"
	}
	if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second time changes nothing
		if err := r.writeDocument(dir, "make bench"); err != nil {
			t.Fatal(err)
		}
		written, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"Before.\n", "\n```sh\nmake bench\n```\n", "Medians of 2 rounds.",
			"| lines from the server, 80 B each | ≥ 12 × (a) | 14.00 × (a) | 13.00–15.00 | yes |",
			"| silence after one kill, 10 busy sessions, p99 | ≤ 60 ms | 1,400 ms | 1,300–1,500 | no |",
			"| lines from the server, 80 B each | lines/s | 1,400 | 100 | – | 14.00 × (a) [13.00–15.00] |",
			"- lines: the lamp was <red>",
			"![Silence that clients see after a kill](img/performance-recovery.svg)",
		} {
			if !strings.Contains(string(written), want) {
				t.Errorf("the document lacks %q", want)
			}
		}
		if strings.Contains(string(written), "old") || strings.Count(string(written), "Between.\n") != 5 {
			t.Errorf("the parts were not replaced as they should:\n%s", written)
		}
	}
	for _, name := range []string{"lines", "recovery"} {
		svg, err := os.ReadFile(filepath.Join(dir, "img", "performance-"+name+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(svg), "NaN") || strings.Contains(string(svg), "Inf") {
			t.Errorf("%s: a number is none:\n%s", name, svg)
		}
		for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if err := os.WriteFile(page, []byte("no markers"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.writeDocument(dir, "make bench"); err == nil || !strings.Contains(err.Error(), "<!-- bench: run -->") {
		t.Errorf("without markers: %v", err)
	}
}

// Metrics are found again by their names in a report that was kept.
func TestNamesOfMetricsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range measures() {
		for _, metric := range m.metrics {
			name := m.name + " " + metric.Name
			if seen[name] || metric.Name == "" {
				t.Errorf("%q is there twice, or empty", name)
			}
			seen[name] = true
		}
	}
}
