package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/catalog"
)

// openUsers opens the file of the users; "" is the one in the user's state directory.
func openUsers(file string) (*access.Users, error) {
	if file == "" {
		state, err := catalog.StateDir()
		if err != nil {
			return nil, err
		}
		file = filepath.Join(state, "users")
	}
	users, err := access.OpenUsers(file)
	if err != nil {
		return nil, fmt.Errorf("--users: %w", err)
	}
	return users, nil
}

func newUserCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Let other people use this workbench, each with recordings of their own",
		Long: "A user has a token or a link, a role, and recordings and sessions that nobody else sees.\n" +
			"An admin may do everything; a teacher and a student open sessions and keep what they\n" +
			"record, and a teacher also listens as a played server; a viewer only looks.\n\n" +
			"They stand in a file that a running workbench reads again by itself.",
		Example: "  workbench user add anna --role student     print a token for her\n" +
			"  workbench user link anna                   print a link for her browser\n" +
			"  workbench user list\n" +
			"  workbench user remove anna",
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&file, "users", "", "`FILE` of the users (default: users in the user's state directory)")
	cmd.AddCommand(newUserAddCommand(&file), newUserLinkCommand(&file), newUserListCommand(&file), newUserRemoveCommand(&file))
	return cmd
}

func newUserAddCommand(file *string) *cobra.Command {
	role := string(access.Student)
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a user, or give one another role and token",
		Long: "add prints the user's token, which is kept nowhere: programs send it in the header\n" +
			"Authorization: Bearer TOKEN. Whoever is there already has a new token and role from now\n" +
			"on, and has to open a new link.",
		Example: "  workbench user add anna\n  workbench user add tom --role teacher",
		Args:    command.Wants(1, 1, "name one user"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := access.ParseRole(role)
			if err != nil {
				return fmt.Errorf("--role: %w", err)
			}
			users, err := openUsers(*file)
			if err != nil {
				return err
			}
			token, err := users.Add(args[0], r)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), token)
			return nil
		},
	}
	cmd.Flags().StringVar(&role, "role", role, "what the user may do: `ROLE` admin, teacher, student or viewer")
	return cmd
}

func newUserLinkCommand(file *string) *cobra.Command {
	at := pageAddress
	cmd := &cobra.Command{
		Use:     "link NAME",
		Short:   "Print a link that lets one browser of a user in",
		Long:    "link prints a link to the page of a running workbench of this account, for a user. It\nlets one browser in, once, within ten minutes; that browser is the user's until the user\ngets another token or is removed.",
		Example: "  workbench user link anna\n  workbench user link anna --at 127.0.0.1:9000",
		Args:    command.Wants(1, 1, "name one user"),
		RunE: func(cmd *cobra.Command, args []string) error {
			users, err := openUsers(*file)
			if err != nil {
				return err
			}
			user, err := users.Find(args[0])
			if err != nil {
				return noUser(err, args[0])
			}
			return printLink(cmd, at, &user)
		},
	}
	cmd.Flags().StringVar(&at, "at", at, "`ADDRESS` of the page; with https:// where it has TLS")
	return cmd
}

func newUserListCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the users and their roles",
		Example: "  workbench user list",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			users, err := openUsers(*file)
			if err != nil {
				return err
			}
			all, err := users.List()
			if err != nil {
				return err
			}
			if len(all) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "There are no users; workbench user add NAME adds one.")
				return nil
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "NAME\tROLE")
			for _, u := range all {
				fmt.Fprintf(table, "%s\t%s\n", u.Name, u.Role)
			}
			return table.Flush()
		},
	}
}

func newUserRemoveCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Remove a user, whose token and browsers are refused from now on",
		Long:    "remove takes a user out of the file: a running workbench ends the user's sessions. What\nthe user has recorded stays where it is, for a user who is added by the same name.",
		Example: "  workbench user remove anna",
		Args:    command.Wants(1, 1, "name one user"),
		RunE: func(cmd *cobra.Command, args []string) error {
			users, err := openUsers(*file)
			if err != nil {
				return err
			}
			if err := users.Remove(args[0]); err != nil {
				return noUser(err, args[0])
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is not known any more.\n", args[0])
			return nil
		},
	}
}

// noUser names the user that is not there.
func noUser(err error, name string) error {
	if errors.Is(err, access.ErrNoUser) {
		return fmt.Errorf("there is no user %.64q; workbench user list lists them", name)
	}
	return err
}
