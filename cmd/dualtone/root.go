package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
)

const rootLong = `dualtone moves a company's phone agents from an old phone system to a new one
while both run side by side, one agent at a time and back again if need be.

Settings come from a YAML file (--config, ./dualtone.yaml,
~/.config/dualtone/dualtone.yaml, /etc/dualtone/dualtone.yaml), from DUALTONE_*
environment variables and from flags, the later ones winning.`

func newRoot(a *app) *cobra.Command {
	root := group("dualtone", "Move phone agents from one system to another, and back",
		upCommand(a), workerCommand(a), consoleCommand(a), edgeCommand(a), ingestCommand(a), migrateCommand(a),
		configCommand(a), systemsCommand(a), usersCommand(a),
		switchCommand(a), cohortCommand(a), planCommand(a), routeCommand(a), callsCommand(a), reportCommand(a), financeCommand(a),
		journalCommand(a), evidenceCommand(a), auditCommand(a), accountCommand(a), tokenCommand(a), linkCommand(a), glassCommand(a), rolesCommand(a), notifyCommand(a),
		versionCommand(a), exitCodesTopic())
	exemplify(root, examples())
	root.Long = rootLong
	root.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
		if err := complete(cmd); err != nil {
			return err
		}
		return a.may(cmd, args)
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, err.Error()) })

	flags := root.PersistentFlags()
	flags.StringVar(&a.flags.config, "config", "", "settings file (DUALTONE_CONFIG)")
	flags.VarP(&a.flags.output, "output", "o", "table for people or json for programs")
	a.bind(root, "data_dir", "data-dir", "where servers of our own keep what they hold")
	a.bind(root, "database.url", "database-url", "Postgres to use: postgres://user@host/db, env:NAME or file:/path")
	a.bind(root, "temporal.address", "temporal-address", "Temporal to use, host:port")
	a.bind(root, "temporal.namespace", "temporal-namespace", "Temporal namespace")
	a.bind(root, "server.url", "server", "a dualtone server to go through instead of the database, such as https://dualtone.example")
	a.bind(root, "server.token", "server-token", "the token to show to it: env:NAME or file:/path")
	a.bind(root, "log.level", "log-level", "debug, info, warn or error")
	a.bind(root, "log.format", "log-format", "text or json")
	a.bind(root, "actor", "actor", "who acts, for the journal (default: the account's name)")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return root
}

// group is a command that only has commands below it.
func group(use, short string, below ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			text := fmt.Sprintf("no command %q", args[0])
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				text += "; did you mean " + strings.Join(near, " or ") + "?"
			}
			return usage(cmd, text)
		},
		SuggestionsMinimumDistance: 2,
		Annotations:                map[string]string{groups: "others"},
	}
	cmd.AddCommand(below...)
	return cmd
}

// groups marks a command that only has commands below it.
const groups = "groups"

// does reports whether a command does something itself.
func does(cmd *cobra.Command) bool { return cmd.Runnable() && cmd.Annotations[groups] == "" }

// usage is an error of whoever typed the command line.
func usage(cmd *cobra.Command, text string) error {
	return hint(fmt.Errorf("%s: %w", text, dualtone.ErrInvalid), cmd.CommandPath()+" --help tells how it is used")
}

// complete checks that the flags are there that a command needs, and none beside one
// that it excludes.
func complete(cmd *cobra.Command) error {
	if err := errors.Join(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups()); err != nil {
		return usage(cmd, err.Error())
	}
	return nil
}

// takes checks the number of arguments and names the ones that are missing. What is
// in brackets may be left out, and what ends in dots may come often.
func takes(names ...string) cobra.PositionalArgs {
	needed := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return strings.HasPrefix(n, "[") })
	often := len(names) > 0 && strings.Contains(names[len(names)-1], "...")
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(needed):
			return usage(cmd, strings.Join(needed[len(args):], " and ")+" missing")
		case len(args) > len(names) && !often:
			return usage(cmd, fmt.Sprintf("%q is one argument too many", args[len(names)]))
		default:
			return nil
		}
	}
}

func versionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Tell the version", Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			return a.show(map[string]string{"version": version}, func(t *table) { t.line("dualtone %s", version) })
		},
	}
}
