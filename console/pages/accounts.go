package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/internal/password"
)

// shownAccount is an account with what can be done to it.
type shownAccount struct {
	access.Account

	tokens int // that let somebody in
	verbs  []button
}

// accounts lists accounts.
func (d *Desk) accounts(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	found, err := d.Office.Accounts.Accounts(r.Context(), q.text("after"), perPage+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(q, found, perPage, func(a access.Account) string { return a.Name })
	tokens, err := d.validTokens(r)
	if err != nil {
		return nil, err
	}
	shown := make([]shownAccount, len(found))
	for i, a := range found {
		shown[i] = shownAccount{Account: a, tokens: tokens[a.Name], verbs: accountButtons(p.viewer, a, tokens[a.Name])}
	}
	return accountsPage(p, shown, newAccountButton(), next), nil
}

// validTokens counts for each account the tokens that let somebody in.
func (d *Desk) validTokens(r *http.Request) (map[string]int, error) {
	all, err := d.Office.Tokens.Tokens(r.Context(), "", "", 0)
	n := map[string]int{}
	for _, t := range all {
		if t.Valid(d.Now()) {
			n[t.Owner]++
		}
	}
	return n, err
}

func newAccountButton() button {
	return button{
		id: "new", text: "Make an account", class: "go", to: "/admin/accounts", reason: true,
		effect: "A person signs in with name and password; a service has tokens, and no password.",
		fields: []field{
			{name: "name", label: "Name, without spaces", required: true},
			{name: "kind", label: "Who it is", options: []option{{string(access.Person), "a person"}, {string(access.Service), "a service"}}},
			{name: "password", label: "A person's first password, at least 12 characters", typed: "password"},
			{name: "roles", label: "Roles", checks: roleChecks(access.Roles(), nil)},
		},
	}
}

func accountButtons(v Viewer, a access.Account, tokens int) []button {
	to := "/admin/accounts/" + url.PathEscape(a.Name)
	roles := button{
		id: "roles-" + a.Name, text: "Roles", to: to, reason: true, hidden: []hidden{{"do", "roles"}},
		effect: fmt.Sprintf("%s acts in these roles from the next click on; %d tokens of theirs lose what is taken away.", a.Name, tokens),
		fields: []field{{name: "roles", label: "Roles", checks: roleChecks(access.Roles(), a.Roles)}},
	}
	secret := button{
		id: "password-" + a.Name, text: "Password", to: to, reason: true, hidden: []hidden{{"do", "password"}},
		effect: a.Name + " signs in with it from now on. Tell it to nobody else.",
		fields: []field{{name: "password", label: "New password, at least 12 characters", typed: "password", required: true}},
	}
	door := button{
		id: "disable-" + a.Name, text: "Disable", class: "danger", to: to, reason: true, hidden: []hidden{{"do", "disable"}},
		effect: fmt.Sprintf("%s is let in no more, at once: every session and %d tokens end. What they did stays.", a.Name, tokens),
	}
	if a.Disabled {
		door.id, door.text, door.class, door.hidden = "enable-"+a.Name, "Enable", "", []hidden{{"do", "enable"}}
		door.effect = fmt.Sprintf("%s is let in again, with %d tokens that have not expired.", a.Name, tokens)
	}
	if a.Name == v.Name {
		roles.refused = "nobody changes their own roles; another administrator does"
		door.refused = "nobody shuts themselves out; another administrator does"
	}
	if a.Source == access.OIDC {
		roles.refused, secret.refused = "the identity provider says it at each sign-in", "people sign in with the identity provider"
	}
	if a.Kind == access.Service {
		secret.refused = "a service has tokens, and no password"
	}
	return []button{roles, secret, door, tokenButton(v, a)}
}

// makeAccount makes an account.
func (d *Desk) makeAccount(r *http.Request, p page) (templ.Component, error) {
	name := strings.TrimSpace(r.PostFormValue("name"))
	r, _, err := d.enter(r, access.AccountManage, "account/"+name)
	if err != nil {
		return nil, err
	}
	made := access.Account{
		Name: name, Kind: access.Person, Source: access.Local, Roles: chosenRoles(r), Created: d.Now(), By: p.viewer.Name,
	}
	if err := access.CheckAccount(made); err != nil {
		return nil, err
	}
	if r.PostFormValue("kind") == string(access.Service) {
		made.Kind = access.Service
	} else if made.Password, err = newPassword(r); err != nil {
		return nil, err
	}
	if err := d.Office.Accounts.KeepAccount(r.Context(), made); err != nil {
		return nil, err
	}
	return nil, done303("/admin/accounts", "There is an account "+name+".")
}

func newPassword(r *http.Request) (string, error) {
	given := r.PostFormValue("password")
	if err := console.CheckPassword(given); err != nil {
		return "", err
	}
	return password.New().Hash(given), nil
}

// changeAccount changes roles or password, or whether an account is let in.
func (d *Desk) changeAccount(r *http.Request, p page) (templ.Component, error) {
	name, what := r.PathValue("account"), r.PostFormValue("do")
	r, _, err := d.enter(r, access.AccountManage, "account/"+name)
	if err != nil {
		return nil, err
	}
	held, err := d.Office.Accounts.Account(r.Context(), name)
	if err != nil {
		return nil, err
	}
	refused := slices.IndexFunc(accountButtons(p.viewer, held, 0), func(b button) bool {
		return b.refused != "" && slices.Contains(b.hidden, hidden{"do", what})
	})
	if refused >= 0 {
		return nil, fmt.Errorf("account %s: %s: %w", name, accountButtons(p.viewer, held, 0)[refused].refused, dualtone.ErrConflict)
	}
	switch what {
	case "roles":
		held.Roles = chosenRoles(r)
	case "password":
		held.Password, err = newPassword(r)
	case "disable", "enable":
		held.Disabled = what == "disable"
	default:
		err = fmt.Errorf("do %q: want roles, password, disable or enable: %w", what, dualtone.ErrInvalid)
	}
	if err != nil {
		return nil, err
	}
	if err := access.CheckAccount(held); err != nil {
		return nil, err
	}
	if err := d.Office.Accounts.ChangeAccount(r.Context(), held); err != nil {
		return nil, err
	}
	return nil, done303("/admin/accounts", "The account "+name+" is changed.")
}
