package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// code returns with which one joins the class; "" in a school that holds none.
func (sc *school) code(ctx context.Context) (string, error) {
	if sc.class == "" {
		return "", nil
	}
	var class struct{ Code string }
	err := sc.teacher.get(ctx, "/api/class", &class)
	return class.Code, err
}

// join joins the class, with a page that is open until working is done.
func (k *student) join(ctx, working context.Context, code, name string) (err error) {
	if k.who, err = k.gateway.join(ctx, code, name); err != nil {
		return err
	}
	read, err := k.gateway.live(working, k.who, "/api/class/live")
	if err != nil {
		return err
	}
	go read(func([]byte) {})
	return nil
}

// join joins the class, and returns the header by which the student is known from then on.
func (g *gateway) join(ctx context.Context, code, name string) (http.Header, error) {
	body, err := json.Marshal(map[string]string{"code": code, "name": name})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.address()+"/api/join", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = http.Header{"X-Workbench": {"1"}, "Sec-Fetch-Site": {"same-origin"}}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	who := http.Header{"Sec-Fetch-Site": {"same-origin"}}
	for _, c := range response.Cookies() {
		who.Add("Cookie", c.Name+"="+c.Value)
	}
	if response.StatusCode != http.StatusOK || who.Get("Cookie") == "" {
		why, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return nil, fmt.Errorf("%s cannot join: %s: %s", name, response.Status, bytes.TrimSpace(why))
	}
	return who, nil
}

// live opens one of the page's streams. What it returns reads that until ctx is done.
func (g *gateway) live(ctx context.Context, who http.Header, path string) (read func(each func(message []byte)), err error) {
	ws, _, err := websocket.DefaultDialer.DialContext(ctx, strings.TrimSuffix(g.url, "/websocket/ws")+path, who)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	stop := context.AfterFunc(ctx, func() { ws.Close() })
	return func(each func([]byte)) {
		defer ws.Close()
		defer stop()
		for {
			_, message, err := ws.ReadMessage()
			if err != nil {
				return
			}
			each(message)
		}
	}, nil
}

// stamp is a line that tells when it was typed.
func stamp(at time.Time) string { return fmt.Sprintf("at %d", at.UnixNano()) }

var stamped = regexp.MustCompile(`at (\d{19})`)

// lags tell how late each line comes that is typed after began.
type lags struct {
	began time.Time

	mu   sync.Mutex
	seen map[string]bool
	took []time.Duration
}

// take takes in a message in which lines are, which may have been in one before.
func (l *lags) take(message []byte) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, found := range stamped.FindAllSubmatch(message, -1) {
		at, err := strconv.ParseInt(string(found[1]), 10, 64)
		if typed := time.Unix(0, at); err == nil && typed.After(l.began) && !l.seen[string(found[1])] {
			l.seen[string(found[1])] = true
			l.took = append(l.took, now.Sub(typed))
		}
	}
}
