package activities_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/cutover/rollout/rollouttest"
)

// planText is a plan that is rehearsed, moves a pilot, and ends.
const planText = `apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: emea, owner: lee}
spec:
  systems: {old: pbx, new: cloud, crm: sf}
  timezone: Europe/London
  calendars: {windows: {always: {from: "00:00", to: "24:00"}}}
  gates:
    precheck: [{check: before_image_complete}, {check: restore_rehearsed, max_age: 14d, on_fail: block_stage}]
    reconcile:
      - {diff: user_state, max_unexplained: 0, max_age: 24h}
  limits: {concurrency: 10}
  approvals:
    plan: {need: 1, roles: [cutover-approver]}
    stage_default: {need: 1, roles: [operations-lead]}
  rollback: {window: 14d}
  stages:
    - {id: rehearsal, kind: rehearsal, traffic: {recording: rec-1}, require: {p90_duration: 3h, max_age: 7d}}
    - {id: pilot, kind: pilot, after: [rehearsal], cohort: {match: {team: [sales]}}, windows: [always], soak: 3d, gates: [precheck, reconcile]}
  finalise:
    after: [pilot]
    not_before: {after_last_switch: 14d}
    require: [reconcile, no_open_holds, evidence_pack_signed, no_calls_on_old: 7d, old_trunk_kept]
    approve: {need: 2, roles: [cutover-approver, finance-owner]}
    actions: [release_old_seats, give_notice_old_support]
`

// noon is when everything in these tests happens.
func noon() time.Time { return time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC) }

// office is a kept plan with the people of its pilot.
type office struct {
	document plan.Document
	people   *cutovertest.Stores
	plans    *cutovertest.Plans
	store    *rollouttest.Store
	library  *activities.Library
}

func newOffice(t *testing.T, people ...dualtone.Person) *office {
	t.Helper()
	return officeWith(t, planText, people...)
}

// officeWith is one whose plan is another text.
func officeWith(t *testing.T, text string, people ...dualtone.Person) *office {
	t.Helper()
	read := plan.Read(plan.Source{Name: "plan.yaml", Text: []byte(text), Now: noon()})
	if err := read.Faults.Err(); err != nil {
		t.Fatal(err)
	}
	o := &office{document: read.Document, people: cutovertest.NewStores(people...), plans: cutovertest.NewPlans()}
	o.store = rollouttest.NewStore(o.people)
	o.library = &activities.Library{Versions: o.plans, Plans: o.store}
	if _, err := o.plans.Save(t.Context(), plan.Version{Document: read.Document, Author: "lee"}); err != nil {
		t.Fatal(err)
	}
	stages := []rollout.Stage{{ID: "rehearsal", Kind: "rehearsal", State: rollout.Pending}, {ID: "pilot", Kind: "pilot", State: rollout.Passed}}
	placed := map[string][]dualtone.PersonID{}
	for _, p := range people {
		placed["pilot"] = append(placed["pilot"], p.ID)
	}
	kept := rollout.Plan{Name: "emea", Hash: o.ref().Hash, CohortHash: "c1", Author: "lee", State: rollout.Active, Since: noon()}
	if err := o.store.KeepPlan(t.Context(), kept, stages, placed); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) ref() activities.PlanRef {
	return activities.PlanRef{Plan: "emea", Hash: string(o.document.Hash())}
}

func (o *office) stage(id string) activities.StageRef {
	return activities.StageRef{Plan: "emea", Stage: id, Hash: o.ref().Hash}
}

// shelf holds one rehearsal, or none.
type shelf struct {
	rehearsal.Store
	kept *rehearsal.Kept
}

func (s shelf) Latest(_ context.Context, hash plan.Hash) (rehearsal.Kept, error) {
	if s.kept == nil || s.kept.Report.PlanHash != hash {
		return rehearsal.Kept{}, fmt.Errorf("rehearsal of %s: %w", hash, dualtone.ErrNotFound)
	}
	return *s.kept, nil
}

func TestARehearsalStageAsksForARehearsalOfThisVersion(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	hash := o.document.Hash()
	rehearsed := func(hash plan.Hash, age time.Duration, unmet ...string) *rehearsal.Kept {
		return &rehearsal.Kept{Made: noon().Add(-age), Actor: "ada", Report: rehearsal.Report{PlanHash: hash, Unmet: unmet}}
	}
	for name, tt := range map[string]struct {
		kept *rehearsal.Kept
		want string // what blocks it
	}{
		"none":                     {nil, "no rehearsal of this version is kept"},
		"of another version":       {rehearsed("beef", time.Hour), "no rehearsal of this version is kept"},
		"older than the plan lets": {rehearsed(hash, 8*24*time.Hour), "at most 7d is allowed"},
		"that showed too little":   {rehearsed(hash, time.Hour, "p90_duration is 4h"), "p90_duration is 4h"},
		"fresh":                    {rehearsed(hash, time.Hour), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checks := &activities.Prechecks{Library: o.library, Store: o.store, Rehearsals: shelf{kept: tt.kept}, Now: noon}
			found, err := checks.Check(t.Context(), o.stage("rehearsal"))
			if err != nil {
				t.Fatal(err)
			}
			if blocks := strings.Join(found.Blocks, "; "); (tt.want == "") != (blocks == "") || !strings.Contains(blocks, tt.want) {
				t.Errorf("blocked by %q, want %q", blocks, tt.want)
			}
			if tt.want == "" && !strings.Contains(strings.Join(found.Facts, "; "), "rehearsed by ada") {
				t.Errorf("the facts are %q: an approval of the pilot would not tell who rehearsed", found.Facts)
			}
		})
	}
}

