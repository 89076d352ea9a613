package plugincheck

import (
	"reflect"
	"testing"
)

func TestReadProfile(t *testing.T) {
	text := "mode: atomic\nhost/x/in/a.go:3.10,5.2 2 4\nhost/x/in/a.go:5.2,7.2 1 0\nhost/x/in/a.go:9.1,9.9 0 0\nelsewhere/b.go:1.1,1.4 1 0\n"
	got := readProfile([]byte(text), func(file string) bool { return file == "in/a.go" })
	want := map[string]executed{"in/a.go": {3: true, 4: true, 5: true, 6: false, 7: false}, "elsewhere/b.go": {1: false}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}
