package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// differences are what both systems of a plan do not say alike, here or at a server.
type differences interface {
	Differences(ctx context.Context, q control.DifferenceQuery) ([]control.Difference, error)
	Explain(ctx context.Context, x control.Explanation) (rollout.Explained, error)
}

// withDifferences runs a command about differences, and tells who gives it.
func (a *app) withDifferences(ctx context.Context, do func(d differences, who string) error) error {
	return a.thereOrHere(func(cfg *config.Config, s server) error { return do(differencesThere(s), actor(cfg)) }, func() error {
		return a.withStores(ctx, func(cfg *config.Config, s *stores) error {
			return do(s.planControl(nil, a.now), actor(cfg))
		})
	})
}

// differencesThere are those that a server tells of.
type differencesThere struct{ *client.Client }

// Differences lists them all.
func (s differencesThere) Differences(ctx context.Context, q control.DifferenceQuery) ([]control.Difference, error) {
	query := client.Query{}.Text("stage", q.Stage).Text("gate", q.Gate).Yes("open", q.OpenOnly).Text("after", q.After)
	return client.List[control.Difference](ctx, s.Client, client.Path("plans", q.Plan, "differences"), query, 0)
}

// Explain says why a difference is no loss, or takes that back.
func (s differencesThere) Explain(ctx context.Context, x control.Explanation) (said rollout.Explained, err error) {
	body := map[string]any{"reason": x.Reason, "role": x.Role, "key": x.Key, "stage": x.Stage, "gate": x.Gate, "withdraw": x.Withdraw, "dry_run": x.DryRun}
	if x.For > 0 {
		body["for"] = x.For
	}
	return said, s.Send(ctx, http.MethodPost, client.Path("plans", x.Plan, "differences"), body, &said)
}

// members are the people of a stage as a server finds them.
func (s server) members(ctx context.Context, draft api.Draft, q stageAsked) ([]control.StageMember, error) {
	const most = 100_000 // of one answer
	ask := api.StageDraft{Draft: draft, Stage: q.stage, Left: q.left, After: q.after, Limit: most}
	if q.limit > 0 {
		ask.Limit = min(q.limit, most)
	}
	all := []control.StageMember{}
	for {
		got, err := sent[list[control.StageMember]](ctx, s, "/plans/cohort/members", ask)
		if err != nil {
			return nil, err
		}
		if all = append(all, got.Items...); got.Next == "" || q.limit > 0 && len(all) >= q.limit {
			return all, nil
		}
		if ask.After, err = strconv.Atoi(got.Next); err != nil {
			return nil, fmt.Errorf("the server's list goes on after %q: %w", got.Next, dualtone.ErrUnavailable)
		}
	}
}

// withCanaries runs a command about round trips by hand, here or at a server, and
// tells who gives it.
func (a *app) withCanaries(ctx context.Context, do func(c rollout.Canaries, who string) error) error {
	return a.thereOrHere(func(_ *config.Config, s server) error {
		me, err := s.Me(ctx)
		if err != nil {
			return err
		}
		return do(canariesThere(s), me.Name)
	}, func() error {
		return a.withStores(ctx, func(cfg *config.Config, s *stores) error { return do(s.rollouts, actor(cfg)) })
	})
}

// canariesThere are those that a server keeps.
type canariesThere struct{ *client.Client }

// KeepCanary records one.
func (s canariesThere) KeepCanary(ctx context.Context, c rollout.Canary) error {
	return s.Send(ctx, http.MethodPost, "/canaries", map[string]any{
		"id": c.ID, "class": c.Class, "subject": c.Subject, "evidence": c.Evidence, "drifted": !c.Restored,
	}, nil)
}

// ConfirmCanary says that somebody else has looked.
func (s canariesThere) ConfirmCanary(ctx context.Context, c rollout.Canary) error {
	return s.Send(ctx, http.MethodPost, client.Path("canaries", c.ID)+"/confirm", map[string]any{}, nil)
}

// Canary finds one; ErrNotFound for an unknown one.
func (s canariesThere) Canary(ctx context.Context, id string) (c rollout.Canary, err error) {
	return c, s.Get(ctx, client.Path("canaries", id), nil, &c)
}

// Canaries lists them, newest first.
func (s canariesThere) Canaries(ctx context.Context, q rollout.CanaryQuery) ([]rollout.Canary, error) {
	query := url.Values{"class": {string(q.Class)}, "limit": {strconv.Itoa(max(q.Limit, 1))}}
	if q.Limit == 0 {
		query.Set("limit", "1000")
	}
	if !q.Before.IsZero() {
		query.Set("after", q.Before.UTC().Format(time.RFC3339Nano))
	}
	var got list[rollout.Canary]
	err := s.Get(ctx, "/canaries", query, &got)
	return got.Items, err
}
