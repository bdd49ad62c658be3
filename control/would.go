package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// Would refuses what would be refused of an order to a plan that stands like that, and
// changes nothing: by what is kept, and then by what its workflow, or that of its
// stage, says of the order.
func (p *Plans) Would(ctx context.Context, v PlanView, o workflows.PlanOrder) error {
	var places []rollout.User
	if o.Person != "" {
		var err error
		if places, err = p.Store.Users(ctx, v.Place(o.Person)); err != nil {
			return err
		}
	}
	against := v.Against(o, places)
	need := v.Needs[o.Stage]
	switch {
	case o.Verb == rollout.Finalise && v.Plan.State == rollout.Completed:
		return p.wouldFinalise(ctx, v, against)
	case against != nil:
		return against
	case o.Verb == rollout.Start:
		return p.wouldStart(ctx, v)
	case o.Verb == rollout.Approve && o.Stage != "" && len(need.Roles) > 0 && !slices.Contains(need.Roles, o.Role):
		return fmt.Errorf("approve of stage %s of plan %s refused: %s acts as %s; may: %s: %w",
			o.Stage, v.Plan.Name, o.Actor, o.Role, rollout.RolesText(need.Roles), dualtone.ErrDenied)
	case o.Verb == rollout.Limit && o.Rate != nil:
		if err := p.withinApproved(ctx, v, *o.Rate); err != nil {
			return err
		}
	}
	if p.Control == nil || v.decidesHere(o) || o.Verb == rollout.Rollback && o.Person != "" {
		return nil
	}
	return p.wouldTake(ctx, v, o)
}

// decidesHere reports whether an order is about a plan as a whole that is kept and
// does not run, so that nothing but the store is asked of it.
func (v PlanView) decidesHere(o workflows.PlanOrder) bool {
	return o.Stage == "" && !slices.Contains([]rollout.State{rollout.Active, rollout.Completed, rollout.Aborting, rollout.RollingBack}, v.Plan.State)
}

// wouldStart refuses to start a plan whose approvals count no more.
func (p *Plans) wouldStart(ctx context.Context, v PlanView) error {
	missing, err := p.missing(ctx, v.standing())
	if err != nil || missing == "" {
		return err
	}
	return expired(v.Plan.Name, missing)
}

// wouldTake asks the workflow that would take an order.
func (p *Plans) wouldTake(ctx context.Context, v PlanView, o workflows.PlanOrder) error {
	name := v.Plan.Name
	o.At = p.Now()
	switch {
	case o.Verb == rollout.Approve && o.Stage != "" && o.Stage != workflows.FinalStage:
		status, err := p.Stage(ctx, name, o.Stage)
		if err != nil {
			return err
		}
		o.Bound = status.Bound
	case o.Verb == rollout.Extend && o.Until.IsZero():
		ends, err := p.SoakEnds(ctx, name, o.Stage)
		if err != nil {
			return err
		}
		o.Until = ends.Add(o.For.Time())
	}
	if o.Stage != "" && o.Stage != workflows.FinalStage {
		if asked, err := p.asks(ctx, workflows.StageWorkflowID(name, o.Stage), o); asked {
			return err
		}
	}
	asked, err := p.asks(ctx, workflows.PlanWorkflowID(name), o)
	if !asked && o.Stage != "" {
		return doesNotRun(v.standing(), o)
	}
	return err
}

// doesNotRun refuses an order to a stage of a plan whose workflow has ended.
func doesNotRun(s rollout.Standing, o workflows.PlanOrder) error {
	return fmt.Errorf("%s of stage %s refused: plan %s is %s and does not run: %w", o.Verb, o.Stage, s.Plan, s.State, dualtone.ErrConflict)
}

// answersIn is how long a workflow has to say what it would do.
const answersIn = 20 * time.Second

// asks asks a workflow what it would say to an order; false where it does not run. A
// worker that is older than the question has no answer, and what is kept has to do.
func (p *Plans) asks(ctx context.Context, id string, o workflows.PlanOrder) (asked bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, answersIn)
	defer cancel()
	got, err := p.Client.QueryWorkflowWithOptions(ctx, &client.QueryWorkflowWithOptionsRequest{
		WorkflowID: id, QueryType: workflows.PlanWould, Args: []any{o}, QueryRejectCondition: enums.QUERY_REJECT_CONDITION_NOT_OPEN,
	})
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return false, nil
	}
	if _, ok := errors.AsType[*serviceerror.QueryFailed](err); ok {
		return true, nil
	}
	if err != nil {
		return true, fmt.Errorf("whether %s would take it is not known: %w: %w", id, err, dualtone.ErrUnavailable)
	}
	if got.QueryRejected != nil {
		return false, nil
	}
	var w workflows.Would
	if err := got.QueryResult.Get(&w); err != nil || w.Refused == "" {
		return true, err
	}
	return true, &refusal{words: w.Refused, kind: kindOf(w.Kind)}
}

// wouldFinalise refuses to finalise a completed plan with all that is missing.
func (p *Plans) wouldFinalise(ctx context.Context, v PlanView, against error) error {
	if against != nil && !errors.Is(against, dualtone.ErrConflict) || v.Finalise == nil || p.Control == nil {
		return against
	}
	prefix := fmt.Sprintf("finalise of plan %s refused: ", v.Plan.Name)
	var missing []string
	if against != nil { // such as by a hold
		missing = append(missing, strings.TrimPrefix(against.Error(), prefix))
	}
	found, err := p.LookFinal(ctx, v)
	if err != nil {
		return err
	}
	for _, what := range found {
		if !slices.ContainsFunc(missing, func(said string) bool { return strings.HasPrefix(said, what) }) {
			missing = append(missing, what)
		}
	}
	if said := v.Said(workflows.FinalStage); !said.Enough {
		missing = append(missing, said.Missing)
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%s%s: %w", prefix, strings.Join(missing, "; "), dualtone.ErrConflict)
}

// LookFinal looks at all that a plan requires before its point of no return, as
// finalising it would, and says what is missing. It opens no task.
func (p *Plans) LookFinal(ctx context.Context, v PlanView) ([]string, error) {
	return now[[]string](ctx, p.Control, errand{
		id: workflows.PlanWorkflowID(v.Plan.Name) + "/final", workflow: workflows.LookFinalName,
		args: []any{activities.PlanRef{Plan: v.Plan.Name, Hash: v.Plan.Hash}},
		what: "plan " + v.Plan.Name, already: "what plan " + v.Plan.Name + " requires is being looked at",
	})
}

// withinApproved refuses limits above those that were approved.
func (p *Plans) withinApproved(ctx context.Context, v PlanView, r rollout.Rate) error {
	version, err := p.Versions.Version(ctx, v.Plan.Name, plan.Hash(v.Plan.Hash))
	if err != nil {
		return err
	}
	most := rollout.RateOf(version.Document.Plan.Spec.Limits)
	if why := most.With(r).Within(most); why != "" {
		return fmt.Errorf("limits of plan %s refused: %s: %w", v.Plan.Name, why, dualtone.ErrDenied)
	}
	return nil
}
