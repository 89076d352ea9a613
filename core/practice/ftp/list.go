package ftp

import (
	"fmt"
	"net"
	"path"
	"strings"
	"time"
)

const factTime = "20060102150405" // of RFC 3659, section 2.3

// list sends what is in a directory, or what a pattern such as *.txt names, in lines that
// one makes of each, with the name that a client may say.
func (s *session) list(argument string, line func(n node, name string) string) {
	for strings.HasPrefix(argument, "-") { // as of ls: LIST -la
		_, argument, _ = strings.Cut(argument, " ")
	}
	at := absolute(s.dir, argument)
	argument = strings.TrimSuffix(argument, "/")
	all, prefix := []node(nil), argument[:strings.LastIndexByte(argument, '/')+1]
	switch n, err := s.find(at); {
	case err == nil && n.dir:
		all = s.server.Files.list(s.own, at)
		if prefix = ""; at != s.dir {
			prefix = argument + "/"
		}
	case err == nil:
		all = []node{n}
	default:
		up := path.Dir(at)
		for _, n := range s.server.Files.list(s.own, up) {
			if ok, _ := path.Match(path.Base(at), n.name()); ok {
				all = append(all, n)
			}
		}
		if len(all) == 0 {
			s.refuse(at, errNone)
			return
		}
	}
	var lines strings.Builder
	for _, n := range all {
		if line == nil {
			lines.WriteString(prefix + n.name() + "\r\n")
		} else {
			lines.WriteString(line(n, n.name()) + "\r\n")
		}
	}
	s.sendList(at, lines.String())
}

func (s *session) sendList(at, lines string) {
	s.rest = 0
	if open := s.ready(); open != nil {
		s.begin(open, "What is in "+at+" comes", func(conn net.Conn) (string, error) {
			return "That is all", send(conn, []byte(lines))
		})
	}
}

// longLine is a line as of ls -l.
func longLine(n node, name string) string {
	kind := "-r--r--r--"
	switch {
	case n.path == Upload || n.dir && strings.HasPrefix(n.path, Upload):
		kind = "drwxrwxrwx"
	case n.dir:
		kind = "dr-xr-xr-x"
	case strings.HasPrefix(n.path, Upload):
		kind = "-rw-rw-rw-"
	}
	when := "Jan _2  2006"
	if age := time.Since(n.changed); age < 180*24*time.Hour {
		when = "Jan _2 15:04"
	}
	return fmt.Sprintf("%s 1 %-9s practice %8d %s %s", kind, n.owner, len(n.data), n.changed.UTC().Format(when), name)
}

// facts are what RFC 3659, section 7, has of a file.
func facts(n node, name string) string {
	if n.dir {
		return fmt.Sprintf("type=dir;modify=%s; %s", n.changed.UTC().Format(factTime), name)
	}
	return fmt.Sprintf("type=file;size=%d;modify=%s; %s", len(n.data), n.changed.UTC().Format(factTime), name)
}

func (s *session) mlsd(argument string) {
	at := absolute(s.dir, argument)
	switch n, err := s.find(at); {
	case err != nil:
		s.refuse(at, err)
	case !n.dir:
		s.replyf("501 %s is a file, and MLSD is for directories; MLST tells of a file", at)
	default:
		var lines strings.Builder
		for _, n := range s.server.Files.list(s.own, at) {
			lines.WriteString(facts(n, n.name()) + "\r\n")
		}
		s.sendList(at, lines.String())
	}
}

// mlst tells of one file over the control connection.
func (s *session) mlst(argument string) {
	at := absolute(s.dir, argument)
	n, err := s.find(at)
	if err != nil {
		s.refuse(at, err)
		return
	}
	s.replyf("250-What there is\n %s\n250 That is all", facts(n, n.path))
}
