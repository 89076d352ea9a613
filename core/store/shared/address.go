package shared

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/protocol-workbench/workbench/core"
)

// DefaultTenant is whose log it is where the address names none.
const DefaultTenant = "workbench"

// ParseAddress reads the address of a shared log: nats:// or tls://, its servers with commas
// between them, the tenant after a '/' ([DefaultTenant] if it names none), and maybe
// ?replicas=N. Its errors are for the person who wrote the address.
func ParseAddress(address string) (c Config, err error) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || scheme != "nats" && scheme != "tls" {
		return c, fmt.Errorf("%q is no address of a shared log; it begins with nats:// or tls://, as in: nats://127.0.0.1:4222/school", core.CutWords(address, 100))
	}
	rest, query, _ := strings.Cut(rest, "?")
	hosts, tenant, _ := strings.Cut(rest, "/")
	if strings.Contains(hosts, "@") {
		return c, errors.New("passwords do not belong into an address, which others can see; put credentials into a file for --store-credentials")
	}
	c.Tenant = tenant
	if tenant == "" {
		c.Tenant = DefaultTenant
	} else if !ValidName(tenant) {
		return c, fmt.Errorf("tenant %q: it must be 1 to 32 letters, digits, '-' or '_'", core.CutWords(tenant, 100))
	}
	for host := range strings.SplitSeq(hosts, ",") {
		u, err := url.Parse(scheme + "://" + host)
		if err != nil || u.Hostname() == "" {
			return c, fmt.Errorf("%q is no server; name a host, and a port if it is not 4222", core.CutWords(host, 100))
		}
		if u.Port() == "" {
			u.Host = net.JoinHostPort(u.Hostname(), "4222")
		}
		c.Servers = append(c.Servers, u.String())
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return c, fmt.Errorf("what follows the '?' cannot be read: %w", err)
	}
	for name, value := range values {
		n, err := strconv.Atoi(value[0])
		if name != "replicas" || len(value) > 1 || err != nil || n < 1 || n > 5 {
			return c, fmt.Errorf("%q cannot be said of a shared log; the one thing that can is replicas, from 1 to 5, as in: ?replicas=3", core.CutWords(name+"="+value[0], 100))
		}
		c.Replicas = n
	}
	return c, nil
}

// UseCredentials has the log let in with what is in a file: credentials as nsc writes
// them, a JWT with its key, or the seed of an nkey. The file is read again at each
// connection.
func (c *Config) UseCredentials(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	option := nats.UserCredentials(path)
	if !strings.Contains(string(text), "BEGIN NATS USER JWT") {
		if option, err = nats.NkeyOptionFromSeed(path); err != nil {
			return fmt.Errorf("%s has neither credentials, as nsc writes them, nor the seed of an nkey", path)
		}
	}
	c.options = append(c.options, option)
	return nil
}

// TrustOnly has the certificates of the servers checked by the authorities of a file (PEM).
func (c *Config) TrustOnly(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return fmt.Errorf("%s has no certificate (PEM)", path)
	}
	c.options = append(c.options, nats.RootCAs(path))
	return nil
}

// IsClear reports whether a server is reached over a network, and not asked for TLS.
func (c *Config) IsClear() bool {
	return slices.ContainsFunc(c.Servers, func(server string) bool {
		u, err := url.Parse(server)
		if err != nil {
			return true
		}
		ip := net.ParseIP(u.Hostname())
		return u.Scheme == "nats" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
	})
}
