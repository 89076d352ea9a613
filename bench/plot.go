package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// plot says how a measure's metrics are drawn: a line for each system, or for
// each series of the workbench's, over a number; both axes logarithmic.
type plot struct {
	File  string // of the name docs/img/performance-FILE.svg
	Title string
	X, Y  string // what the axes show
}

// curve is one line of a plot, points by rising x.
type curve struct {
	name   string
	hue    string
	points []point
}

type point struct{ x, y, low, high float64 }

// curves returns what a plot of these rows shows. Bars of figures are a curve
// of their own.
func (r *report) curves(rows []*row) (all []curve) {
	add := func(name string, hue int, p point) {
		i := slices.IndexFunc(all, func(c curve) bool { return c.name == name })
		if i < 0 {
			i = len(all)
			all = append(all, curve{name: name, hue: hues[hue%len(hues)]})
		}
		all[i].points = append(all[i].points, p)
	}
	for _, row := range rows {
		for _, s := range r.systems {
			f, ok := row.figure(s.name)
			if row.X == 0 || !ok || f.low <= 0 {
				continue
			}
			name, hue := s.title, slices.Index(systemNames, s.name) // the same in all plots
			if row.Series != "" {
				name, hue = name+", "+row.Series, len(all)
			}
			add(name, hue, point{row.X, f.median, f.low, f.high})
		}
		if row.X > 0 && row.Bar != nil && !row.relative() {
			add("bar of "+row.Series, len(all), point{row.X, row.Bar.Limit, row.Bar.Limit, row.Bar.Limit})
		}
	}
	return all
}

// A plot's measures in pixels.
const (
	plotWidth, plotHeight   = 760, 400
	plotLeft, plotRight     = 80, 590 // of the axes; names of curves are to the right
	plotTop, plotBottom     = 44, 340
	namesLeft, namesApart   = 610, 22
	textSize, labelSize     = 12, 13
	tickLength, pointRadius = 4, 3
	spreadWidth, curveWidth = 1, 2
	labelGap, lineHeight    = 8, 18
)

// hues are told apart by people who see colours differently (Okabe and Ito),
// and stand out from white and from black.
var hues = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#8c8c8c", "#7f5fc7"}

// draw returns the plot as SVG, or "" where there is nothing to draw.
func (p *plot) draw(curves []curve) string {
	if len(curves) == 0 {
		return ""
	}
	x, y := axis{from: plotLeft, to: plotRight}, axis{from: plotBottom, to: plotTop}
	var xs, ys []float64
	for _, c := range curves {
		for _, at := range c.points {
			xs, ys = append(xs, at.x), append(ys, at.low, at.high)
		}
	}
	x.low, x.high = slices.Min(xs), slices.Max(xs)
	y.low, y.high = decade(slices.Min(ys), math.Floor), decade(slices.Max(ys), math.Ceil)

	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`+"\n",
		plotWidth, plotHeight, plotWidth, plotHeight, html.EscapeString(p.Title))
	fmt.Fprintf(&b, "<style>text{font:%dpx sans-serif;fill:#333}.t{font-weight:bold;font-size:%dpx}.g{stroke:#8886}.a{stroke:#888}"+
		"@media(prefers-color-scheme:dark){text{fill:#ccc}}</style>\n", textSize, labelSize)
	fmt.Fprintf(&b, `<text class="t" x="%d" y="20">%s</text>`+"\n", plotLeft, html.EscapeString(p.Title))
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", (plotLeft+plotRight)/2, plotBottom+2*lineHeight+6, html.EscapeString(p.X))
	fmt.Fprintf(&b, `<text transform="translate(16 %d) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (plotTop+plotBottom)/2, html.EscapeString(p.Y))
	for v := y.low; v <= y.high*1.001; v *= 10 {
		at := y.at(v)
		fmt.Fprintf(&b, `<path class="g" d="M%d %.1fH%d"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			plotLeft, at, plotRight, plotLeft-labelGap, at+4, number(v, max(0, int(-math.Floor(math.Log10(v))))))
	}
	slices.Sort(xs)
	for _, v := range slices.Compact(xs) {
		fmt.Fprintf(&b, `<path class="a" d="M%.1f %dv%d"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
			x.at(v), plotBottom, tickLength, x.at(v), plotBottom+lineHeight, shortNumber(v))
	}
	fmt.Fprintf(&b, `<path class="a" fill="none" d="M%d %dV%dH%d"/>`+"\n", plotLeft, plotTop, plotBottom, plotRight)
	for i, c := range curves {
		c.draw(&b, x, y, plotTop+i*namesApart)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// draw draws a curve, the spread at its points, and its name at a height.
func (c curve) draw(b *strings.Builder, x, y axis, height int) {
	dash := ""
	if strings.HasPrefix(c.name, "bar ") {
		dash = ` stroke-dasharray="5 4"`
	}
	path := "M"
	for j, at := range c.points {
		if j > 0 {
			path += "L"
		}
		path += fmt.Sprintf("%.1f %.1f", x.at(at.x), y.at(at.y))
	}
	fmt.Fprintf(b, `<g stroke="%s" fill="%s"><path fill="none" stroke-width="%d"%s d="%s"/>`, c.hue, c.hue, curveWidth, dash, path)
	for _, at := range c.points {
		fmt.Fprintf(b, `<path stroke-width="%d" d="M%.1f %.1fV%.1f"/><circle stroke="none" cx="%.1f" cy="%.1f" r="%d"/>`,
			spreadWidth, x.at(at.x), y.at(at.low), y.at(at.high), x.at(at.x), y.at(at.y), pointRadius)
	}
	fmt.Fprintf(b, `<path stroke-width="%d"%s d="M%d %dh24"/></g>`, curveWidth, dash, namesLeft, height)
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", namesLeft+30, height+4, html.EscapeString(c.name))
}

// axis places values between two pixels, by their logarithms.
type axis struct{ low, high, from, to float64 }

func (a axis) at(v float64) float64 {
	if a.high <= a.low {
		return (a.from + a.to) / 2
	}
	return a.from + (a.to-a.from)*math.Log(v/a.low)/math.Log(a.high/a.low)
}

// decade is the power of ten next to a value.
func decade(v float64, round func(float64) float64) float64 {
	return math.Pow(10, round(math.Log10(v)))
}

// shortNumber writes sizes as 4K and 1M, and other numbers as they are.
func shortNumber(v float64) string {
	switch n := int64(v); {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%dM", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%dK", n>>10)
	}
	return number(v, 0)
}
