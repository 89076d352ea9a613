package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// securityPrefix begins the parameters of the query that are target.Choices.
const securityPrefix = "tls."

// choose makes the choices of a query into how TLS is spoken with the target: from the
// beginning, or if it upgrades, in mid-stream.
func (g *Gateway) choose(t target.Target, choices []target.Choice, upgrades bool) (s target.Security, err error) {
	if len(choices) > 0 && !t.TLS && !upgrades {
		if !t.TakesTLS() {
			return s, &target.Error{Code: target.CodeParameter, Words: fmt.Sprintf(
				"the address has %q, but there is no TLS to %s", core.CutWords(securityPrefix+choices[0].Name, core.MaxName), t)}
		}
		return s, &target.Error{Code: target.CodeParameter, Words: fmt.Sprintf(
			"the address has %q, but the target is not dialled with TLS: write %s before it, or starttls=on for an upgrade in mid-stream", core.CutWords(securityPrefix+choices[0].Name, core.MaxName), t.TLSMark())}
	}
	slices.SortFunc(choices, func(a, b target.Choice) int { return strings.Compare(a.Name, b.Name) })
	for _, c := range choices {
		if err := s.Choose(c, g.Credentials); err != nil {
			var e *target.Error
			if errors.As(err, &e) {
				e.Words = securityPrefix + e.Words
			}
			return s, err
		}
	}
	return s, nil
}

// told returns the choices that are not the default, for a recording.
func told(s target.Security) (all []transcript.OptionValue) {
	for _, c := range s.Choices() {
		all = append(all, transcript.OptionValue(c))
	}
	return all
}

// atLength says in one line what a page would show in parts: what went wrong,
// the certificate, and what to add to the query to go on.
func atLength(e *target.Error) string {
	words := e.Words
	if e.Certificate != nil {
		words += "; certificate " + e.Certificate.String()
	}
	var ways []string
	for _, way := range e.Ways {
		value := way.Value
		switch {
		case value == "" && way.Name == target.ChoiceCert, value == "ca:":
			value += "ID (of a certificate given by POST /api/tls)"
		case value == "" && way.Name == target.ChoiceALPN:
			value = "PROTOCOLS"
		case value == "":
			value = strings.ToUpper(way.Name)
		}
		ways = append(ways, securityPrefix+way.Name+"="+value)
	}
	if ways != nil {
		words += "; to go on, add to the query " + strings.Join(ways, " or ")
	}
	return words
}

// credentials answers GET /api/tls with a JSON array of target.Credential, in
// the order that they came. Their keys are in no answer.
func (g *Gateway) credentials(w http.ResponseWriter, r *http.Request) {
	if _, err := oneOfEach(r.URL.Query()); err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(g.Credentials.List())
}

// addCredential answers POST /api/tls, whose body is PEM text, with the
// target.Credential that it makes.
func (g *Gateway) addCredential(w http.ResponseWriter, r *http.Request) {
	_, err := oneOfEach(r.URL.Query())
	var text []byte
	if err == nil {
		text, err = io.ReadAll(r.Body)
	}
	var c *target.Credential
	if err == nil {
		c, err = target.ParseCredential(text)
	}
	if err == nil {
		err = g.Credentials.Add(c)
	}
	switch {
	case errors.Is(err, target.ErrFull):
		refuseWith(w, http.StatusConflict, err)
	case err != nil:
		refuseWith(w, refusalOf(err), err)
	default:
		answerAs(w, "application/json")
		json.NewEncoder(w).Encode(c)
	}
}

// forgetCredential answers DELETE /api/tls/ID.
func (g *Gateway) forgetCredential(w http.ResponseWriter, r *http.Request) {
	if _, err := oneOfEach(r.URL.Query()); err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	if !g.Credentials.Forget(r.PathValue("id")) {
		refuseWith(w, http.StatusNotFound, errors.New("no such certificate"))
		return
	}
	answerAs(w, "")
	w.WriteHeader(http.StatusNoContent)
}
