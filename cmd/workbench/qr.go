package main

import (
	"io"
	"strings"

	"rsc.io/qr"

	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
)

// quietZone is how many light modules are around a QR code (ISO/IEC 18004, section 6.3.8).
const quietZone = 4

// Black on white, whatever the terminal's own colours are, and those again.
const (
	blackOnWhite = "\x1b[38;5;16;48;5;231m"
	plainAgain   = "\x1b[0m"
)

// printQR prints a QR code of a text, two modules a character. Where there are no colours,
// light modules are drawn, as for a dark terminal.
func printQR(w io.Writer, text string) error {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return err
	}
	begin, end, inColour := "", "", screen.InColour(w)
	if inColour {
		w, begin, end = screen.Unfiltered(w), blackOnWhite, plainAgain
	}
	drawn := func(x, y int) bool { return code.Black(x, y) == inColour }
	var b strings.Builder
	for y := -quietZone; y < code.Size+quietZone; y += 2 {
		b.WriteString(begin)
		for x := -quietZone; x < code.Size+quietZone; x++ {
			switch upper, lower := drawn(x, y), drawn(x, y+1); {
			case upper && lower:
				b.WriteRune('█')
			case upper:
				b.WriteRune('▀')
			case lower:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString(end + "\n")
	}
	_, err = io.WriteString(w, b.String())
	return err
}
