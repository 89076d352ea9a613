package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core/store/shared"
)

// sharedFlags say where recordings are kept that other workbenches read too.
type sharedFlags struct {
	store       string // address of the shared log; "": there is none
	credentials string // file to get in with
	ca          string // file of authorities
	name        string // of this workbench; "": made of the machine's and the folder's
}

func (s *sharedFlags) add(flags *pflag.FlagSet) {
	s.addReach(flags, "keep recordings in the log")
	flags.StringVar(&s.name, "store-name", "", "be `NAME` among the workbenches that share it (default: made of the machine's name and the folder of the recordings)")
}

// addReach adds the flags that say where it is, and what for.
func (s *sharedFlags) addReach(flags *pflag.FlagSet, use string) {
	flags.StringVar(&s.store, "store", "", use+" that workbenches share at `URL`, as nats://HOST:PORT,HOST:PORT/TENANT, or tls:// (see docs/scale.md)")
	flags.StringVar(&s.credentials, "store-credentials", "", "get in there with the credentials, or the seed of an nkey, in `FILE`")
	flags.StringVar(&s.ca, "store-ca", "", "trust the authorities of `FILE` (PEM) for its certificates")
}

// read returns the configuration of the shared log for a workbench that records into folder;
// nil if there is none.
func (s *sharedFlags) read(folder string, log *slog.Logger) (*shared.Config, error) {
	c, err := s.reach(log)
	if c == nil || err != nil {
		return nil, err
	}
	c.Log = log
	if c.Gateway = s.name; s.name == "" {
		c.Gateway = gatewayName(folder)
	} else if !shared.ValidName(s.name) {
		return nil, fmt.Errorf("--store-name %q: it must be 1 to 32 letters, digits, '-' or '_'", s.name)
	}
	return c, nil
}

// reach returns what says where the shared log is; nil if there is none.
func (s *sharedFlags) reach(log *slog.Logger) (*shared.Config, error) {
	if s.store == "" {
		for name, value := range map[string]string{"credentials": s.credentials, "ca": s.ca, "name": s.name} {
			if value != "" {
				return nil, fmt.Errorf("--store-%s is given without --store, as in: --store nats://127.0.0.1:4222", name)
			}
		}
		return nil, nil
	}
	c, err := shared.ParseAddress(s.store)
	if err != nil {
		return nil, fmt.Errorf("--store: %w", err)
	}
	if s.credentials != "" {
		if err := c.UseCredentials(s.credentials); err != nil {
			return nil, fmt.Errorf("--store-credentials: %w", err)
		}
	}
	if s.ca != "" {
		if err := c.TrustOnly(s.ca); err != nil {
			return nil, fmt.Errorf("--store-ca: %w", err)
		}
	}
	if c.IsClear() {
		log.Warn("recordings cross the network in clear, unless the shared log's servers ask for TLS; an address with tls:// asks for it here", "servers", c.Servers)
	}
	return &c, nil
}

var unnamed = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// open opens the shared log; nil: there is none.
func (s *sharedFlags) open(folder string, log *slog.Logger) (*shared.Log, error) {
	c, err := s.read(folder, log)
	if c == nil || err != nil {
		return nil, err
	}
	return shared.Open(*c)
}

// letGo closes a shared log to which nothing more is to be shipped. It is idempotent.
func letGo(l *shared.Log) {
	ctx, now := context.WithCancel(context.Background())
	now()
	l.Close(ctx)
}

// openFor opens the shared log that a class has to itself, and waits for it for a while;
// nil: there is none.
func (s *sharedFlags) openFor(ctx context.Context, class, folder string, log *slog.Logger) (*shared.Log, error) {
	c, err := s.read(folder, log)
	if c == nil || err != nil {
		return nil, err
	}
	if err := ofClass(c, class); err != nil {
		return nil, err
	}
	l, err := shared.Open(*c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, firstWait)
	defer cancel()
	l.Await(ctx)
	return l, nil
}

// ofClass has a configuration be for what a class has to itself.
func ofClass(c *shared.Config, class string) error {
	c.Tenant += "_" + class
	if !shared.ValidName(c.Tenant) {
		return fmt.Errorf("--class %s with --store: %s would name what the class has in the shared log, and that must be 1 to 32 letters, digits, '-' or '_'", class, c.Tenant)
	}
	return nil
}

// firstWait is how long a class waits for the shared log before it begins with the copy that
// it has.
const firstWait = 10 * time.Second

// gatewayName names this workbench: the same each time that it uses the same folder.
func gatewayName(folder string) string {
	host, _ := os.Hostname()
	if path, err := filepath.Abs(folder); err == nil {
		folder = path
	}
	sum := fnv.New32a()
	sum.Write([]byte(folder))
	host = unnamed.ReplaceAllString(host, "-")
	return fmt.Sprintf("%s-%04x", host[:min(len(host), 20)], sum.Sum32()&0xffff)
}
