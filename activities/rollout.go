package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Rollout does for the workflows of plans what they may not do themselves: it
// reads and keeps, asks the calendar, checks and measures.
type Rollout struct {
	Store    rollout.Store
	Specs    Specs
	People   cutover.People
	Calendar rollout.Calendars
	Checks   StageChecks
	Measures rollout.Measures
	// Budgets may be nil where no plan has a share of the CRM.
	Budgets rollout.Budgets
	// Final does what a plan names for after its point of no return.
	Final FinalActions
	// News may be nil.
	News rollout.News
	Now  func() time.Time
}

// Specs reads from a plan what the workflows of its stages need.
type Specs interface {
	// Spec returns a version of a plan. ErrNotFound for an unknown one.
	Spec(ctx context.Context, plan, hash string) (rollout.PlanSpec, error)
}

// StageChecks looks whether a stage may begin.
type StageChecks interface {
	// Check asks everything that must hold before anybody of a stage is switched.
	Check(ctx context.Context, r StageRef) (Checked, error)
	// Crowded returns which of the people may not be switched now, because too
	// many of those they work with are on the new side; each with the reason.
	Crowded(ctx context.Context, r StageRef, people []dualtone.Person, now Crowding) (map[dualtone.PersonID]string, error)
	// Final says what is still missing before the point of no return. What no system
	// can show becomes a task, unless it is only looked.
	Final(ctx context.Context, p PlanRef, at time.Time, look bool) ([]string, error)
}

// FinalActions does what cannot be taken back.
type FinalActions interface {
	// Perform does the final actions of a plan; what no system can do becomes a
	// task. It may be run again after any failure.
	Perform(ctx context.Context, p PlanRef) error
}

// Checked is what the prechecks of a stage found.
type Checked struct {
	// Blocks says why the stage may not begin; empty if it may.
	Blocks []string `json:"blocks,omitempty"`
	// LeftOut are people who are not switched, each with the reason.
	LeftOut map[dualtone.PersonID]string `json:"left_out,omitempty"`
	// Facts are what was found, a line each; approvals bind them.
	Facts []string `json:"facts,omitempty"`
}

// Itself is the program as an actor.
const Itself = "system"

// StageRef names a stage of a version of a plan.
type StageRef struct {
	Plan  string `json:"plan"`
	Stage string `json:"stage"`
	Hash  string `json:"hash"`
}

// PlanRef names a version of a plan.
type PlanRef struct {
	Plan string `json:"plan"`
	Hash string `json:"hash"`
}

// PlanSpec reads a plan.
func (r *Rollout) PlanSpec(ctx context.Context, p PlanRef) (rollout.PlanSpec, error) {
	spec, err := r.Specs.Spec(ctx, p.Plan, p.Hash)
	return spec, wrap(err, "plan %s", p.Plan)
}

// StageStates reads where the stages of a plan stand.
func (r *Rollout) StageStates(ctx context.Context, plan string) (map[string]rollout.State, error) {
	stages, err := r.Store.Stages(ctx, plan)
	states := map[string]rollout.State{}
	for _, s := range stages {
		states[s.ID] = s.State
	}
	return states, wrap(err, "stages of plan %s", plan)
}

// KeepTransition records a transition and tells of it.
func (r *Rollout) KeepTransition(ctx context.Context, t rollout.Transition) error {
	if err := r.Store.Record(ctx, t); err != nil {
		return wrap(err, "%s of plan %s", t.Verb, t.Plan)
	}
	e, heard := rollout.EventOf(t)
	if !heard {
		return nil
	}
	return r.tell(ctx, e)
}

// KeepHold stores a hold, or that it was released.
func (r *Rollout) KeepHold(ctx context.Context, h rollout.Hold) error {
	keep := r.Store.PlaceHold
	if !h.Released.IsZero() {
		keep = r.Store.ReleaseHold
	}
	if err := keep(ctx, h); err != nil {
		return wrap(err, "hold %s of plan %s", h.ID, h.Plan)
	}
	return r.tell(ctx, rollout.EventOfHold(h))
}

// KeepApproval stores what somebody said of a plan or a stage.
func (r *Rollout) KeepApproval(ctx context.Context, a rollout.Approval) error {
	if err := r.Store.Decide(ctx, a); err != nil {
		return wrap(err, "approval of plan %s", a.Plan)
	}
	return r.tell(ctx, rollout.EventOfApproval(a))
}

