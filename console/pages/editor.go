package pages

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Stage is where plans are rehearsed.
type Stage interface {
	// Rehearse plays a plan many times and keeps what was found.
	Rehearse(ctx context.Context, d *plan.Document, actor string) (*rehearsal.Report, error)
	// Rehearsed refuses a plan that asks to be rehearsed and was not as it is now.
	Rehearsed(ctx context.Context, d *plan.Document) error
}

// sample is the plan that a newcomer starts from.
//
//go:embed sample.yaml
var sample string

// editPlan shows the text of a plan as it was last handed in, or a sample.
func (d *Desk) editPlan(r *http.Request, p page) (templ.Component, error) {
	text := sample
	if name := r.FormValue("plan"); name != "" {
		v, err := d.Plans.Versions.Version(r.Context(), name, "")
		if err != nil {
			return nil, err
		}
		text = v.Source
	}
	read, found, err := d.readPlan(r.Context(), text)
	if err != nil {
		return nil, err
	}
	return editorPage(p, text, read, found), nil
}

// readPlan reads a plan and, where it is sound by itself, who is in its stages.
func (d *Desk) readPlan(ctx context.Context, text string) (*plan.Reading, *plan.Resolution, error) {
	read := plan.Read(plan.Source{Name: "plan.yaml", Text: []byte(text), Now: d.Now()})
	if read.Faults.Errors() > 0 {
		return read, nil, nil
	}
	all, err := cutover.Everybody(ctx, d.People, cutover.PeopleQuery{})
	if err != nil {
		return nil, nil, err
	}
	found, err := read.Check(rollout.Candidates(all))
	return read, found, err
}

// sent is the text of the editor, with the line ends of files.
func sent(r *http.Request) string { return strings.ReplaceAll(r.PostFormValue("source"), "\r\n", "\n") }

// lintPlan tells what is wrong with the text, while it is typed.
func (d *Desk) lintPlan(r *http.Request, _ page) (templ.Component, error) {
	read, found, err := d.readPlan(r.Context(), sent(r))
	if err != nil {
		return nil, err
	}
	return faultList(read, found), nil
}

// diffPlan tells what the text says differently from the version that was handed
// in last.
func (d *Desk) diffPlan(r *http.Request, _ page) (templ.Component, error) {
	read, found, err := d.readPlan(r.Context(), sent(r))
	if err != nil {
		return nil, err
	}
	if read.Faults.Errors() > 0 {
		return faultList(read, found), nil
	}
	before := &plan.Document{}
	v, err := d.Plans.Versions.Version(r.Context(), read.Document.Plan.Metadata.Name, "")
	if err == nil {
		before = &v.Document
	} else if !errors.Is(err, dualtone.ErrNotFound) {
		return nil, err
	}
	return diffTable(v, plan.Edits(before, &read.Document), found, r.FormValue("hand_in") != ""), nil
}

// sound reads the text that is to be used, and refuses one with faults.
func (d *Desk) sound(r *http.Request) (*plan.Reading, *plan.Resolution, error) {
	read, found, err := d.readPlan(r.Context(), sent(r))
	if err != nil {
		return nil, nil, err
	}
	return read, found, read.Faults.Err()
}

// rehearsePlan plays the text as it stands.
func (d *Desk) rehearsePlan(r *http.Request, p page) (templ.Component, error) {
	read, _, err := d.sound(r)
	if err != nil {
		return nil, err
	}
	r, _, err = d.enter(r, access.PlanRehearse, "plan/"+read.Document.Plan.Metadata.Name)
	if err != nil {
		return nil, err
	}
	report, err := d.Stage.Rehearse(r.Context(), &read.Document, p.viewer.Name)
	if err != nil {
		return nil, err
	}
	return rehearsedTable(report), nil
}

// submitPlan hands the text in for approval.
func (d *Desk) submitPlan(r *http.Request, p page) (templ.Component, error) {
	read, found, err := d.sound(r)
	if err != nil {
		return nil, err
	}
	name := read.Document.Plan.Metadata.Name
	r, role, err := d.enter(r, access.PlanSubmit, "plan/"+name)
	if err != nil {
		return nil, err
	}
	if err := d.Stage.Rehearsed(r.Context(), &read.Document); err != nil {
		return nil, err
	}
	v, err := d.Plans.Versions.Save(r.Context(), plan.Version{
		Name: name, Hash: read.Document.Hash(), Document: read.Document, Author: p.viewer.Name, Saved: d.Now(), Source: read.Text(),
	})
	if err != nil {
		return nil, err
	}
	o := rollout.Order{Verb: rollout.Submit, Actor: p.viewer.Name, Role: role, Reason: strings.TrimSpace(r.PostFormValue("reason"))}
	if _, err := d.Plans.Submit(r.Context(), v, found, o); err != nil {
		return nil, err
	}
	return nil, done303("/plans/"+name, fmt.Sprintf("Handed in with %d people. It waits for approval by somebody else.", counts(found)))
}

func counts(found *plan.Resolution) int {
	n := 0
	for _, s := range found.Stages {
		n += len(s.People)
	}
	return n
}
