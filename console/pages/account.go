package pages

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console"
)

func (d *Desk) registerOwn(t *console.Router) {
	t.Read("GET /account", access.PlanRead, d.show("Your account", "/admin", d.own))
	t.Read("GET /admin", access.PlanRead, d.show("Administration", "/admin", administration))
	t.Read("GET /admin/glass", access.PlanRead, d.show("Break glass", "/admin", d.glass))
	t.Write("POST /admin/glass", access.BreakGlass, d.act("/admin", d.breakGlass))
	// Whoever broke it may mend it, whatever they hold by then.
	t.Write("POST /admin/glass/{glass}/mend", access.TokenOwn, d.act("/admin", d.mendGlass))
	t.Write("POST /admin/tokens", access.TokenOwn, d.act("/admin", d.makeToken))
	t.Write("POST /admin/tokens/{token}/revoke", access.TokenOwn, d.act("/admin", d.revokeToken))
	t.Write("GET /admin/tokens", access.TokenManage, d.show("Tokens", "/admin", d.tokens))
	t.Write("GET /admin/accounts", access.AccountManage, d.show("Accounts", "/admin", d.accounts))
	t.Write("POST /admin/accounts", access.AccountManage, d.act("/admin", d.makeAccount))
	t.Write("POST /admin/accounts/{account}", access.AccountManage, d.act("/admin", d.changeAccount))
	t.Read("GET /admin/audit", access.AuditRead, d.show("Audit", "/admin", d.audited))
	t.Read("GET /admin/audit/walk", access.AuditRead, d.show("The chain of the audit", "/admin", d.walkAudit))
	t.Read("GET /admin/audit.csv", access.AuditExport, d.download("/admin", d.auditCSV))
}

// tab is a page of the administration, and the action that it takes.
type tab struct {
	name, path string
	action     access.Action
}

func adminTabs() []tab {
	return []tab{
		{"Accounts", "/admin/accounts", access.AccountManage},
		{"Tokens", "/admin/tokens", access.TokenManage},
		{"Audit", "/admin/audit", access.AuditRead},
		{"Shared links", "/admin/links", access.LinkShare},
		{"Break glass", "/admin/glass", access.PlanRead},
		{"Your account", "/account", access.PlanRead},
	}
}

// administration leads to the first page that the viewer may see.
func administration(_ *http.Request, p page) (templ.Component, error) {
	for _, t := range adminTabs() {
		if p.viewer.May(t.action) {
			return nil, redirect{to: t.path}
		}
	}
	return nil, fmt.Errorf("administration: %w", dualtone.ErrNotFound)
}

// own is the page of whoever looks: what they may, and their tokens.
func (d *Desk) own(r *http.Request, p page) (templ.Component, error) {
	account, err := d.Office.Accounts.Account(r.Context(), p.viewer.Name)
	if err != nil && !errors.Is(err, dualtone.ErrNotFound) {
		return nil, err
	}
	found, err := d.Office.List(r.Context(), p.viewer.Actor, p.viewer.Name, "", perPage)
	if err != nil {
		return nil, err
	}
	return ownPage(p, account, d.shownTokens(p.viewer, found), tokenButton(p.viewer, account)), nil
}

// shownToken is a token as a list shows it.
type shownToken struct {
	access.Token

	valid  bool
	revoke button
}

func (d *Desk) shownTokens(v Viewer, all []access.Token) []shownToken {
	shown := make([]shownToken, len(all))
	for i, t := range all {
		shown[i] = shownToken{Token: t, valid: t.Valid(d.Now()), revoke: button{
			id: "revoke-" + t.ID, text: "Revoke", class: "danger", to: "/admin/tokens/" + t.ID + "/revoke", reason: true,
			effect: fmt.Sprintf("Whatever uses the token %q of %s is let in no more, at once.", t.Name, t.Owner),
		}}
		if t.Owner != v.Name {
			shown[i].revoke.refused = v.refusal(access.TokenManage)
		}
	}
	return shown
}

// tokenButton makes a token for an account.
func tokenButton(v Viewer, of access.Account) button {
	b := button{
		id: "token-" + of.Name, text: "Make a token", class: "go", to: "/admin/tokens", reason: true,
		effect: "A program that shows it acts as " + of.Name + ", in the roles that you choose. Its secret is told once.",
		hidden: []hidden{{"owner", of.Name}},
		fields: []field{
			{name: "name", label: "What it is for", required: true},
			{name: "roles", label: "In which roles", checks: roleChecks(of.Roles, nil)},
			{name: "days", label: "Days until it expires, 366 at most", typed: "number", value: "90", required: true},
		},
	}
	switch {
	case of.Name != v.Name && !v.May(access.TokenManage):
		b.refused = v.refusal(access.TokenManage)
	case of.Disabled:
		b.refused = of.Name + " is disabled"
	case len(of.Roles) == 0:
		b.refused = "a token gives nothing that its account has not, and this one holds no role"
	}
	return b
}

// roleChecks offers roles, with those that are held checked.
func roleChecks(offered, held []access.Role) []check {
	all := make([]check, len(offered))
	for i, r := range offered {
		all[i].option = option{string(r), words(string(r))}
		for _, h := range held {
			all[i].on = all[i].on || h == r
		}
	}
	return all
}

func chosenRoles(r *http.Request) []access.Role {
	all := make([]access.Role, len(r.PostForm["roles"]))
	for i, role := range r.PostForm["roles"] {
		all[i] = access.Role(role)
	}
	return all
}