// KeepNote tells more of the state that a stage is in.
func (r *Rollout) KeepNote(ctx context.Context, n rollout.Note) error {
	return wrap(r.Store.Refine(ctx, n), "note on stage %s of plan %s", n.Stage, n.Plan)
}

// tell tells people of an event where somebody carries the news. Telling is no
// more than keeping it, in the same database as all else; the plan does not wait
// until anybody has heard.
func (r *Rollout) tell(ctx context.Context, e rollout.Event) error {
	if r.News == nil {
		return nil
	}
	return r.News.Tell(ctx, e)
}

// CheckFinal says what is still missing before the point of no return.
func (r *Rollout) CheckFinal(ctx context.Context, p PlanRef) ([]string, error) {
	missing, err := r.Checks.Final(ctx, p, r.Now(), false)
	return missing, wrap(err, "finalising plan %s", p.Plan)
}

// LookFinal is CheckFinal for somebody who only wants to know.
func (r *Rollout) LookFinal(ctx context.Context, p PlanRef) ([]string, error) {
	missing, err := r.Checks.Final(ctx, p, r.Now(), true)
	return missing, wrap(err, "what plan %s requires", p.Plan)
}

// PerformFinal does the final actions of a plan that was finalised.
func (r *Rollout) PerformFinal(ctx context.Context, p PlanRef) error {
	return wrap(r.Final.Perform(ctx, p), "finalising plan %s", p.Plan)
}

// StageTally counts the people of a stage by where they are. Whom others have brought
// to the new side meanwhile is left out, and counted so.
func (r *Rollout) StageTally(ctx context.Context, s StageRef) (cutover.Tally, error) {
	if _, err := r.leaveThere(ctx, s); err != nil {
		return nil, err
	}
	stages, err := r.Store.Stages(ctx, s.Plan)
	if err != nil {
		return nil, wrap(err, "stages of plan %s", s.Plan)
	}
	for _, st := range stages {
		if st.ID == s.Stage {
			return st.Users, nil
		}
	}
	return nil, fmt.Errorf("stage %s of plan %s: %w", s.Stage, s.Plan, dualtone.ErrNotFound)
}

// Marking moves people of a stage for whom no switch says where they are.
type Marking struct {
	StageRef

	// People are all of the stage if there are none.
	People []dualtone.PersonID `json:"people,omitempty"`
	From   []cutover.State     `json:"from"`
	State  cutover.State       `json:"state"`
	Detail string              `json:"detail,omitempty"`
}

// MarkPeople moves people of a stage and returns how many it moved, or of those who
// are named how many stand so.
func (r *Rollout) MarkPeople(ctx context.Context, m Marking) (int, error) {
	n, err := r.Store.Mark(ctx, rollout.Mark{
		Plan: m.Plan, Stage: m.Stage, People: m.People, From: m.From, State: m.State, Detail: m.Detail, At: r.Now(),
	})
	return n, wrap(err, "people of stage %s of plan %s", m.Stage, m.Plan)
}

// PersonPlaces reads where in a plan somebody is; nowhere is an answer too.
func (r *Rollout) PersonPlaces(ctx context.Context, q PersonRef) ([]rollout.User, error) {
	users, err := r.Store.Users(ctx, rollout.UserQuery{Plan: q.Plan, Person: q.Person})
	return users, wrap(err, "person %s of plan %s", q.Person, q.Plan)
}

// PersonRef names somebody of a plan.
type PersonRef struct {
	Plan   string            `json:"plan"`
	Person dualtone.PersonID `json:"person"`
}

// Asked is a question about a moment.
type Asked struct {
	StageRef

	At time.Time `json:"at"`
	// Granted opens closed windows.
	Granted []plan.Grant `json:"granted,omitempty"`
}

// StageOpening asks the calendar when the people of a stage who wait may be
// switched.
func (r *Rollout) StageOpening(ctx context.Context, a Asked) (rollout.Opening, error) {
	sites, err := r.sites(ctx, a.StageRef)
	if err != nil {
		return rollout.Opening{}, err
	}
	o, err := r.Calendar.Opening(ctx, a.Plan, a.Hash, a.Stage, sites, a.At, a.Granted...)
	return o, wrap(err, "calendar of stage %s of plan %s", a.Stage, a.Plan)
}
