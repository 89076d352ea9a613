package mail

import "strings"

// firstMail is what a new mailbox holds, so that there is something to read. The dates
// are fixed: the same name always gets the same bytes.
func firstMail(name string) []Message {
	address := name + "@" + Domain
	code := person(name, "").Code
	letters := []struct{ from, head, body string }{
		{"postmaster", "Subject: Welcome to " + Domain + "\nDate: Mon, 2 Nov 2026 08:00:00 +0000\nMessage-ID: <1." + name + "@" + Domain + ">",
			"This mailbox is for practice. Nothing that is sent here leaves this room,\nand anybody may claim to be anybody: do not believe a From line.\n"},
		{"alice", "Subject: The code\nDate: Tue, 3 Nov 2026 09:30:00 +0000\nMessage-ID: <2." + name + "@" + Domain + ">",
			"The code that you asked for is " + code + ".\n\nAlice\n"},
		{"bob", "Subject: A dot\nDate: Wed, 4 Nov 2026 17:45:00 +0000\nMessage-ID: <3." + name + "@" + Domain + ">",
			"The next line is one dot, and yet not the end:\n.\nThis one begins with two:\n.. and here they are.\n\nBob\n"},
	}
	var all []Message
	for _, l := range letters {
		from := l.from + "@" + Domain
		text := "From: " + strings.ToUpper(l.from[:1]) + l.from[1:] + " <" + from + ">\nTo: <" + address + ">\n" + l.head + "\n\n" + l.body
		all = append(all, Message{From: from, Data: lines([]byte(text))})
	}
	return all
}
