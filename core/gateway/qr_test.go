package gateway

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rsc.io/qr"
)

// The teacher gets the address with the code in it, as a picture that has each module of
// the QR code where it belongs.
func TestClassQR(t *testing.T) {
	m := newRoom(t)
	teacher := &person{room: m, token: m.teacher}
	student := &person{room: m}
	student.joins("Anna")
	student.wants(http.StatusForbidden, "", "GET", "/api/class/qr.svg?n=0", "")
	for _, query := range []string{"", "?n=", "?n=1", "?n=-1", "?n=x"} {
		teacher.wants(http.StatusNotFound, "", "GET", "/api/class/qr.svg"+query, "")
	}
	_, drawn := teacher.ask("GET", "/api/class/qr.svg?n=0", "")

	code, err := qr.Encode("http://192.0.2.1:8000/join?code="+m.code, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(drawn, fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %[1]d"`, code.Size+8)) {
		t.Fatal(drawn)
	}
	black := map[[2]int]bool{}
	for _, run := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`).FindAllStringSubmatch(drawn, -1) {
		x, _ := strconv.Atoi(run[1])
		y, _ := strconv.Atoi(run[2])
		length, _ := strconv.Atoi(run[3])
		for i := range length {
			black[[2]int{x + i - 4, y - 4}] = true
		}
	}
	for y := -4; y < code.Size+4; y++ {
		for x := -4; x < code.Size+4; x++ {
			if black[[2]int{x, y}] != code.Black(x, y) {
				t.Fatalf("the module at %d, %d is drawn wrongly", x, y)
			}
		}
	}
}

// An address that is too long for a QR code is refused.
func TestClassQRTooLong(t *testing.T) {
	m := newRoom(t)
	m.Addresses = []string{"http://" + strings.Repeat("x", 4000)}
	w := httptest.NewRecorder()
	if m.showQR(w, httptest.NewRequest("GET", "/api/class/qr.svg?n=0", nil)); w.Code != http.StatusNotFound {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
