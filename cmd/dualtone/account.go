package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console"
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
	var service bool
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
			var err error
			if service {
				made.Kind = access.Service
			} else if made.Password, err = a.readPassword(); err != nil {
				return err
			}
			return a.keepAccount(cmd.Context(), made, func(s *stores) error { return s.accounts.KeepAccount(cmd.Context(), made) })
		},
	}
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "the roles that it holds; dualtone roles tells them")
	cmd.Flags().BoolVar(&service, "service", false, "a program's, which has tokens and no password")
	return cmd
}

// readPassword reads a password from standard input and hashes it.
func (a *app) readPassword() (string, error) {
	const most = 4096
	text, err := io.ReadAll(io.LimitReader(a.in, most))
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	given := strings.TrimRight(string(text), "\r\n")
	if err := console.CheckPassword(given); err != nil {
		return "", err
	}
	return password.New().Hash(given), nil
}

func (a *app) keepAccount(ctx context.Context, made access.Account, keep func(*stores) error) error {
	return a.withStores(ctx, func(_ *config.Config, s *stores) error {
		if err := keep(s); err != nil {
			return err
		}
		return a.show(made, func(t *table) {
			state := "holds " + orNone(joinTexts(made.Roles), "no role")
			if made.Disabled {
				state = "is disabled"
			}
			t.line("Account %s %s.", made.Name, state)
		})
	})
}

func accountChange(a *app) *cobra.Command {
	var roles []string
	var disable, enable bool
	cmd := &cobra.Command{
		Use: "change NAME", Short: "Change an account's roles, disable it or enable it again", Args: takes("the account's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				held, err := s.accounts.Account(cmd.Context(), args[0])
				if err != nil {
					return hint(err, "dualtone account list shows which there are")
				}
				if cmd.Flags().Changed("roles") {
					held.Roles = rolesOf(roles)
				}
				held.Disabled = disable || held.Disabled && !enable
				if err := access.CheckAccount(held); err != nil {
					return err
				}
				if err := s.accounts.ChangeAccount(cmd.Context(), held); err != nil {
					return err
				}
				return a.show(held, func(t *table) { t.line("Account %s is changed.", held.Name) })
			})
		},
	}
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "the roles that it holds from now on")
	cmd.Flags().BoolVar(&disable, "disable", false, "let it in no more; its sessions and tokens end at once")
	cmd.Flags().BoolVar(&enable, "enable", false, "let it in again")
	return cmd
}

func accountPassword(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "password NAME", Short: "Set a person's password, read from standard input", Args: takes("the account's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			hash, err := a.readPassword()
			if err != nil {
				return err
			}
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				held, err := s.accounts.Account(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				held.Password = hash
				if err := s.accounts.ChangeAccount(cmd.Context(), held); err != nil {
					return err
				}
				return a.show(held, func(t *table) { t.line("The password of %s is set.", held.Name) })
			})
		},
	}
}

func accountList(a *app) *cobra.Command {
	var after string
	limit := 100
	cmd := &cobra.Command{
		Use: "list", Short: "List accounts and their roles", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				found, err := s.accounts.Accounts(cmd.Context(), after, limit+1)
				if err != nil {
					return err
				}
				p := page(found, limit, func(x access.Account) string { return x.Name })
				return showList(a, p, "No accounts.", func(t *table) {
					t.row("NAME", "KIND", "SOURCE", "ROLES", "DISABLED", "MADE", "BY")
					for _, x := range p.Items {
						t.row(x.Name, string(x.Kind), string(x.Source), orNone(joinTexts(x.Roles), "-"), strconv.FormatBool(x.Disabled), clock(x.Created), x.By)
					}
				})
			})
		},
	}
	cmd.Flags().StringVar(&after, "after", "", "go on after this name")
	cmd.Flags().IntVar(&limit, "limit", limit, "how many at most")
	return cmd
}

func tokenCommand(a *app) *cobra.Command {
	return group("token", "Secrets with which programs use the HTTP API", tokenCreate(a), tokenList(a), tokenRevoke(a))
}

func tokenCreate(a *app) *cobra.Command {
	var owner string
	var roles []string
	days := 90
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a token; its secret is told once", Args: takes("the NAME, what it is for"),
		RunE: func(cmd *cobra.Command, args []string) error {
			who, _ := access.From(cmd.Context())
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				t, secret, err := a.office(s).Issue(cmd.Context(), who, access.Order{
					Name: args[0], Owner: access.Account{Name: owner}, Roles: rolesOf(roles), Expires: a.now().UTC().AddDate(0, 0, days),
				})
				if err != nil {
					return hint(err, "a token belongs to an account: --owner, and dualtone account create")
				}
				shown := struct {
					access.Token

					Secret string `json:"secret"`
				}{t, secret}
				return a.show(shown, func(out *table) {
					out.line("%s", secret)
					out.line("Token %s of %s holds until %s. The secret is not told again.", t.ID, t.Owner, clock(t.Expires))
				})
			})
		},
	}
	cmd.Flags().StringVar(&owner, "owner", "", "the account that it acts for (default: whoever asks)")
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "the roles of the account that it is for")
	cmd.Flags().IntVar(&days, "days", days, "for how many days it holds")
	_ = cmd.MarkFlagRequired("roles")
	return cmd
}

func tokenList(a *app) *cobra.Command {
	var owner, after string
	limit := 100
	cmd := &cobra.Command{
		Use: "list", Short: "List tokens", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			who, _ := access.From(cmd.Context())
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				found, err := a.office(s).List(cmd.Context(), who, owner, after, limit+1)
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
			})
		},
	}
	cmd.Flags().StringVar(&owner, "owner", "", "only those of this account")
	cmd.Flags().StringVar(&after, "after", "", "go on after this token")
	cmd.Flags().IntVar(&limit, "limit", limit, "how many at most")
	return cmd
}

func tokenRevoke(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End a token at once", Args: takes("the token's ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			who, _ := access.From(cmd.Context())
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				if err := a.office(s).Revoke(cmd.Context(), who, args[0]); err != nil {
					return err
				}
				return a.show(map[string]string{"revoked": args[0]}, func(t *table) { t.line("Token %s lets nobody in any more.", args[0]) })
			})
		},
	}
}
