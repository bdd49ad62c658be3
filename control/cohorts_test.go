package control_test

import (
	"context"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/plan"
)

const twoStages = `apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: emea, owner: lee}
spec:
  systems: {crm: sf, old: pbx, new: cloud}
  timezone: Europe/London
  calendars: {windows: {night: {from: "20:00", to: "23:30"}}}
  gates: {precheck: [{check: before_image_complete, on_fail: skip_user}, {check: restore_rehearsed, max_age: 14d, on_fail: block_stage}]}
  limits: {concurrency: 10}
  approvals:
    plan: {need: 1, roles: [cutover-approver], valid_for: 7d, not_author: true, binds: [plan_hash, cohort_hash]}
    stage_default: {need: 1, roles: [cutover-approver], valid_for: 7d, not_author: true, binds: [plan_hash, cohort_hash, evidence_hash]}
  rollback: {window: 14d}
  stages:
    - {id: pilot, kind: pilot, cohort: {match: {team: [sales]}}, windows: [night], soak: 3d, gates: [precheck]}
    - {id: wave, after: [pilot], kind: wave, cohort: {remainder: true}, windows: [night], soak: 3d, gates: [precheck]}
`

// looks counts how often somebody looks into the user list.
type looks struct {
	cutover.People

	times int
}

func (l *looks) List(ctx context.Context, q cutover.PeopleQuery) ([]cutover.PersonState, error) {
	l.times++
	return l.People.List(ctx, q)
}

func TestThePeopleOfAllStagesAreNamedByOneLookIntoTheUserList(t *testing.T) {
	t.Parallel()
	list := &looks{People: cutovertest.NewStores(
		dualtone.Person{ID: "E1", Team: "sales"}, dualtone.Person{ID: "E2", Team: "sales"}, dualtone.Person{ID: "E3"}, dualtone.Person{ID: "E4"},
	)}
	read := plan.Read(plan.Source{Name: "plan.yaml", Text: []byte(twoStages), Now: time.Date(2027, 2, 1, 12, 0, 0, 0, time.UTC)})
	if err := read.Faults.Err(); err != nil {
		t.Fatal(err)
	}
	plans := &control.Plans{People: list, Versions: cutovertest.NewPlans()}
	for named, want := range map[int][][]dualtone.PersonID{0: {nil, nil}, 1: {{"E1"}, {"E3"}}, 9: {{"E1", "E2"}, {"E3", "E4"}}} {
		list.times = 0
		found, err := plans.Cohorts(t.Context(), read, named)
		if err != nil {
			t.Fatal(err)
		}
		var got [][]dualtone.PersonID
		for _, s := range found.Stages {
			var ids []dualtone.PersonID
			for _, m := range s.Members {
				ids = append(ids, m.Person)
			}
			got = append(got, ids)
		}
		if diff := gocmp.Diff(want, got); diff != "" || list.times != 1 {
			t.Errorf("%d named, after %d looks:\n%s", named, list.times, diff)
		}
	}
}
