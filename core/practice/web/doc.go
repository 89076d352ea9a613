// Package web is the practice server for HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112): a
// small made-up site, for people who learn the protocol by typing requests.
//
// [Discipline] is its machine, at the server's end of one connection: the client's bytes
// go in, answers come out. It needs an engine that carries the actions out, and a
// [Guestbook] that answers what it asks the world. One Guestbook serves all connections
// whose people should see each other's entries.
//
// It is stricter than servers on the Internet are, because a request that only some
// servers take is not learned yet. What is not a request as the RFCs have it is refused
// by a 4xx with one sentence that says what to type instead, and the connection ends:
// where the next request would begin is in doubt, and that doubt is what request smuggling
// uses (RFC 9112, section 11.2). What is a request, and cannot be answered as asked (404,
// 405), leaves the connection open.
//
// # The site
//
//	/ /about /style.css /robots.txt     pages
//	/page/1 to /page/5                  a log book, each page linked to the next
//	/old, /today                        301 to /about, 302 to a page of the log book
//	/chunked                            an answer in chunks
//	/hunt, /secret/WORD                 the second is linked from the first, and holds a number
//	/echo                               POST: the body that came, with its type
//	/guestbook                          GET: the last entries; POST: writes one
//
// WORD, the number and the page of today are derived from the option seed.
//
// # What it leaves out
//
// No answer has a Date: a server without a clock sends none (RFC 9110, section 6.6.1), and
// answers that never change can be compared. Nor are there ranges, conditions, content
// negotiation, TLS, upgrades. The Host may name any host.
package web
