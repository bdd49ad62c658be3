package api

import (
	"context"
	"encoding/csv"
	"net/http"
	"strings"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/internal/spreadsheet"
)

func (a *API) own() {
	read(a, get("get-me", "/me", access.PlanRead, "Who you are, and what you may"), a.me)
	read(a, get("list-audit", "/audit", access.AuditRead, "Who did what, when and why"), a.listAudit)
	read(a, get("export-audit", "/audit.csv", access.AuditExport, "The same for spreadsheets"), a.exportAudit)
	read(a, get("list-tokens", "/tokens", access.TokenOwn, "Your tokens; those of all for whoever may"), a.tokens)
	create := post("create-token", "/tokens", access.TokenOwn, "Make a token; its secret is told once")
	create.status = http.StatusCreated
	write(a, create, a.createToken)
	write(a, operation{id: "revoke-token", method: http.MethodDelete, path: "/tokens/{token}", action: access.TokenOwn, summary: "End a token"}, a.revokeToken)
	read(a, get("list-accounts", "/accounts", access.AccountManage, "Accounts of dualtone's own"), a.accounts)
	glass := post("break-glass", "/glass", access.BreakGlass, "Become incident commander for a while; everybody hears of it")
	glass.status = http.StatusCreated
	write(a, glass, a.breakGlass)
	read(a, get("list-glass", "/glass", access.PlanRead, "Who is incident commander for a while"), a.glass)
}

// Me is whoever asks.
type Me struct {
	access.Actor

	May []access.Action `json:"may"`
}

func (*API) me(ctx context.Context, _ *struct{}) (*body[Me], error) {
	who, _ := access.From(ctx)
	out := Me{Actor: who, May: []access.Action{}}
	for _, row := range access.Table() {
		if who.May(row.Action) {
			out.May = append(out.May, row.Action)
		}
	}
	return &body[Me]{out}, nil
}

type auditList struct {
	Paging

	Actor   string          `query:"actor" maxLength:"200"`
	Action  string          `query:"action" maxLength:"60" doc:"plan.start, or plan. for all of plans"`
	Object  string          `query:"object" maxLength:"300"`
	Outcome []audit.Outcome `query:"outcome"`
	Since   string          `query:"since" maxLength:"40"`
	Until   string          `query:"until" maxLength:"40"`
	Newest  bool            `query:"newest" doc:"The newest first"`
}

func (a *API) entries(ctx context.Context, in *auditList) ([]audit.Entry, error) {
	after, err := in.number()
	if err != nil {
		return nil, err
	}
	since, err := moment("since", in.Since)
	if err != nil {
		return nil, err
	}
	until, err := moment("until", in.Until)
	if err != nil {
		return nil, err
	}
	return a.Audit.Entries(ctx, audit.Query{
		Actor: in.Actor, Action: in.Action, Object: in.Object, Outcomes: in.Outcome, Since: since, Until: until,
		After: after, Newest: in.Newest, Limit: in.more(),
	})
}

func (a *API) listAudit(ctx context.Context, in *auditList) (*Page[audit.Entry], error) {
	found, err := a.entries(ctx, in)
	return paged("/audit", in.Paging, found, err, func(e audit.Entry) string { return serial(e.Serial) })
}

func (a *API) exportAudit(ctx context.Context, in *auditList) (*file, error) {
	found, err := a.entries(ctx, in)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	w := csv.NewWriter(&text)
	_ = w.Write([]string{"serial", "at", "actor", "role", "via", "action", "object", "outcome", "reason", "before", "after", "request", "hash"})
	for _, e := range found[:min(len(found), in.Limit)] {
		_ = w.Write(spreadsheet.Row(serial(e.Serial), e.At.Format(time.RFC3339Nano), e.Actor, e.Role, e.Via, e.Action, e.Object,
			string(e.Outcome), e.Reason, string(e.Before), string(e.After), e.Request, e.Hash))
	}
	w.Flush()
	return &file{ContentType: "text/csv; charset=utf-8", Disposition: `attachment; filename="audit.csv"`, Body: []byte(text.String())}, w.Error()
}

type tokenList struct {
	Paging

	Owner string `query:"owner" maxLength:"200"`
}

func (a *API) tokens(ctx context.Context, in *tokenList) (*Page[access.Token], error) {
	who, _ := access.From(ctx)
	found, err := a.Office.List(ctx, who, in.Owner, in.After, in.more())
	return paged("/tokens", in.Paging, found, err, func(t access.Token) string { return t.ID })
}

// NewToken is a token that is asked for.
type NewToken struct {
	Why

	Name  string        `json:"name" minLength:"1" maxLength:"200" doc:"What it is for"`
	Owner string        `json:"owner,omitempty" maxLength:"200" doc:"A service account; you, if it is left out"`
	Roles []access.Role `json:"roles" minItems:"1"`
	Days  int           `json:"days,omitempty" minimum:"1" maximum:"366" default:"90"`
}

type newToken struct{ Body NewToken }

func (o *newToken) asked() (string, Why) { return "token", o.Body.Why }

// Issued is a token with its secret.
type Issued struct {
	access.Token

	Secret string `json:"secret"`
}

func (a *API) createToken(ctx context.Context, in *newToken, _ access.Role) (*body[Issued], error) {
	who, _ := access.From(ctx)
	if in.Body.Days == 0 {
		in.Body.Days = 90
	}
	t, secret, err := a.Office.Issue(ctx, who, access.Order{
		Name: in.Body.Name, Owner: access.Account{Name: in.Body.Owner}, Roles: in.Body.Roles, Expires: a.Now().AddDate(0, 0, in.Body.Days),
	})
	return bodyOf(Issued{Token: t, Secret: secret}, err)
}

type oneToken struct {
	Token string `path:"token" maxLength:"40"`
}

func (o *oneToken) asked() (string, Why) { return "token/" + o.Token, Why{} } //nolint:unparam // every order says both

func (a *API) revokeToken(ctx context.Context, in *oneToken, _ access.Role) (*struct{}, error) {
	who, _ := access.From(ctx)
	return nil, a.Office.Revoke(ctx, who, in.Token)
}

type accountList struct{ Paging }

func (a *API) accounts(ctx context.Context, in *accountList) (*Page[access.Account], error) {
	found, err := a.Office.Accounts.Accounts(ctx, in.After, in.more())
	return paged("/accounts", in.Paging, found, err, func(x access.Account) string { return x.Name })
}

// Glass is a glass that is broken.
type Glass struct {
	Reason  string `json:"reason" minLength:"1" maxLength:"2000"`
	Minutes int    `json:"minutes,omitempty" minimum:"1" maximum:"480" default:"60"`
}

type newGlass struct{ Body Glass }

func (o *newGlass) asked() (string, Why) { return "glass", Why{Reason: o.Body.Reason} }

func (a *API) breakGlass(ctx context.Context, in *newGlass, _ access.Role) (*body[access.Grant], error) {
	who, _ := access.From(ctx)
	if in.Body.Minutes == 0 {
		in.Body.Minutes = 60
	}
	return bodyOf(a.Office.Glass(ctx, who, in.Body.Reason, time.Duration(in.Body.Minutes)*time.Minute))
}

func (a *API) glass(ctx context.Context, _ *struct{}) (*body[Items[access.Grant]], error) {
	found, err := a.Office.Grants.Granted(ctx, "", a.Now())
	return bodyOf(Items[access.Grant]{Items: append([]access.Grant{}, found...)}, err)
}
