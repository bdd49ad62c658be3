package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/internal/password"
)

func (a *app) office(s *stores) *access.Office {
	return &access.Office{
		Accounts: s.accounts, Tokens: s.accounts, Grants: s.accounts, Links: s.accounts, Now: func() time.Time { return a.now().UTC() },
		Tell: func(ctx context.Context, g access.Grant) error { return s.news.Tell(ctx, eventOfGlass(g)) },
	}
}

func accountCommand(a *app) *cobra.Command {
	return group("account", "People and services that dualtone knows by itself", accountCreate(a), accountChange(a), accountPassword(a), accountList(a))
}

func rolesOf(words []string) []access.Role {
	all := make([]access.Role, len(words))
	for i, w := range words {
		all[i] = access.Role(w)
	}
	return all
}

func accountCreate(a *app) *cobra.Command {
	var roles []string
	var service, dryRun bool
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make an account; a person's password is read from standard input",
		Args: takes("the account's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			who, _ := access.From(cmd.Context())
			made := access.Account{
				Name: args[0], Kind: access.Person, Source: access.Local, Roles: rolesOf(roles), Created: a.now().UTC(), By: who.Name,
			}
			if err := access.CheckAccount(made); err != nil {
				return err
			}
			given := ""
			if service {
				made.Kind = access.Service
			} else {
				var err error
				if given, err = a.readPassword(); err != nil {
					return err
				}
			}
			return a.showAccount(either(cmd.Context(), a, func(s server) (access.Account, error) {
				return sent[access.Account](cmd.Context(), s, "/accounts", api.NewAccount{
					Name: made.Name, Kind: made.Kind, Roles: made.Roles, Password: given, DryRun: dryRun,
				})
			}, func(_ *config.Config, s *stores) (access.Account, error) {
				if dryRun {
					return made, nil
				}
				if !service {
					made.Password = password.New().Hash(given)
				}
				return made, s.accounts.KeepAccount(cmd.Context(), made)
			}))
		},
	}
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "the roles that it holds; dualtone roles tells them")
	cmd.Flags().BoolVar(&service, "service", false, "a program's, which has tokens and no password")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check it, and make nothing")
	return cmd
}

// readPassword reads a password from standard input.
func (a *app) readPassword() (string, error) {
	const most = 4096
	text, err := io.ReadAll(io.LimitReader(a.in, most))
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	given := strings.TrimRight(string(text), "\r\n")
	return given, console.CheckPassword(given)
}

// showAccount shows an account as it was made or changed, or would be.
func (a *app) showAccount(made access.Account, err error) error {
	if err != nil {
		return err
	}
	return a.show(made, func(t *table) {
		state := "holds " + cmp.Or(joinTexts(made.Roles), "no role")
		if made.Disabled {
			state = "is disabled"
		}
		t.line("Account %s %s.", made.Name, state)
	})
}

func accountChange(a *app) *cobra.Command {
	var roles []string
	var disable, enable, dryRun bool
	cmd := &cobra.Command{
		Use: "change NAME", Short: "Change an account's roles, disable it or enable it again", Args: takes("the account's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			change := api.AccountChange{DryRun: dryRun}
			if cmd.Flags().Changed("roles") {
				all := rolesOf(roles)
				change.Roles = &all
			}
			if disable || enable {
				change.Disabled = &disable
			}
			held, err := a.changeAccount(cmd.Context(), args[0], change)
			if err != nil {
				return hint(err, "dualtone account list shows which there are")
			}
			return a.show(held, func(t *table) { t.line("Account %s is changed.", held.Name) })
		},
	}
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "the roles that it holds from now on")
	cmd.Flags().BoolVar(&disable, "disable", false, "let it in no more; its sessions and tokens end at once")
	cmd.Flags().BoolVar(&enable, "enable", false, "let it in again")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check it, and change nothing")
	cmd.MarkFlagsMutuallyExclusive("disable", "enable")
	return cmd
}

// changeAccount changes an account, here or at a server.
func (a *app) changeAccount(ctx context.Context, name string, change api.AccountChange) (access.Account, error) {
	return either(ctx, a, func(s server) (held access.Account, err error) {
		return held, s.Send(ctx, http.MethodPatch, client.Path("accounts", name), change, &held)
	}, func(_ *config.Config, s *stores) (access.Account, error) {
		held, err := s.accounts.Account(ctx, name)
		if err != nil {
			return held, err
		}
		if held, err = change.Of(held); err != nil || change.DryRun {
			return held, err
		}
		return held, s.accounts.ChangeAccount(ctx, held)
	})
}

