// Package mail is the fictional mail world of the practice servers: a domain,
// [Domain], with a small cast and a mailbox for each student. Nothing ever leaves it.
//
// What its callers do, in order:
//
//  1. Make one [Store] for all servers that share the mailboxes, by [New].
//  2. Servers in Go (IMAP) use [Store.Login], [Store.Find] and the methods of [Box].
//  3. Servers that are machines (SMTP, POP3) ask in text: [Store.Ask], whose
//     questions are listed there.
//
// A Store is safe for concurrent use, and bounded by the constants below. It forgets
// everything when it is dropped: it writes no files.
//
// Passwords are no secrets here: they are printed in lessons, and derived from names
// by a public rule ([Password]). A mailbox must hold nothing but practice mail.
package mail
