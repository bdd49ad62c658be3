package api

import (
	"context"
	"net/http"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/workflows"
)

func (a *API) cohortMoves() {
	read(a, get("list-cohorts", "/cohorts", access.CohortRead, "List cohorts and how far they are"), a.listCohorts)
	read(a, get("get-cohort", "/cohorts/{cohort}", access.CohortRead, "One cohort"), a.getCohort)
	read(a, get("list-cohort-members", "/cohorts/{cohort}/members", access.CohortRead, "Who is in a cohort, in its order"), a.members)
	read(a, get("get-cohort-status", "/cohorts/{cohort}/status", access.CohortRead, "How its latest move stands"), a.cohortStatus)
	create := post("create-cohort", "/cohorts", access.CohortEdit, "Make a cohort").storedAtOnce()
	create.status = http.StatusCreated
	write(a, create, a.createCohort)
	write(a, post("move-cohort", "/cohorts/{cohort}/move", access.CohortMove, "Move a cohort, or those of it who failed"), a.moveCohort)
	write(a, post("rollback-cohort", "/cohorts/{cohort}/rollback", access.CohortRollback, "Take everybody back who was moved, last first"), a.rollBackCohort)
	for verb, does := range map[string]string{
		"pause": "Start nobody else until resume", "resume": "Go on", "stop": "Start nobody else and end", "skip": "Leave a member out",
		"window": "Set how many users are switched at the same time",
	} {
		write(a, post(verb+"-cohort", "/cohorts/{cohort}/"+verb, access.CohortOrder, does),
			func(ctx context.Context, in *cohortOrder, _ access.Role) (*body[workflows.CohortStatus], error) {
				return bodyOf(a.orderCohort(ctx, verb, in))
			})
	}
}

type cohortList struct {
	Paging

	Text string `query:"text" maxLength:"200" doc:"Searched in name and note"`
}

func (a *API) listCohorts(ctx context.Context, in *cohortList) (*Page[cutover.Cohort], error) {
	found, err := a.Cohorts.Cohorts(ctx, cutover.CohortQuery{Text: in.Text, After: in.After, Limit: in.more()})
	return paged("/cohorts", in.Paging, found, err, func(c cutover.Cohort) string { return c.Name })
}

// CohortPath names a cohort in a path.
type CohortPath struct {
	Cohort string `path:"cohort" maxLength:"200" doc:"The cohort's name"`
}

func (a *API) getCohort(ctx context.Context, in *CohortPath) (*body[cutover.Cohort], error) {
	return bodyOf(a.Cohorts.Cohort(ctx, in.Cohort))
}

type memberList struct {
	CohortPath
	Paging

	Side   dualtone.Side   `query:"side" enum:"old,new"`
	States []cutover.State `query:"state"`

	Retry dualtone.Side `query:"retry" enum:"old,new" doc:"Only members whom their latest switch was to bring to that side, and who can be tried again"`

	Reverse bool `query:"reverse" doc:"The last first, as they are taken back"`
}

func (a *API) members(ctx context.Context, in *memberList) (*Page[cutover.Member], error) {
	after, err := in.number()
	if err != nil {
		return nil, err
	}
	found, err := a.Cohorts.Members(ctx, cutover.MemberQuery{Cohort: in.Cohort, Side: in.Side, States: in.States, Retry: in.Retry, Reverse: in.Reverse, After: int(after), Limit: in.more()})
	return paged("/cohorts/"+in.Cohort+"/members", in.Paging, found, err, func(m cutover.Member) string { return serial(int64(m.Position)) })
}

func (a *API) cohortStatus(ctx context.Context, in *CohortPath) (*body[workflows.CohortStatus], error) {
	return bodyOf(a.Plans.CohortStatus(ctx, in.Cohort))
}

// NewCohort is a cohort that is made.
type NewCohort struct {
	Why

	Name  string              `json:"name" minLength:"1" maxLength:"200"`
	Note  string              `json:"note,omitempty" maxLength:"2000"`
	Users []dualtone.PersonID `json:"users" minItems:"1" maxItems:"100000" doc:"The people's ids, in their order"`
}

type newCohort struct{ Body NewCohort }

func (o *newCohort) asked() (string, Why) { return "cohort/" + o.Body.Name, o.Body.Why }

func (a *API) createCohort(ctx context.Context, in *newCohort, _ access.Role) (*body[cutover.Cohort], error) {
	c := cutover.Cohort{Name: in.Body.Name, Note: in.Body.Note, Actor: by(ctx, in.Body.Why).Actor, Created: a.Now(), Size: len(in.Body.Users)}
	return bodyOf(c, a.Cohorts.Create(ctx, c, in.Body.Users))
}

