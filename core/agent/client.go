package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core"
)

// maxAnswer bounds an answer of the workbench that is held, in bytes, maxWords what is told
// of a refusal.
const (
	maxAnswer = 8 << 20
	maxWords  = 4 << 10
)

// client asks a workbench in the name of an agent.
type client struct {
	at    *url.URL // http or https
	token string   // "": as a program of the account that runs it
	name  string   // of the agent
	http  *http.Client
}

// direct returns what asks over no proxy and follows no redirection, since a workbench has
// neither and requests have a token.
func direct() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (c *client) header() http.Header {
	h := http.Header{"X-Workbench-Agent": {c.name}, "X-Workbench": {"1"}}
	if c.token != "" {
		h.Set("Authorization", "Bearer "+c.token)
	}
	return h
}

// ask sends a request whose body is JSON, or bytes as they are, and returns the answer's body.
// Who calls it closes that.
func (c *client) ask(ctx context.Context, method, path string, query url.Values, body any) (io.ReadCloser, error) {
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		in = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(text)
	}
	to := *c.at
	to.Path, to.RawPath, to.RawQuery = "", "", query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, to.JoinPath(path).String(), in)
	if err != nil {
		return nil, err
	}
	r.Header = c.header()
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(r)
	if err == nil {
		err = c.refusal(answer)
	}
	if err != nil {
		return nil, c.explain(err)
	}
	return answer.Body, nil
}

// get asks for JSON.
func (c *client) get(ctx context.Context, path string, query url.Values, into any) error {
	return c.do(ctx, http.MethodGet, path, query, nil, into)
}

// do is ask for an answer in JSON; into may be nil.
func (c *client) do(ctx context.Context, method, path string, query url.Values, body, into any) error {
	answer, err := c.ask(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	text, err := io.ReadAll(io.LimitReader(answer, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("the workbench's answer broke off: %w", err)
	case len(text) > maxAnswer:
		return fmt.Errorf("the workbench's answer has more than %d MiB; ask for less", maxAnswer>>20)
	case into == nil:
		return nil
	}
	return json.Unmarshal(text, into)
}

// refusal returns why a workbench refused a request, and closes its answer; nil: it did not.
func (c *client) refusal(answer *http.Response) error {
	if answer.StatusCode < http.StatusMultipleChoices {
		return nil
	}
	defer answer.Body.Close()
	words, _ := io.ReadAll(io.LimitReader(answer.Body, maxWords))
	if answer.StatusCode == http.StatusUnauthorized {
		return fmt.Errorf("the workbench at %s does not know who asks: give a token by WORKBENCH_TOKEN or --token-file; \"workbench user add NAME --role student\" prints one", c.at)
	}
	return fmt.Errorf("the workbench answers %d: %s", answer.StatusCode, core.Printable(strings.TrimSpace(string(words))))
}

// explain says what to do where no workbench answers.
func (c *client) explain(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return fmt.Errorf("no workbench answers at %s: start one with \"workbench serve --agents\", or name another with --at (%w)", c.at, op.Err)
	}
	return err
}

// upgrade opens a WebSocket of the workbench.
func (c *client) upgrade(ctx context.Context, query url.Values) (*websocket.Conn, error) {
	to := *c.at
	to.Scheme = strings.Replace(to.Scheme, "http", "ws", 1)
	to.Path, to.RawPath, to.RawQuery = "/websocket/ws", "", query.Encode()
	d := websocket.Dialer{Subprotocols: []string{"workbench.v1"}, HandshakeTimeout: openLimit}
	ws, answer, err := d.DialContext(ctx, to.String(), c.header())
	if err == nil {
		return ws, nil
	}
	if answer != nil {
		if refused := c.refusal(answer); refused != nil {
			return nil, refused
		}
	}
	return nil, c.explain(err)
}
