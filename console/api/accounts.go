package api

import (
	"context"
	"net/http"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/internal/password"
)

func (a *API) accountBook() {
	read(a, get("list-accounts", "/accounts", access.AccountManage, "Accounts of dualtone's own"), a.accounts)
	create := post("create-account", "/accounts", access.AccountManage, "Make a person's or a service's account").storedAtOnce()
	create.status = http.StatusCreated
	write(a, create, a.createAccount)
	write(a, operation{
		id: "change-account", method: http.MethodPatch, path: "/accounts/{account}", action: access.AccountManage,
		summary: "Change an account's roles or password, disable it or enable it again", atOnce: true,
	}, a.changeAccount)
}

type accountList struct{ Paging }

func (a *API) accounts(ctx context.Context, in *accountList) (*Page[access.Account], error) {
	found, err := a.Office.Accounts.Accounts(ctx, in.After, in.more())
	return paged("/accounts", in.Paging, found, err, func(x access.Account) string { return x.Name })
}

// NewAccount is an account that is made.
type NewAccount struct {
	Why

	Name     string        `json:"name" minLength:"1" maxLength:"100"`
	Kind     access.Kind   `json:"kind,omitempty" enum:"person,service" default:"person"`
	Roles    []access.Role `json:"roles,omitempty"`
	Password string        `json:"password,omitempty" maxLength:"200" doc:"A person's; a service has tokens"`
	DryRun   bool          `json:"dry_run,omitempty" doc:"Check it, and make nothing"`
}

type newAccount struct{ Body NewAccount }

func (o *newAccount) asked() (string, Why) { return "account/" + o.Body.Name, o.Body.Why }

func (a *API) createAccount(ctx context.Context, in *newAccount, _ access.Role) (*body[access.Account], error) {
	made := access.Account{
		Name: in.Body.Name, Kind: in.Body.Kind, Source: access.Local, Roles: append([]access.Role{}, in.Body.Roles...),
		Created: a.Now().UTC(), By: by(ctx, in.Body.Why).Actor,
	}
	if made.Kind == "" {
		made.Kind = access.Person
	}
	if err := access.CheckAccount(made); err != nil {
		return nil, err
	}
	if made.Kind == access.Service && in.Body.Password != "" {
		return nil, invalid("a service has no password; make a token for it")
	}
	if made.Kind == access.Person {
		var err error
		if made.Password, err = hashed(in.Body.Password); err != nil {
			return nil, err
		}
	}
	if in.Body.DryRun {
		return &body[access.Account]{made}, nil
	}
	return bodyOf(made, a.Office.Accounts.KeepAccount(ctx, made))
}

func hashed(given string) (string, error) {
	if err := console.CheckPassword(given); err != nil {
		return "", err
	}
	return password.New().Hash(given), nil
}

// AccountChange is what becomes of an account; what is left out stays.
type AccountChange struct {
	Why

	Roles    *[]access.Role `json:"roles,omitempty" doc:"Those that it holds from now on"`
	Disabled *bool          `json:"disabled,omitempty" doc:"A disabled account is let in no more; its sessions and tokens end at once"`
	Password string         `json:"password,omitempty" maxLength:"200"`
	DryRun   bool           `json:"dry_run,omitempty" doc:"Check it, and change nothing"`
}

type accountChange struct {
	Account string `path:"account" maxLength:"100" doc:"The account's name"`
	Body    AccountChange
}

func (o *accountChange) asked() (string, Why) { return "account/" + o.Account, o.Body.Why }

func (a *API) changeAccount(ctx context.Context, in *accountChange, _ access.Role) (*body[access.Account], error) {
	held, err := a.Office.Accounts.Account(ctx, in.Account)
	if err != nil {
		return nil, err
	}
	if held, err = in.Body.Of(held); err != nil || in.Body.DryRun {
		return bodyOf(held, err)
	}
	return bodyOf(held, a.Office.Accounts.ChangeAccount(ctx, held))
}

// Of is the account with the change.
func (c *AccountChange) Of(held access.Account) (access.Account, error) {
	if c.Roles != nil {
		held.Roles = *c.Roles
	}
	if c.Disabled != nil {
		held.Disabled = *c.Disabled
	}
	if err := access.CheckAccount(held); err != nil || c.Password == "" {
		return held, err
	}
	if held.Kind == access.Service {
		return held, invalid("a service has no password; make a token for it")
	}
	var err error
	held.Password, err = hashed(c.Password)
	return held, err
}

// Glass is a glass that is broken.
type Glass struct {
	Reason  string `json:"reason" minLength:"1" maxLength:"2000"`
	Minutes int    `json:"minutes,omitempty" minimum:"1" maximum:"480" default:"60"`
	DryRun  bool   `json:"dry_run,omitempty" doc:"Say until when it would hold, and break nothing"`
}

type newGlass struct{ Body Glass }

func (o *newGlass) asked() (string, Why) { return "glass", Why{Reason: o.Body.Reason} }

func (a *API) breakGlass(ctx context.Context, in *newGlass, _ access.Role) (*body[access.Grant], error) {
	who, _ := access.From(ctx)
	if in.Body.Minutes == 0 {
		in.Body.Minutes = 60
	}
	lasts := time.Duration(in.Body.Minutes) * time.Minute
	if in.Body.DryRun {
		would, err := access.NewGlass(who, in.Body.Reason, lasts, a.Now())
		would.ID = "" // it is kept nowhere
		return bodyOf(would, err)
	}
	return bodyOf(a.Office.Glass(ctx, who, in.Body.Reason, lasts))
}

type glassList struct {
	Paging

	All bool `query:"all" doc:"Those that hold no more as well, the newest first"`
}

func (a *API) glass(ctx context.Context, in *glassList) (*Page[access.Grant], error) {
	if !in.All {
		found, err := a.Office.Grants.Granted(ctx, "", a.Now())
		return cut("/glass", in.Paging, found, err, func(g access.Grant) string { return g.ID })
	}
	before, err := moment("after", in.After)
	if err != nil {
		return nil, err
	}
	found, err := a.Office.Grants.Grants(ctx, before, in.more())
	return paged("/glass", in.Paging, found, err, func(g access.Grant) string { return g.From.UTC().Format(time.RFC3339Nano) })
}

type oneGlass struct {
	Ending

	Grant string `path:"grant" maxLength:"40" doc:"Its id, as list-glass tells it"`
}

func (o *oneGlass) asked() (string, Why) { return "glass/" + o.Grant, Why{Reason: o.Reason} }

func (a *API) endGlass(ctx context.Context, in *oneGlass, _ access.Role) (*body[access.Grant], error) {
	who, _ := access.From(ctx)
	if in.DryRun {
		return bodyOf(a.Office.Mendable(ctx, who, in.Grant))
	}
	return bodyOf(a.Office.Mend(ctx, who, in.Grant))
}
