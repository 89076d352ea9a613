package devloop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// ServeHTTP shows the loop to the page:
//
//	GET  /api/dev         the state, in JSON
//	GET  /api/dev/events  each state from now on, as server-sent events
//	POST /api/dev/move    moves the sessions that stayed
func (l *Loop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + strings.TrimSuffix(r.URL.Path, "/") {
	case "GET /api/dev":
		state, _ := l.State()
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(state)
	case "GET /api/dev/events":
		l.events(w, r)
	case "POST /api/dev/move":
		l.Move()
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, "there are GET /api/dev, GET /api/dev/events and POST /api/dev/move", http.StatusNotFound)
	}
}

func (l *Loop) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	for {
		state, changed := l.State()
		data, err := json.Marshal(state)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
			return
		}
		if control.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}