func accountPassword(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "password NAME", Short: "Set a person's password, read from standard input", Args: takes("the account's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			given, err := a.readPassword()
			if err != nil {
				return err
			}
			held, err := a.changeAccount(cmd.Context(), args[0], api.AccountChange{Password: given, DryRun: dryRun})
			if err != nil {
				return err
			}
			return a.show(held, func(t *table) { t.line("The password of %s is set.", held.Name) })
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check it, and change nothing")
	return cmd
}

func accountList(a *app) *cobra.Command {
	var after string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List accounts and their roles", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := either(cmd.Context(), a, func(s server) ([]access.Account, error) {
				return listed[access.Account](cmd.Context(), s, "/accounts", client.Query{}.Text("after", after), oneMore(limit))
			}, func(_ *config.Config, s *stores) ([]access.Account, error) {
				return s.accounts.Accounts(cmd.Context(), after, oneMore(limit))
			})
			if err != nil {
				return err
			}
			p := page(found, limit, func(x access.Account) string { return x.Name })
			return showList(a, p, "No accounts.", func(t *table) {
				t.row("NAME", "KIND", "SOURCE", "ROLES", "DISABLED", "MADE", "BY")
				for _, x := range p.Items {
					t.row(x.Name, string(x.Kind), string(x.Source), cmp.Or(joinTexts(x.Roles), "-"), strconv.FormatBool(x.Disabled), clock(x.Created), x.By)
				}
			})
		},
	}
	cmd.Flags().StringVar(&after, "after", "", "go on after this name")
	limitFlag(cmd, &limit, 100, "accounts")
	return cmd
}

func tokenCommand(a *app) *cobra.Command {
	return group("token", "Secrets with which programs use the HTTP API", tokenCreate(a), tokenList(a), tokenRevoke(a))
}

func tokenCreate(a *app) *cobra.Command {
	var owner string
	var roles []string
	var dryRun bool
	days := 90
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a token; its secret is told once", Args: takes("the NAME, what it is for"),
		RunE: func(cmd *cobra.Command, args []string) error {
			shown, err := either(cmd.Context(), a, func(s server) (api.Issued, error) {
				return sent[api.Issued](cmd.Context(), s, "/tokens", api.NewToken{
					Name: args[0], Owner: owner, Roles: rolesOf(roles), Days: days, DryRun: dryRun,
				})
			}, func(_ *config.Config, s *stores) (api.Issued, error) {
				who, _ := access.From(cmd.Context())
				t, secret, err := a.office(s).Issue(cmd.Context(), who, access.Order{
					Name: args[0], Owner: access.Account{Name: owner}, Roles: rolesOf(roles), Expires: a.now().UTC().AddDate(0, 0, days), DryRun: dryRun,
				})
				return api.Issued{Token: t, Secret: secret}, err
			})
			if err != nil {
				return hint(err, "a token belongs to an account: --owner, and dualtone account create")
			}
			return a.show(shown, func(t *table) {
				if dryRun {
					t.line("A token of %s would hold until %s. Nothing was made.", shown.Owner, clock(shown.Expires))
					return
				}
				t.line("%s", shown.Secret)
				t.line("Token %s of %s holds until %s. The secret is not told again.", shown.ID, shown.Owner, clock(shown.Expires))
			})
		},
	}
	cmd.Flags().StringVar(&owner, "owner", "", "the account that it acts for (default: whoever asks)")
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "the roles of the account that it is for")
	cmd.Flags().IntVar(&days, "days", days, "for how many days it holds")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check it, and make nothing")
	_ = cmd.MarkFlagRequired("roles")
	return cmd
}

func tokenList(a *app) *cobra.Command {
	var owner, after string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List tokens", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := either(cmd.Context(), a, func(s server) ([]access.Token, error) {
				return listed[access.Token](cmd.Context(), s, "/tokens", client.Query{}.Text("owner", owner).Text("after", after), oneMore(limit))
			}, func(_ *config.Config, s *stores) ([]access.Token, error) {
				who, _ := access.From(cmd.Context())
				return a.office(s).List(cmd.Context(), who, owner, after, oneMore(limit))
			})
			if err != nil {
				return err
			}
			p := page(found, limit, func(x access.Token) string { return x.ID })
			return showList(a, p, "No tokens.", func(t *table) {
				t.row("ID", "FOR", "OWNER", "ROLES", "EXPIRES", "REVOKED", "LAST USED")
				for _, x := range p.Items {
					t.row(x.ID, x.Name, x.Owner, joinTexts(x.Roles), clock(x.Expires), clock(x.Revoked), clock(x.LastUsed))
				}
			})
		},
	}
	cmd.Flags().StringVar(&owner, "owner", "", "only those of this account")
	cmd.Flags().StringVar(&after, "after", "", "go on after this token")
	limitFlag(cmd, &limit, 100, "tokens")
	return cmd
}

func tokenRevoke(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "End a token at once", Args: takes("the token's ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, id := cmd.Context(), args[0]
			err := a.thereOrHere(func(_ *config.Config, s server) error {
				return s.Delete(ctx, client.Path("tokens", id), ending(dryRun), nil)
			}, func() error {
				return a.withStores(ctx, func(_ *config.Config, s *stores) error {
					who, _ := access.From(ctx)
					if dryRun {
						_, err := a.office(s).Revocable(ctx, who, id)
						return err
					}
					return a.office(s).Revoke(ctx, who, id)
				})
			})
			if err != nil {
				return hint(err, "dualtone token list shows which there are")
			}
			return a.show(map[string]any{"revoked": id, "dry_run": dryRun}, func(t *table) {
				if dryRun {
					t.line("Token %s would let nobody in any more. Nothing was changed.", id)
					return
				}
				t.line("Token %s lets nobody in any more.", id)
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check it, and end nothing")
	return cmd
}
