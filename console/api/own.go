package api

import (
	"context"
	"net/http"

	"github.com/dualtone/dualtone/access"
)

func (a *API) own() {
	read(a, get("get-me", "/me", access.PlanRead, "Who you are, and what you may"), a.me)
	read(a, get("list-tokens", "/tokens", access.TokenOwn, "Your tokens; those of all for whoever may"), a.tokens)
	create := post("create-token", "/tokens", access.TokenOwn, "Make a token; its secret is told once").storedAtOnce()
	create.status = http.StatusCreated
	write(a, create, a.createToken)
	write(a, operation{id: "revoke-token", method: http.MethodDelete, path: "/tokens/{token}", action: access.TokenOwn, summary: "End a token", atOnce: true}, a.revokeToken)
	glass := post("break-glass", "/glass", access.BreakGlass, "Become incident commander for a while; everybody hears of it").storedAtOnce()
	glass.status = http.StatusCreated
	write(a, glass, a.breakGlass)
	write(a, operation{
		id: "end-glass", method: http.MethodDelete, path: "/glass/{grant}", action: access.BreakGlass, summary: "Give the role back before its time", atOnce: true,
	}, a.endGlass)
	read(a, get("list-glass", "/glass", access.PlanRead, "Who is incident commander for a while, and who was"), a.glass)
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

	DryRun bool `json:"dry_run,omitempty" doc:"Check it, and make nothing"`
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
		DryRun: in.Body.DryRun,
	})
	return bodyOf(Issued{Token: t, Secret: secret}, err)
}

type oneToken struct {
	Ending

	Token string `path:"token" maxLength:"40"`
}

func (o *oneToken) asked() (string, Why) { return "token/" + o.Token, Why{Reason: o.Reason} }

func (a *API) revokeToken(ctx context.Context, in *oneToken, _ access.Role) (*struct{}, error) {
	who, _ := access.From(ctx)
	if in.DryRun {
		_, err := a.Office.Revocable(ctx, who, in.Token)
		return nil, err
	}
	return nil, a.Office.Revoke(ctx, who, in.Token)
}