// CohortMove is how a cohort is moved.
type CohortMove struct {
	Why

	To     dualtone.Side   `json:"to,omitempty" enum:"old,new" default:"new"`
	Window int             `json:"window,omitempty" minimum:"0" maximum:"1000" doc:"How many users at a time"`
	Only   []cutover.State `json:"only,omitempty" doc:"Only members whose latest switch is in one of these states"`
	Retry  bool            `json:"retry,omitempty" doc:"Only those whom their latest switch was to bring to that side, and did not"`
	DryRun bool            `json:"dry_run,omitempty" doc:"Say who would be moved, and move nobody"`
}

type cohortMove struct {
	CohortPath

	Body CohortMove
}

func (o *cohortMove) asked() (string, Why) { return "cohort/" + o.Cohort, o.Body.Why }

// Moving is a cohort that is on its way, or would be.
type Moving struct {
	Cohort string        `json:"cohort"`
	To     dualtone.Side `json:"to"`
	Users  int           `json:"users"`
	DryRun bool          `json:"dry_run,omitempty"`
}

func (a *API) moveCohort(ctx context.Context, in *cohortMove, _ access.Role) (*body[Moving], error) {
	m := control.CohortMove{Cohort: in.Cohort, To: in.Body.To, Window: in.Body.Window, Only: in.Body.Only, Retry: in.Body.Retry, Why: by(ctx, in.Body.Why)}
	if m.To == "" {
		m.To = dualtone.New
	}
	out, err := a.whom(ctx, m, in.Body.DryRun)
	if err != nil || in.Body.DryRun {
		return bodyOf(out, err)
	}
	_, err = a.Plans.MoveCohort(ctx, m)
	return bodyOf(out, err)
}

func (a *API) rollBackCohort(ctx context.Context, in *cohortMove, _ access.Role) (*body[Moving], error) {
	m := control.CohortMove{Cohort: in.Cohort, To: dualtone.Old, Window: in.Body.Window, Why: by(ctx, in.Body.Why)}
	out, err := a.whom(ctx, m, in.Body.DryRun)
	if err != nil || in.Body.DryRun {
		return bodyOf(out, err)
	}
	return bodyOf(out, a.Plans.RollBack(ctx, m))
}

// whom counts those whom a move would switch.
func (a *API) whom(ctx context.Context, m control.CohortMove, dryRun bool) (Moving, error) {
	const page = 1000
	out := Moving{Cohort: m.Cohort, To: m.To, DryRun: dryRun}
	if _, err := a.Cohorts.Cohort(ctx, m.Cohort); err != nil {
		return out, err
	}
	q := m.Members()
	for q.Limit = page; ; {
		found, err := a.Cohorts.Members(ctx, q)
		if err != nil {
			return out, err
		}
		out.Users += len(found)
		if len(found) < page {
			return out, nil
		}
		q.After = found[len(found)-1].Position
	}
}

// CohortOrder is an order to a moving cohort.
type CohortOrder struct {
	Why

	User     dualtone.PersonID `json:"user,omitempty" maxLength:"200" doc:"skip: whom"`
	Window   int               `json:"window,omitempty" minimum:"0" maximum:"1000" doc:"window: how many users at a time"`
	InFlight control.InFlight  `json:"in_flight,omitempty" enum:"finish,back" doc:"stop: what becomes of those in flight; finish if it is left out"`
}

type cohortOrder struct {
	CohortPath

	Body CohortOrder
}

func (o *cohortOrder) asked() (string, Why) { return "cohort/" + o.Cohort, o.Body.Why }

func (a *API) orderCohort(ctx context.Context, verb string, in *cohortOrder) (workflows.CohortStatus, error) {
	why, c := by(ctx, in.Body.Why), a.Plans.Control
	switch verb {
	case "pause":
		return c.Pause(ctx, in.Cohort, why)
	case "resume":
		return c.Resume(ctx, in.Cohort, why)
	case "skip":
		return c.Skip(ctx, in.Cohort, in.Body.User, why)
	case "window":
		return c.Widen(ctx, in.Cohort, in.Body.Window, why)
	default:
		if in.Body.InFlight == "" {
			in.Body.InFlight = control.Finish
		}
		return c.Stop(ctx, in.Cohort, in.Body.InFlight, why)
	}
}
