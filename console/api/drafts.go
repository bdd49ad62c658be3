package api

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
)

func (a *API) drafts() {
	read(a, post("lint-plan", "/plans/lint", access.PlanRead, "What is wrong with a plan, and who would be in its stages"), a.lintPlan)
	read(a, post("diff-plan", "/plans/diff", access.PlanRead, "What a plan says differently from a version that was handed in, and which approvals that makes void"), a.diffPlan)
	read(a, post("count-cohorts", "/plans/cohort", access.PlanRead, "Who would be in which stage of a plan, in numbers, and what is wrong with that"), a.planCohorts)
	read(a, post("list-cohort-of-stage", "/plans/cohort/members", access.PlanRead, "The people of one stage, each with why, or those who are left out"), a.stageMembers)
	write(a, post("rehearse-plan", "/plans/rehearse", access.PlanRehearse, "Play a plan many times against what is known, and keep what was found").lasting(), a.rehearsePlan)
}

// Draft is a plan as it is being written.
type Draft struct {
	Text  string            `json:"text" maxLength:"4000000" doc:"The plan file, YAML"`
	Files map[string]string `json:"files,omitempty" doc:"The files that it names, by the names under which it does"`
}

// DraftName is what the faults of a draft call its own text.
const DraftName = "plan.yaml"

type draft struct{ Body Draft }

// readPlan reads a draft and, where it is sound by itself, who is in its stages.
func (a *API) readPlan(ctx context.Context, d Draft) (*plan.Reading, *plan.Resolution, error) {
	read := plan.Read(plan.Source{Name: DraftName, Text: []byte(d.Text), Open: beside(d.Files), Now: a.Now()})
	if read.Faults.Errors() > 0 {
		return read, nil, nil
	}
	people, err := a.allPeople(ctx)
	if err != nil {
		return nil, nil, err
	}
	found, err := read.Check(people)
	return read, found, err
}

// soundPlan reads a draft that is to be used, and refuses one with faults.
func (a *API) soundPlan(ctx context.Context, d Draft) (*plan.Reading, *plan.Resolution, error) {
	read, found, err := a.readPlan(ctx, d)
	if err == nil && read.Faults.Errors() > 0 {
		err = faulty("the plan", planFaults(read.Faults))
	}
	return read, found, err
}

// Linted is what is wrong with a plan.
type Linted struct {
	Errors int             `json:"errors" doc:"How many of the faults keep it from being handed in"`
	Faults []console.Fault `json:"faults"`
	// People are how many there are in each stage; missing while there are errors.
	People map[string]int `json:"people,omitempty"`
}

