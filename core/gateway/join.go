package gateway

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
)

// joinHTML is the page on which somebody joins a class. It stands alone: who sees it may
// not load the files of the workbench's page yet.
//
//go:embed join.html
var joinHTML string

// joinPolicy is the Content-Security-Policy of that page: the workbench's, but for the one
// script and the one style in it.
var joinPolicy = "default-src 'none'; script-src " + hashOf("script") + "; style-src " + hashOf("style") + "; img-src data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// hashOf returns the hash of an element's text in joinHTML, as the policy has it (CSP 3,
// section 2.3.1).
func hashOf(element string) string {
	_, text, _ := strings.Cut(joinHTML, "<"+element+">")
	text, _, _ = strings.Cut(text, "</"+element+">")
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func joinPage(w http.ResponseWriter, _ *http.Request) {
	answerAs(w, "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", joinPolicy)
	io.WriteString(w, joinHTML)
}
