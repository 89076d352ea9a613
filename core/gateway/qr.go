package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"rsc.io/qr"
)

// quietZone is how many light modules are around a QR code (ISO/IEC 18004, section 6.3.8).
const quietZone = 4

// showQR draws an address at which the class is joined, the one that n counts from 0, as a
// QR code.
func (g *Gateway) showQR(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Query().Get("n"))
	if err != nil || n < 0 || n >= len(g.Addresses) {
		refuseWith(w, http.StatusNotFound, errors.New("n must count an address of the class from 0, as in n=0"))
		return
	}
	drawn, err := qrSVG(JoinAddress(g.Addresses[n], g.Class.State().Code))
	if err != nil {
		refuseWith(w, http.StatusNotFound, fmt.Errorf("draw the address: %w", err))
		return
	}
	answerAs(w, "image/svg+xml")
	io.WriteString(w, drawn)
}

// qrSVG draws a text, black on white whatever the page's colours are: readers expect that.
func qrSVG(text string) (string, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", err
	}
	side := code.Size + 2*quietZone
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %[1]d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%[1]dv%[1]dH0z"/><path d="`, side)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%[3]dz", from+quietZone, y+quietZone, x-from)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String(), nil
}