func (a *API) lintPlan(ctx context.Context, in *draft) (*body[Linted], error) {
	read, found, err := a.readPlan(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	out := Linted{Errors: read.Faults.Errors(), Faults: append([]console.Fault{}, planFaults(read.Faults)...)}
	if found != nil {
		out.People = peopleOf(found)
	}
	return &body[Linted]{out}, nil
}

// soundDraft reads a draft and refuses one with faults, before anybody looks into the
// user list.
func (a *API) soundDraft(d Draft) (*plan.Reading, error) {
	read := plan.Read(plan.Source{Name: DraftName, Text: []byte(d.Text), Open: beside(d.Files), Now: a.Now()})
	if read.Faults.Errors() > 0 {
		return nil, faulty("the plan", planFaults(read.Faults))
	}
	return read, nil
}

// CountedDraft is a plan as it is being written whose people are counted.
type CountedDraft struct {
	Draft

	Named int `json:"named,omitempty" minimum:"0" doc:"How many people of each stage to name as well, the first to be switched first"`
}

type countedDraft struct{ Body CountedDraft }

func (a *API) planCohorts(ctx context.Context, in *countedDraft) (*body[control.Cohorts], error) {
	read, err := a.soundDraft(in.Body.Draft)
	if err != nil {
		return nil, err
	}
	return bodyOf(a.Plans.Cohorts(ctx, read, in.Body.Named))
}

// StageDraft is a stage of a plan as it is being written.
type StageDraft struct {
	Draft

	Stage string `json:"stage" maxLength:"100"`
	Left  bool   `json:"left,omitempty" doc:"Those who were selected and are left out"`
	After int    `json:"after,omitempty" minimum:"0" doc:"Go on after this position"`
	Limit int    `json:"limit,omitempty" minimum:"1" maximum:"100000" default:"100" doc:"How many at most"`
}

type stageDraft struct{ Body StageDraft }

func (a *API) stageMembers(ctx context.Context, in *stageDraft) (*body[Items[control.StageMember]], error) {
	read, err := a.soundDraft(in.Body.Draft)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(in.Body.Limit, usualLimit)
	all, err := a.Plans.StageMembers(ctx, &read.Document, plan.StageID(in.Body.Stage), in.Body.Left, in.Body.After, limit+1)
	out := Items[control.StageMember]{Items: all}
	if len(all) > limit {
		out.Items, out.Next = all[:limit], serial(int64(all[limit-1].Position))
	}
	return bodyOf(out, err)
}

// usualLimit is how many people are listed unless it is said.
const usualLimit = 100

func peopleOf(found *plan.Resolution) map[string]int {
	all := map[string]int{}
	for _, s := range found.Stages {
		all[string(s.Stage)] = len(s.People)
	}
	return all
}

// PlanDiff is what two versions of a plan say differently.
type PlanDiff struct {
	Before plan.Hash   `json:"before,omitempty" doc:"Missing where none was handed in yet"`
	After  plan.Hash   `json:"after"`
	Edits  []plan.Edit `json:"edits"`
	Voids  []plan.Void `json:"voids" doc:"Approvals that count no more once it is handed in"`
}

// Compared is a plan as it is being written, and the version that it is held against.
type Compared struct {
	Draft

	From plan.Hash `json:"from,omitempty" maxLength:"100" doc:"The hash of a version; that which was handed in last, if it is left out"`
}

type compared struct{ Body Compared }

func (a *API) diffPlan(ctx context.Context, in *compared) (*body[PlanDiff], error) {
	read, err := a.soundDraft(in.Body.Draft)
	if err != nil {
		return nil, err
	}
	out := PlanDiff{After: read.Document.Hash(), Edits: []plan.Edit{}, Voids: []plan.Void{}}
	v, err := a.Plans.Versions.Version(ctx, read.Document.Plan.Metadata.Name, in.Body.From)
	switch {
	case err == nil:
		out.Before = v.Document.Hash()
	case in.Body.From != "" || !errors.Is(err, dualtone.ErrNotFound):
		return nil, err
	}
	if out.Before != out.After {
		out.Edits = append(out.Edits, plan.Edits(&v.Document, &read.Document)...)
	}
	if out.Before != "" {
		out.Voids = append(out.Voids, plan.Voids(&v.Document.Plan, out.Before != out.After, false)...)
	}
	return &body[PlanDiff]{out}, nil
}

// Rehearsing is a plan that is to be rehearsed, and how.
type Rehearsing struct {
	Why
	Draft

	Start time.Time        `json:"start,omitzero" doc:"When the plan would be started; now, if it is left out"`
	Plays int              `json:"plays,omitempty" minimum:"1" maximum:"1000" default:"50" doc:"How often it is played"`
	Seed  uint64           `json:"seed,omitempty" default:"1" doc:"What decides the plays; the same seed gives the same report"`
	Since plan.Duration    `json:"since,omitempty" doc:"How far back switches are measured; 90d, if it is left out"`
	Model *rehearsal.Model `json:"model,omitempty" doc:"What it is played against, instead of what is known"`

	DryRun bool `json:"dry_run,omitempty" doc:"Play it, and keep nothing of that"`
}

// Play is a rehearsal that is asked for. Without a model it is played against what is
// known: of switches, what was measured for so long.
type Play struct {
	rehearsal.Request

	Since time.Duration
	Actor string
	Keep  bool
}

// What a rehearsal is that says nothing else.
const (
	usualPlays = 50
	usualSince = 90 * 24 * time.Hour
)

// Play is the rehearsal of a plan that is asked for in somebody's name.
func (r Rehearsing) Play(d *plan.Document, actor string) Play {
	return Play{
		Request: rehearsal.Request{Document: d, Start: r.Start, Plays: cmp.Or(r.Plays, usualPlays), Seed: cmp.Or(r.Seed, 1), Model: r.Model},
		Since:   cmp.Or(r.Since.Time(), usualSince), Actor: actor, Keep: !r.DryRun,
	}
}

type rehearsing struct{ Body Rehearsing }

func (o *rehearsing) asked() (string, Why) { return "plans", o.Body.Why }

func (a *API) rehearsePlan(ctx context.Context, in *rehearsing, _ access.Role) (*body[rehearsal.Kept], error) {
	read, _, err := a.soundPlan(ctx, in.Body.Draft)
	if err != nil {
		return nil, err
	}
	return bodyOf(a.Rehearse(ctx, in.Body.Play(&read.Document, by(ctx, in.Body.Why).Actor)))
}
