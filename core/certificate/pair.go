package certificate

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/plainfile"
)

// maxFile bounds a file of a pair, in bytes.
const maxFile = 1 << 20

// lookEvery is how long a pair is used before its files are looked at again.
const lookEvery = time.Second

// Pair is a certificate, with its chain, and its key, in two files of PEM text. It is
// safe for concurrent use.
type Pair struct {
	certificate, key string
	log              *slog.Logger

	mu     sync.Mutex
	looked time.Time
	text   [2][]byte // of the files, when they were looked at
	failed string    // why what they had then is not used
	pair   *tls.Certificate
}

// OpenPair reads a pair. Its errors say which of the files is to blame: one cannot be
// read, the key belongs to another certificate, the certificate is over or has not
// begun, or other accounts can read the key. The log is told when the files change
// later.
func OpenPair(certificate, key string, log *slog.Logger) (*Pair, error) {
	p := &Pair{certificate: certificate, key: key, log: log, looked: time.Now()}
	text, err := p.read()
	if err != nil {
		return nil, err
	}
	if p.pair, err = p.parse(text); err != nil {
		return nil, err
	}
	p.text = text
	return p, nil
}

// Leaf returns the certificate that is shown now.
func (p *Pair) Leaf() *x509.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pair.Leaf
}

// Get returns the pair. Files that have changed take its place if they pass the same
// checks; until then, such as between the writing of the one and of the other, the pair
// stays.
func (p *Pair) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.looked) < lookEvery {
		return p.pair, nil
	}
	p.looked = time.Now()
	text, err := p.read()
	if err == nil && bytes.Equal(text[0], p.text[0]) && bytes.Equal(text[1], p.text[1]) {
		return p.pair, nil
	}
	pair := p.pair
	if err == nil {
		p.text = text
		pair, err = p.parse(text)
	}
	switch {
	case err == nil:
		p.pair, p.failed = pair, ""
		p.log.Info("the certificate's files have changed and are used", "file", p.certificate, "until", pair.Leaf.NotAfter)
	case err.Error() != p.failed:
		p.failed = err.Error()
		p.log.Warn("the certificate's files have changed and cannot be used; the one before stays", "reason", p.failed)
	}
	return p.pair, nil
}

func (p *Pair) read() (text [2][]byte, err error) {
	for i, path := range []string{p.certificate, p.key} {
		if text[i], err = readFile(path, i == 1); err != nil {
			return text, err
		}
	}
	return text, nil
}

// readFile reads a file, which may be a link, as certbot has them. No account but the
// owner's and the group's may be able to read a secret one.
func readFile(path string, secret bool) ([]byte, error) {
	info, err := os.Stat(path) // opening a pipe would wait
	if err != nil {
		return nil, plainfile.Unreadable(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if secret && info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s can be read by other accounts (mode %04o); a key must not be: chmod 600 it, and replace it if others are on this machine", path, info.Mode().Perm())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, plainfile.Unreadable(path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, plainfile.Unreadable(path, err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, maxFile)
	}
	return text, nil
}

func (p *Pair) parse(text [2][]byte) (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(text[0], text[1])
	if err != nil {
		return nil, fmt.Errorf("%s and %s are no certificate and its key: %w", p.certificate, p.key, err)
	}
	now, leaf := time.Now(), pair.Leaf
	switch {
	case now.After(leaf.NotAfter):
		return nil, fmt.Errorf("the certificate in %s expired on %s", p.certificate, day(leaf.NotAfter))
	case now.Before(leaf.NotBefore):
		return nil, fmt.Errorf("the certificate in %s is valid only from %s", p.certificate, day(leaf.NotBefore))
	case leaf.IsCA && len(leaf.DNSNames)+len(leaf.IPAddresses) == 0:
		return nil, errors.New("the first certificate in " + p.certificate + " is an authority's; put the server's above it")
	}
	return &pair, nil
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
