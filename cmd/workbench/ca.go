package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/certificate"
)

var errNoAuthority = errors.New("this account has no local authority; workbench serve --tls auto and workbench tap --tls make one")

func newCACommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "Show the authority behind serve --tls auto and tap --tls, and how to trust it",
		Long: "serve --tls auto and tap --tls make an authority for this account, and have it sign\n" +
			"the certificates that they show. ca prints where the authority's own certificate is, its fingerprint,\n" +
			"and how browsers and systems come to trust it and stop doing so. Its key stays on\n" +
			"this machine, and it can vouch only for private names and addresses and for those\n" +
			"that --host, --listen and --to named when it was made.",
		Example: "  workbench ca\n  workbench ca remove",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			folder, err := authorityFolder()
			if err != nil {
				return err
			}
			a, err := certificate.FindAuthority(folder)
			if errors.Is(err, fs.ErrNotExist) {
				return errNoAuthority
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), trustAdvice, catalog.Quote(a.Path), a.Fingerprint(), a.Certificate.NotAfter.Format(time.DateOnly), a.Certificate.Subject.CommonName)
			return nil
		},
	}
	cmd.AddCommand(newCARemoveCommand())
	return cmd
}

// trustAdvice takes the certificate's path, its fingerprint, its end, and its name.
const trustAdvice = `Certificate: %[1]s
SHA-256: %[2]s
Valid until: %[3]s

Copy this certificate to each machine that is to trust it, compare the fingerprint
there, and then:

Debian, Ubuntu
  trust   sudo cp authority.pem /usr/local/share/ca-certificates/workbench.crt
          sudo update-ca-certificates
  remove  sudo rm /usr/local/share/ca-certificates/workbench.crt
          sudo update-ca-certificates --fresh
Fedora
  trust   sudo trust anchor --store authority.pem
  remove  sudo trust anchor --remove authority.pem
macOS
  trust   sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain authority.pem
  remove  sudo security delete-certificate -c "%[4]s" /Library/Keychains/System.keychain
Windows, as administrator
  trust   certutil -addstore Root authority.pem
  remove  certutil -delstore Root "%[4]s"
Firefox; Chrome and Chromium on Linux
  trust   Settings, search for "certificates", View or Manage Certificates, Authorities,
          Import; let it identify websites
  remove  the same place: "%[4]s", Delete

When nothing trusts it any more: workbench ca remove
`

func newCARemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remove",
		Short: "Remove the local authority and its key",
		Long: "remove deletes the authority's certificate and key. The next serve --tls auto or tap --tls\n" +
			"makes another one, which has to be trusted anew. A workbench that is running goes on with\n" +
			"what it has; start it again.",
		Example: "  workbench ca remove",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			folder, err := authorityFolder()
			if err != nil {
				return err
			}
			err = certificate.RemoveAuthority(folder)
			if errors.Is(err, fs.ErrNotExist) {
				return errNoAuthority
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "The local authority is removed. Remove it from what trusts it too.")
			return nil
		},
	}
}
