package web

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// The resources that do more than show a page.
const (
	echoPath      = "/echo"
	guestbookPath = "/guestbook"
)

// lastPage is the number of the log book's last page.
const lastPage = 5

// site is what the pages hold that differs between students.
type site struct {
	word   string // of the student's page, /secret/WORD
	number uint64 // on that page, 1000 to 9999
	today  uint64 // the page of the log book that /today leads to, 1 to lastPage
}

// Student returns what the site has for a student's seed: the word of the page
// /secret/WORD, the number on that page, and the number of the page that /today leads to.
func Student(seed string) (word string, number, today uint64) {
	s := newSite(seed)
	return s.word, s.number, s.today
}

// newSite derives all of it from the student's seed.
func newSite(seed string) site {
	hash := fnv.New64a()
	hash.Write([]byte(seed))
	h := hash.Sum64()
	draw := func(n int) int {
		k := h % uint64(n)
		h /= uint64(n)
		return int(k)
	}
	colours := strings.Fields("amber black blue brown copper gold green grey ivory pearl purple red silver violet white yellow")
	birds := strings.Fields("auk curlew dunlin eider fulmar gannet grebe heron kittiwake osprey petrel plover puffin skua tern whimbrel")
	return site{
		word:   colours[draw(len(colours))] + "-" + birds[draw(len(birds))],
		number: uint64(1000 + draw(9000)),
		today:  uint64(1 + draw(lastPage)),
	}
}

// allows returns the methods that a path takes, as a field Allow has them; "": there is no
// such path.
func (s *site) allows(path string) string {
	switch path {
	case "*", guestbookPath:
		return "GET, HEAD, POST, OPTIONS"
	case echoPath:
		return "POST, OPTIONS"
	}
	if s.page(path) == nil {
		return ""
	}
	return "GET, HEAD, OPTIONS"
}

// page returns the answer to GET of a path that has one without asking the world, or nil.
func (s *site) page(path string) *answer {
	switch path {
	case "/":
		return page("Marrow Point Lighthouse",
			"<p>A light for ships that nobody has seen.\n"+
				"<ul>\n<li><a href=\"/about\">About</a>\n<li><a href=\"/page/1\">Log book</a>\n<li><a href=\"/today\">Today</a>\n"+
				"<li><a href=\"/hunt\">Treasure hunt</a>\n<li><a href=\"/guestbook\">Guest book</a>\n</ul>\n")
	case "/about":
		return page("About", "<p>Built in 1871, lit ever since. No road leads here.\n")
	case "/old":
		return moved(301, "/about")
	case "/today":
		return moved(302, fmt.Sprintf("/page/%d", s.today))
	case "/hunt":
		return page("Treasure hunt", "<p>The keeper hid a number <a href=\"/secret/"+s.word+"\">for you</a>.\n")
	case "/secret/" + s.word:
		return text(200, plainText, fmt.Sprintf("Your number is %d.\n", s.number))
	case "/style.css":
		return text(200, "text/css", "body { max-width: 40em; margin: auto; font-family: serif }\n")
	case "/robots.txt":
		return text(200, plainText, "User-agent: *\nDisallow: /secret/\n")
	case "/chunked":
		return &answer{status: 200, kind: plainText, chunks: []string{"This answer ", "comes in\n", "three chunks.\n"}}
	}
	if n, ok := strings.CutPrefix(path, "/page/"); ok && len(n) == 1 && n[0] >= '1' && n[0] <= '0'+lastPage {
		return logPage(int(n[0] - '0'))
	}
	return nil
}

func logPage(n int) *answer {
	entries := [lastPage]string{"Fog. Rang the bell all night.", "A ship passed, and waved.", "Painted the door. Blue again.",
		"Storm from the north. The light held.", "Quiet. Counted 212 puffins."}
	next := "<p>The end. <a href=\"/\">Home</a>\n"
	if n < lastPage {
		next = fmt.Sprintf("<p><a href=\"/page/%d\">Next page</a>\n", n+1)
	}
	return page("Log book, page "+strconv.Itoa(n), "<p>"+entries[n-1]+"\n"+next)
}

// page is an HTML page.
func page(title, body string) *answer {
	return text(200, html, "<!doctype html>\n<html lang=\"en\">\n<title>"+title+"</title>\n"+
		"<link rel=\"stylesheet\" href=\"/style.css\">\n<h1>"+title+"</h1>\n"+body)
}

// moved leads to another path (RFC 9110, sections 15.4.2 and 15.4.3).
func moved(status int, to string) *answer {
	return text(status, plainText, "It is at "+to+" now.\n").with("Location", to)
}