// makeToken makes a token and tells its secret, which nobody can be told again.
func (d *Desk) makeToken(r *http.Request, p page) (templ.Component, error) {
	action, owner := access.TokenOwn, r.PostFormValue("owner")
	if owner != p.viewer.Name {
		action = access.TokenManage
	}
	r, _, err := d.enter(r, action, "token")
	if err != nil {
		return nil, err
	}
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil {
		return nil, fmt.Errorf("days %q: want a whole number: %w", r.PostFormValue("days"), dualtone.ErrInvalid)
	}
	made, secret, err := d.Office.Issue(r.Context(), p.viewer.Actor, access.Order{
		Name: strings.TrimSpace(r.PostFormValue("name")), Owner: access.Account{Name: owner}, Roles: chosenRoles(r), Expires: d.Now().AddDate(0, 0, days),
	})
	if err != nil {
		return nil, err
	}
	if r.Header.Get("Hx-Request") == "" {
		p.title = "Token"
		return secretPage(p, made, secret), nil
	}
	return secretOf(made, secret), nil
}

func (d *Desk) revokeToken(r *http.Request, p page) (templ.Component, error) {
	id := r.PathValue("token")
	r, _, err := d.enter(r, access.TokenOwn, "token/"+id)
	if err != nil {
		return nil, err
	}
	t, err := d.Office.Tokens.Token(r.Context(), id)
	if err != nil {
		return nil, err
	}
	to := "/account"
	if t.Owner != p.viewer.Name {
		to = "/admin/tokens"
	}
	if err := d.Office.Revoke(r.Context(), p.viewer.Actor, id); err != nil {
		return nil, err
	}
	return nil, done303(to, fmt.Sprintf("The token %q lets nobody in any more.", t.Name))
}

// tokens lists the tokens of all.
func (d *Desk) tokens(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	found, err := d.Office.List(r.Context(), p.viewer.Actor, q.text("owner"), q.text("after"), perPage+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(q, found, perPage, func(t access.Token) string { return t.ID })
	return tokensPage(p, q, d.shownTokens(p.viewer, found), next), nil
}

// shownGlass is a glass with the button that mends it.
type shownGlass struct {
	access.Grant

	inForce bool
	mend    button
}

// glass shows who is, and who was, incident commander for a while.
func (d *Desk) glass(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	var before time.Time
	if text := q.text("after"); text != "" {
		var err error
		if before, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return nil, fmt.Errorf("after %q: want what the page before said: %w", text, dualtone.ErrInvalid)
		}
	}
	found, err := d.Office.Grants.Grants(r.Context(), before, perPage+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(q, found, perPage, func(g access.Grant) string { return g.From.Format(time.RFC3339Nano) })
	shown := make([]shownGlass, len(found))
	for i, g := range found {
		shown[i] = shownGlass{Grant: g, inForce: g.InForce(d.Now()), mend: button{
			id: "mend-" + g.ID, text: "Mend", to: "/admin/glass/" + g.ID + "/mend", effect: g.Holder + " is incident commander no more, and everybody hears of it.",
		}}
		if g.Holder != p.viewer.Name {
			shown[i].mend.refused = p.viewer.refusal(access.AccountManage)
		}
	}
	return glassPage(p, glassButton(p.viewer), shown, next), nil
}

func glassButton(v Viewer) button {
	b := button{
		id: "glass", text: "Break the glass", class: "stop", to: "/admin/glass", reason: true,
		effect: fmt.Sprintf("You become incident commander, who may do %d things that you may not do now. Everybody hears of it, and all that you do stands in the audit with that role.",
			gained(v, access.IncidentCommander)),
		fields: []field{{name: "for", label: "For", value: "1h", options: []option{{"30m", "half an hour"}, {"1h", "1 hour"}, {"4h", "4 hours"}, {"8h", "8 hours"}}}},
	}
	switch {
	case v.Holds(access.IncidentCommander):
		b.refused = "you are incident commander already"
	default:
		b.refused = v.refusal(access.BreakGlass)
	}
	return b
}

// gained counts what the viewer could do with one more role.
func gained(v Viewer, role access.Role) int {
	n := 0
	for _, row := range access.Table() {
		for _, r := range row.Roles {
			if r == role && !v.May(row.Action) {
				n++
			}
		}
	}
	return n
}

func (d *Desk) breakGlass(r *http.Request, p page) (templ.Component, error) {
	r, _, err := d.enter(r, access.BreakGlass, "glass")
	if err != nil {
		return nil, err
	}
	lasts, err := time.ParseDuration(r.PostFormValue("for"))
	if err != nil {
		return nil, fmt.Errorf("for %q: want a time such as 1h: %w", r.PostFormValue("for"), dualtone.ErrInvalid)
	}
	g, err := d.Office.Glass(r.Context(), p.viewer.Actor, strings.TrimSpace(r.PostFormValue("reason")), lasts)
	if err != nil {
		return nil, err
	}
	return nil, done303("/admin/glass", "You are incident commander until "+g.Until.Format(time.DateTime)+" UTC. Everybody hears of it.")
}

func (d *Desk) mendGlass(r *http.Request, p page) (templ.Component, error) {
	r, _, err := d.enter(r, access.TokenOwn, "glass/"+r.PathValue("glass"))
	if err != nil {
		return nil, err
	}
	g, err := d.Office.Mend(r.Context(), p.viewer.Actor, r.PathValue("glass"))
	if err != nil {
		return nil, err
	}
	return nil, done303("/admin/glass", g.Holder+" is incident commander no more.")
}
