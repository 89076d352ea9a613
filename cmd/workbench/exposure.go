package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core/target"
)

// exposure is what decides whether the workbench may be served where it is told to.
type exposure struct {
	named    string // --listen
	local    bool   // only this machine reaches it
	browsers bool   // can open it by an address
	hosts    int    // named by --host

	auth   string   // --auth
	policy []string // --policy

	certificate, key bool // --tls-cert, --tls-key
	auto             bool // --tls auto
	proxied          bool // --behind-proxy
	plain            bool // --plain-http
	open             bool // --open
}

// reached reports whether other machines can reach the workbench.
func (e exposure) reached() bool { return !e.local || e.proxied }

// check returns why this must not be served, with the flag to add or to change; nil: it
// may. What others can reach needs access control, a policy of targets that keeps what
// is private out, and one answer to who else on the way can read along.
func (e exposure) check() error {
	switch {
	case e.certificate && !e.key:
		return errors.New("--tls-cert needs the certificate's key; add --tls-key FILE")
	case e.key && !e.certificate:
		return errors.New("--tls-key needs its certificate; add --tls-cert FILE")
	case e.certificate && e.auto:
		return errors.New("--tls auto and --tls-cert exclude each other; choose one")
	case e.plain && (e.certificate || e.auto):
		return errors.New("--plain-http and TLS exclude each other; leave --plain-http out")
	case e.plain && e.proxied:
		return errors.New("--plain-http and --behind-proxy exclude each other; choose one")
	case e.proxied && e.hosts == 0:
		return errors.New("--behind-proxy needs the name by which browsers reach the proxy; add --host NAME:PORT, as in: --host bench.example:443")
	case e.open && !e.browsers && !e.proxied:
		return fmt.Errorf("--open needs an address for the browser, and --listen %s has none; leave --open out", e.named)
	case !e.reached():
		return nil
	case e.auth == authNone:
		return fmt.Errorf("--auth none is refused with %s: whoever reaches it could dial from here and read all recordings; use --auth token", e.because())
	case slices.Contains(e.policy, target.Local.String()):
		return fmt.Errorf("--policy local is refused with %s: whoever gets in could reach what only this machine can; use --policy public, and let in what is needed, as in: --policy 'allow 10.1.2.0/24:5432'", e.because())
	case e.local || e.certificate || e.auto || e.proxied || e.plain:
		return nil
	}
	return fmt.Errorf("--listen %s can be reached from other machines; add --tls auto or --tls-cert FILE --tls-key FILE, or --behind-proxy RANGES where a proxy does TLS; or --plain-http in a closed room, where everyone may read along", e.named)
}

// because names the flag by which others reach the workbench.
func (e exposure) because() string {
	if e.proxied {
		return "--behind-proxy"
	}
	return "--listen " + e.named
}

// targets returns the words of the policy that holds, and whether the preset in it is
// one that nobody chose.
func (e exposure) targets() (words []string, chosen bool) {
	if namesPreset(e.policy) || !e.reached() {
		return e.policy, false
	}
	return append(slices.Clip(e.policy), target.Public.String()), true
}

// namesPreset reports whether a preset is among the words of --policy.
func namesPreset(words []string) bool {
	return slices.ContainsFunc([]target.Preset{target.Local, target.Public, target.Practice}, func(p target.Preset) bool {
		return slices.Contains(words, p.String())
	})
}

// notices says at the start what people should know of how others reach this.
func (e exposure) notices() (lines []string) {
	if _, chosen := e.targets(); chosen {
		lines = append(lines, "Others can reach this, so it dials only what is on the Internet (--policy public); --policy can allow more.")
	}
	if e.plain && !e.local {
		lines = append(lines, "Not encrypted (--plain-http): everyone on the network there can read and change what is typed, sent and recorded, and take over what belongs to others.")
	}
	if e.auto {
		lines = append(lines, "Browsers must trust the authority of this certificate first; run workbench ca to see how.")
	}
	return lines
}

// tlsAuto is the value of --tls.
const tlsAuto = "auto"

func checkTLS(value string) error {
	if value != "" && value != tlsAuto {
		return fmt.Errorf("--tls is %q; it must be %s, or left out", strings.ToValidUTF8(value, "?"), tlsAuto)
	}
	return nil
}
