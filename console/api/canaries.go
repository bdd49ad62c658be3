package api

import (
	"context"
	"net/http"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func (a *API) canaries() {
	read(a, get("list-canaries", "/canaries", access.PlanRead, "Round trips by hand that prove a way back, the newest first"), a.listCanaries)
	read(a, get("get-canary", "/canaries/{canary}", access.PlanRead, "One round trip"), a.getCanary)
	record := post("record-canary", "/canaries", access.PlanProgress, "Record that something went to the new side and came back").storedAtOnce()
	record.status = http.StatusCreated
	write(a, record, a.recordCanary)
	write(a, post("confirm-canary", "/canaries/{canary}/confirm", access.PlanProgress, "Confirm a round trip that somebody else made").storedAtOnce(), a.confirmCanary)
}

type canaryList struct {
	Paging

	Class plan.Reversal `query:"class" maxLength:"40"`
}

func (a *API) listCanaries(ctx context.Context, in *canaryList) (*Page[rollout.Canary], error) {
	before, err := moment("after", in.After)
	if err != nil {
		return nil, err
	}
	found, err := a.Canaries.Canaries(ctx, rollout.CanaryQuery{Class: in.Class, Before: before, Limit: in.more()})
	return paged("/canaries", in.Paging, found, err, func(c rollout.Canary) string { return c.At.Format(time.RFC3339Nano) })
}

// CanaryPath names a round trip in a path.
type CanaryPath struct {
	Canary string `path:"canary" maxLength:"100"`
}

func (a *API) getCanary(ctx context.Context, in *CanaryPath) (*body[rollout.Canary], error) {
	return bodyOf(a.Canaries.Canary(ctx, in.Canary))
}

// CanaryMade is a round trip that somebody made by hand.
type CanaryMade struct {
	Why

	ID       string        `json:"id" minLength:"1" maxLength:"100"`
	Class    plan.Reversal `json:"class,omitempty" maxLength:"40" doc:"How long the way back takes; days, if it is left out"`
	Subject  string        `json:"subject" maxLength:"1000" doc:"What went out and came back, such as a number"`
	Evidence string        `json:"evidence" maxLength:"4000" doc:"What shows it, such as a link to both letters"`
	Drifted  bool          `json:"drifted,omitempty" doc:"Not everything was as before"`
	DryRun   bool          `json:"dry_run,omitempty" doc:"Say what would be recorded, and record nothing"`
}

type canaryMade struct{ Body CanaryMade }

func (o *canaryMade) asked() (string, Why) { return "canary/" + o.Body.ID, o.Body.Why }

func (a *API) recordCanary(ctx context.Context, in *canaryMade, _ access.Role) (*body[rollout.Canary], error) {
	b := in.Body
	c := rollout.Canary{
		ID: b.ID, Class: b.Class, Subject: b.Subject, Restored: !b.Drifted, Evidence: b.Evidence,
		At: a.Now().Truncate(time.Microsecond), Actor: by(ctx, b.Why).Actor,
	}
	if c.Class == "" {
		c.Class = plan.ReversalDays
	}
	return bodyOf(c, c.Record(ctx, a.Canaries, b.DryRun))
}

// CanaryConfirmed is what somebody else says of a round trip.
type CanaryConfirmed struct {
	Why

	DryRun bool `json:"dry_run,omitempty" doc:"Say what would be confirmed, and confirm nothing"`
}

type canaryConfirmed struct {
	CanaryPath

	Body CanaryConfirmed
}

func (o *canaryConfirmed) asked() (string, Why) { return "canary/" + o.Canary, o.Body.Why }

func (a *API) confirmCanary(ctx context.Context, in *canaryConfirmed, _ access.Role) (*body[rollout.Canary], error) {
	c, err := a.Canaries.Canary(ctx, in.Canary)
	if err != nil {
		return nil, err
	}
	if c, err = c.Confirm(by(ctx, in.Body.Why).Actor, a.Now().Truncate(time.Microsecond)); err != nil || in.Body.DryRun {
		return bodyOf(c, err)
	}
	return bodyOf(c, a.Canaries.ConfirmCanary(ctx, c))
}
