package jsonl

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

// read distributes what the program prints, until that ends.
func (c *Child) read(out *os.File) {
	in := bufio.NewReaderSize(out, 64<<10)
	for greeted := false; ; greeted = true {
		line, err := readLine(in)
		switch {
		case err == nil && !greeted:
			err = c.greet(line)
		case err == nil:
			err = c.distribute(line)
		case errors.Is(err, io.EOF), errors.Is(err, os.ErrDeadlineExceeded):
			c.shouldExit("its standard output")
			return
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// readLine returns a line without its end. It is valid until the next call. A
// last line that has no end is dropped: it may be half of one.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err == nil {
		return line[:len(line)-1], nil
	}
	var long []byte
	for errors.Is(err, bufio.ErrBufferFull) {
		long = append(long, line...)
		if len(long) > MaxLine {
			return nil, fmt.Errorf("the plugin's program printed a line of more than %d MiB, which begins %s: one object a line, and a large answer in several", MaxLine>>20, quoted(long))
		}
		line, err = in.ReadSlice('\n')
	}
	if err != nil {
		return nil, err
	}
	return append(long, line[:len(line)-1]...), nil
}

// greet takes the hello.
func (c *Child) greet(line []byte) error {
	err := decode(line, &c.hello)
	if err == nil {
		err = c.hello.check()
	}
	if err != nil {
		return fmt.Errorf("the first line that the plugin's program printed, %s, is not a hello: %w", quoted(line), err)
	}
	close(c.greeted)
	return nil
}

func (h *hello) check() error {
	switch {
	case h.Workbench == 0:
		return fmt.Errorf(`expected {"workbench":%d,"manifest":{…}}`, Version)
	case h.Workbench != Version:
		return fmt.Errorf("version %d of the protocol, where this workbench speaks %d: upgrade the older of the two", h.Workbench, Version)
	}
	if err := h.Manifest.Validate(); err != nil {
		return fmt.Errorf("invalid manifest: %w", err)
	}
	return nil
}

// distribute hands a line to the session that it names. A line for a session that
// is over was under way when that ended, and is dropped.
func (c *Child) distribute(line []byte) error {
	r, err := parseReply(line)
	if err != nil {
		return err
	}
	c.mu.Lock()
	m := c.sessions[*r.Session]
	c.mu.Unlock()
	switch {
	case m != nil:
		m.take(r)
	case *r.Session == 0 || *r.Session > c.last.Load():
		return fmt.Errorf("the plugin's program printed the line %s: no session %d", r.line, *r.Session)
	}
	return nil
}