func TestARehearsalNeedsNoApprovalOfItsOwn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	spec, err := o.library.Spec(t.Context(), "emea", o.ref().Hash)
	if err != nil {
		t.Fatal(err)
	}
	if a := spec.Stages[0].Approval; a != nil {
		t.Errorf("a rehearsal, which touches no system, asks for approval by %v", a.Roles)
	}
	if a := spec.Stages[1].Approval; a == nil || a.Need != 1 {
		t.Errorf("the pilot asks for %+v, want one approval", a)
	}
}

// vitessio/vitess#13999: rules that an earlier run had left behind.
func TestWhatAnEarlierSwitchLeftBehindBlocksTheStage(t *testing.T) {
	t.Parallel()
	for _, left := range []cutover.State{cutover.RestoreDrift, cutover.Unknown, cutover.Compensating} {
		o := newOffice(t, cutovertest.Agent())
		world := cutovertest.NewWorld(cutovertest.Before())
		if _, err := o.people.Keep(t.Context(), cutover.Switch{ID: "before", Person: "E100", To: dualtone.New, State: left, Before: cutovertest.Before()}); err != nil {
			t.Fatal(err)
		}
		checks := &activities.Prechecks{
			Library: o.library, Store: o.store, Proofs: restored{}, People: o.people, Old: world.Platform(dualtone.Old), New: world.Platform(dualtone.New), Now: noon,
		}
		found, err := checks.Check(t.Context(), o.stage("pilot"))
		if err != nil {
			t.Fatal(err)
		}
		if blocks := strings.Join(found.Blocks, "; "); !strings.Contains(blocks, "left over from an earlier switch") || !strings.Contains(blocks, "E100 ("+string(left)+")") {
			t.Errorf("with somebody left %s the stage is blocked by %q", left, blocks)
		}
	}
}

// vitessio/vitess#16794: the way forward was allowed though the way back could not
// work. A proof counts while it is young and whole.
func TestNobodyGoesForwardBeforeTheWayBackIsProved(t *testing.T) {
	t.Parallel()
	world := cutovertest.NewWorld(cutovertest.Before())
	for name, c := range map[string]struct {
		last *rollout.Proof
		want string
	}{
		"never":         {nil, "nobody has gone out and come back in the last 14d; move a volunteer to the new side and back first"},
		"too long ago":  {&rollout.Proof{Subject: "E9", Restored: true, At: noon().Add(-14*24*time.Hour - time.Second)}, "in the last 14d"},
		"in vain":       {&rollout.Proof{Subject: "E9", At: noon().Add(-time.Hour), Detail: "old.forward is left"}, "of E9 at 2027-03-01T11:00:00Z, did not restore everything: old.forward is left"},
		"whole, lately": {&rollout.Proof{Subject: "E9", Restored: true, At: noon().Add(-14 * 24 * time.Hour)}, ""},
	} {
		o := newOffice(t, cutovertest.Agent())
		checks := &activities.Prechecks{
			Library: o.library, Store: o.store, Proofs: lastWayBack{c.last}, People: o.people, Old: world.Platform(dualtone.Old), New: world.Platform(dualtone.New), Now: noon,
		}
		found, err := checks.Check(t.Context(), o.stage("pilot"))
		if err != nil {
			t.Fatal(err)
		}
		blocks := strings.Join(found.Blocks, "; ")
		if c.want == "" && blocks != "" || !strings.Contains(blocks, c.want) {
			t.Errorf("a way back %s: blocked by %q, want %q", name, blocks, c.want)
		}
	}
}

// Somebody who is moved before their location is known to those who answer calls for
// help sends help to the wrong place.
func TestHazardNobodyMovesWhoseLocationForCallsForHelpIsNotKnown(t *testing.T) {
	t.Parallel()
	world := cutovertest.NewWorld(cutovertest.Before())
	for _, c := range []struct {
		fail, location, blocked string
		out                     bool
	}{
		{"block_stage", "", "e911_location_present: no location for calls for help (x_e911_location): E100", false},
		{"block_stage", "12 Main St, floor 3", "", false},
		{"skip_user", "", "", true},
		{"skip_user", "12 Main St, floor 3", "", false},
	} {
		someone := cutovertest.Agent()
		if c.location != "" {
			someone.Attributes = dualtone.Attributes{"x_e911_location": {c.location}}
		}
		o := officeWith(t, strings.Replace(planText, "precheck: [", "precheck: [{check: e911_location_present, on_fail: "+c.fail+"}, ", 1), someone)
		checks := &activities.Prechecks{
			Library: o.library, Store: o.store, Proofs: restored{}, People: o.people, Old: world.Platform(dualtone.Old), New: world.Platform(dualtone.New), Now: noon,
		}
		found, err := checks.Check(t.Context(), o.stage("pilot"))
		if err != nil {
			t.Fatal(err)
		}
		if blocks := strings.Join(found.Blocks, "; "); blocks != c.blocked || (found.LeftOut["E100"] != "") != c.out {
			t.Errorf("%+v: blocked by %q, left out %v", c, blocks, found.LeftOut)
		}
	}
}

// lastWayBack is the proof of the only way back that was ever gone, if any was.
type lastWayBack struct{ last *rollout.Proof }

func (l lastWayBack) WayBack(_ context.Context, _ plan.Reversal, since time.Time) (rollout.Proof, error) {
	if l.last == nil || l.last.At.Before(since) {
		return rollout.Proof{}, fmt.Errorf("way back: %w", dualtone.ErrNotFound)
	}
	return *l.last, nil
}

// restored is the proof that the last way back restored everything.
type restored struct{}

func (restored) WayBack(context.Context, plan.Reversal, time.Time) (rollout.Proof, error) {
	return rollout.Proof{Subject: "E9", Restored: true, At: noon()}, nil
}
