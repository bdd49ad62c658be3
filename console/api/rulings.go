package api

import (
	"context"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
)

func (a *API) rulings() {
	read(a, get("list-ambiguous", "/ambiguous", access.CallRead, "Legs that fit several calls, with the candidates"), a.ambiguous)
	read(a, get("list-rulings", "/rulings", access.CallRead, "What people said of legs, the newest first"), a.listRulings)
	write(a, post("rule-leg", "/rulings", access.CallDecide, "Say which call a leg belongs to, or that it is apart; the next stitching does it").storedAtOnce(), a.rule)
	write(a, post("withdraw-ruling", "/rulings/withdraw", access.CallDecide, "Take back what was said of a leg").storedAtOnce(), a.withdraw)
}

type ambiguousList struct {
	Paging

	System string `query:"system" maxLength:"100"`
	From   string `query:"from" maxLength:"40"`
	To     string `query:"to" maxLength:"40"`
}

func (a *API) ambiguous(ctx context.Context, in *ambiguousList) (*Page[calllog.Ambiguity], error) {
	from, err := moment("from", in.From)
	if err != nil {
		return nil, err
	}
	to, err := moment("to", in.To)
	if err != nil {
		return nil, err
	}
	after, err := place(in.After)
	if err != nil {
		return nil, err
	}
	found, err := a.Stitches.Ambiguous(ctx, calllog.AmbiguousQuery{System: in.System, From: from, To: to, After: after, Limit: in.more()})
	for _, x := range found {
		for i := range x.Candidates {
			x.Candidates[i].Why = calllog.MaskText(x.Candidates[i].Why)
		}
	}
	return paged("/ambiguous", in.Paging, found, err, func(x calllog.Ambiguity) string {
		return x.Place().Name()
	})
}

// mostRulings is how many of the newest a list goes back to.
const mostRulings = 10_000

func (a *API) listRulings(ctx context.Context, in *Paging) (*Page[calllog.Ruled], error) {
	found, err := a.Stitches.Rulings(ctx, mostRulings)
	for i := range found {
		found[i].Reason, found[i].Why = calllog.MaskText(found[i].Reason), calllog.MaskText(found[i].Why)
	}
	return cut("/rulings", *in, found, err, func(r calllog.Ruled) string {
		return r.Place().Name()
	})
}

// NewRuling is what somebody says of a leg.
type NewRuling struct {
	Why

	Leg    string `json:"leg" maxLength:"300" doc:"SYSTEM/RECORD"`
	To     string `json:"to,omitempty" maxLength:"300" doc:"The leg that it came from or belongs to, SYSTEM/RECORD"`
	Apart  bool   `json:"apart,omitempty" doc:"It belongs to no other leg"`
	DryRun bool   `json:"dry_run,omitempty" doc:"Check it and keep nothing"`
}

type newRuling struct{ Body NewRuling }

func (o *newRuling) asked() (string, Why) { return "leg/" + o.Body.Leg, o.Body.Why }

// Ruling is what was said of a leg.
type Ruling struct {
	calllog.Ruling

	DryRun bool `json:"dry_run"`
}

func (a *API) rule(ctx context.Context, in *newRuling, _ access.Role) (*body[Ruling], error) {
	switch {
	case (in.Body.To == "") == !in.Body.Apart:
		return nil, invalid("give either to or apart")
	case in.Body.Reason == "":
		return nil, invalid("a reason is needed: others will want to know why")
	}
	r := Ruling{Ruling: calllog.Ruling{Actor: by(ctx, in.Body.Why).Actor, Reason: in.Body.Reason, At: a.Now()}, DryRun: in.Body.DryRun}
	var err error
	if r.Leg, err = legID(in.Body.Leg); err != nil {
		return nil, err
	}
	if in.Body.To != "" {
		if r.To, err = legID(in.Body.To); err != nil {
			return nil, err
		}
	}
	at, err := a.Stitches.Find(ctx, r.Leg)
	if err != nil {
		return nil, err
	}
	r.Started = at.Started
	if in.Body.DryRun {
		return &body[Ruling]{r}, nil
	}
	return bodyOf(r, a.Stitches.Rule(ctx, r.Ruling))
}

// Withdrawal is a leg of which nothing is said any more.
type Withdrawal struct {
	Why

	Leg    string `json:"leg" maxLength:"300" doc:"SYSTEM/RECORD"`
	DryRun bool   `json:"dry_run,omitempty" doc:"Check it and change nothing"`
}

type withdrawal struct{ Body Withdrawal }

func (o *withdrawal) asked() (string, Why) { return "leg/" + o.Body.Leg, o.Body.Why }

// Withdrawn is a leg that the next stitching decides anew.
type Withdrawn struct {
	Leg    calllog.LegID `json:"leg"`
	DryRun bool          `json:"dry_run"`
}

func (a *API) withdraw(ctx context.Context, in *withdrawal, _ access.Role) (*body[Withdrawn], error) {
	if in.Body.Reason == "" {
		return nil, invalid("a reason is needed: others will want to know why")
	}
	leg, err := legID(in.Body.Leg)
	if err != nil {
		return nil, err
	}
	out := Withdrawn{Leg: leg, DryRun: in.Body.DryRun}
	if in.Body.DryRun {
		_, err := a.Stitches.Find(ctx, leg)
		return bodyOf(out, err)
	}
	return bodyOf(out, a.Stitches.Withdraw(ctx, leg, by(ctx, in.Body.Why).Actor, in.Body.Reason))
}
