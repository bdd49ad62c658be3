package api

import (
	"context"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

type differenceList struct {
	PlanPath
	Paging

	Stage string `query:"stage" maxLength:"100"`
	Gate  string `query:"gate" maxLength:"100" doc:"user_state or call_log"`
	Open  bool   `query:"open" doc:"Only those that nothing explains"`
}

func (a *API) planDifferences(ctx context.Context, in *differenceList) (*Page[control.Difference], error) {
	found, err := a.Plans.Differences(ctx, control.DifferenceQuery{Plan: in.Plan, Stage: in.Stage, Gate: in.Gate, OpenOnly: in.Open, After: in.After})
	found = found[:min(len(found), in.more())]
	return paged("/plans/"+in.Plan+"/differences", in.Paging, found, err, func(d control.Difference) string { return d.Name() })
}

// DifferenceExplained is what somebody says of a difference.
type DifferenceExplained struct {
	Why

	Key      string        `json:"key" maxLength:"1000" doc:"The difference's key"`
	Stage    string        `json:"stage,omitempty" maxLength:"100" doc:"Needed where several differences have the key"`
	Gate     string        `json:"gate,omitempty" maxLength:"100" doc:"user_state or call_log; needed where several differences have the key"`
	For      plan.Duration `json:"for,omitempty" doc:"How long it holds, such as 7d"`
	Withdraw bool          `json:"withdraw,omitempty" doc:"Take back what was said, so that it is open again"`
	DryRun   bool          `json:"dry_run,omitempty" doc:"Say what would be kept, and keep nothing"`
}

type differenceExplained struct {
	PlanPath

	Body DifferenceExplained
}

func (o *differenceExplained) asked() (string, Why) {
	return "plan/" + o.Plan + "/difference", o.Body.Why
}

func (a *API) explainDifference(ctx context.Context, in *differenceExplained, role access.Role) (*body[rollout.Explained], error) {
	return bodyOf(a.Plans.Explain(ctx, control.Explanation{
		DifferenceQuery: control.DifferenceQuery{Plan: in.Plan, Stage: in.Body.Stage, Gate: in.Body.Gate, Key: in.Body.Key},
		Actor:           by(ctx, in.Body.Why).Actor, Role: role, Reason: in.Body.Reason, For: in.Body.For, Withdraw: in.Body.Withdraw, DryRun: in.Body.DryRun,
	}))
}
