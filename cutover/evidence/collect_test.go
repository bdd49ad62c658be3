package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/cutover/rollout/rollouttest"
	"github.com/dualtone/dualtone/routing"
)

const shortPlan = `apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: emea, owner: lee}
spec:
  systems: {old: pbx, new: cloud, crm: sf}
  timezone: Europe/London
  calendars: {windows: {always: {from: "00:00", to: "24:00"}}}
  gates:
    precheck: [{check: before_image_complete}, {check: restore_rehearsed, max_age: 14d, on_fail: block_stage}]
    health: [{name: abandon-rate, threshold: {max: 20%}, window: stage, min_samples: 5, on_no_data: hold, on_fail: hold}]
    reconcile: [{diff: user_state, max_unexplained: 0, max_age: 24h}]
  limits: {concurrency: 10}
  approvals:
    plan: {need: 1, roles: [cutover-approver]}
    stage_default: {need: 1, roles: [operations-lead]}
  rollback: {window: 14d}
  stages:
    - {id: pilot, kind: pilot, cohort: {match: {team: [sales]}}, windows: [always], soak: 3d, gates: [precheck, health, reconcile]}
    - {id: wave, after: [pilot], cohort: {match: {team: [desk]}}, windows: [always], soak: 3d, gates: [precheck, health, reconcile]}
`

// receipts are kept in memory.
type receipts []evidence.Receipt

func (r *receipts) KeepPack(_ context.Context, one evidence.Receipt) error {
	*r = append(*r, one)
	return nil
}

func (r *receipts) Packs(context.Context, string, plan.Hash) ([]evidence.Receipt, error) {
	return *r, nil
}

// records are of a plan whose pilot has moved one user, taken one back, left one
// where somebody changed something meanwhile, and not tried the last.
func records(t *testing.T) *evidence.Records {
	t.Helper()
	read := plan.Read(plan.Source{Name: "plan.yaml", Text: []byte(shortPlan), Now: night(0)})
	if err := read.Faults.Err(); err != nil {
		t.Fatal(err)
	}
	hash := string(read.Document.Hash())
	staff := []dualtone.PersonID{"moved", "back", "drifted", "waiting"}
	var people []dualtone.Person
	for _, id := range staff {
		p := cutovertest.Agent()
		p.ID, p.Numbers, p.Accounts = id, []dualtone.Number{dualtone.Number("+1-" + id)}, dualtone.Accounts{CRM: dualtone.UserID(id)}
		people = append(people, p)
	}
	stores, plans := cutovertest.NewStores(people...), cutovertest.NewPlans()
	store := rollouttest.NewStore(stores)
	try := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := plans.Save(t.Context(), plan.Version{Document: read.Document, Author: "lee"})
	try(err)
	try(plans.Freeze(t.Context(), plan.Frozen{Plan: plan.Hash(hash), Stage: "pilot", People: staff, By: "lee", At: night(0)}))
	try(store.KeepPlan(t.Context(), rollout.Plan{Name: "emea", Hash: hash, Author: "lee", State: rollout.Active, Since: night(0), Kept: night(0)},
		[]rollout.Stage{{ID: "pilot", State: rollout.Evaluating}, {ID: "wave", State: rollout.Pending}}, map[string][]dualtone.PersonID{"pilot": staff}))

	actions, err := cutovertest.Migration().Plan(cutovertest.Agent(), cutovertest.Before(), &dualtone.Offering{Profile: "work"})
	try(err)
	keep := func(s cutover.Switch, entries ...cutover.Entry) {
		t.Helper()
		s.Cohort, s.Started = "emea/pilot", night(10)
		_, err := stores.Keep(t.Context(), s)
		try(err)
		try(stores.Record(t.Context(), entries...))
	}
	keep(cutover.Switch{ID: "s1", Person: "moved", To: dualtone.New, State: cutover.OnNew, Before: cutovertest.Before(), Actions: actions})
	// Two had no route of their own, and get one on the way back.
	own := cutovertest.Before()[cutover.Routes]
	unrouted := cutovertest.Before().With(cutover.Routes, cutover.Value{Routes: []routing.Route{{Number: own.Routes[0].Number}}})
	there := cutover.Apply(unrouted, actions)
	back, _ := cutover.PlanReturn(unrouted, actions, there, cutover.Choice{}, own.Routes)
	keep(cutover.Switch{ID: "s2", Person: "back", To: dualtone.New, State: cutover.OnNew, Before: unrouted, Actions: actions})
	keep(cutover.Switch{ID: "s3", Person: "back", To: dualtone.Old, Undoes: "s2", State: cutover.Restored, Before: there, Actions: back})
	other := cutover.Value{Forward: &dualtone.Forward{To: "+4930"}}
	keep(cutover.Switch{ID: "s4", Person: "drifted", To: dualtone.New, State: cutover.RestoreDrift, Before: unrouted, Actions: actions},
		cutover.Entry{Switch: "s4", Person: "drifted", Action: -1, Kind: cutover.Wrote, Facet: cutover.Routes, To: &own, At: night(11)},
		cutover.Entry{Switch: "s4", Person: "drifted", Kind: cutover.Drifted, Facet: cutover.OldForward, Now: &other, At: night(12)})

	bound := rollout.Bound{Plan: hash, Cohort: string(plan.PeopleHash(staff)), Evidence: "e1"}
	try(store.Decide(t.Context(), rollout.Approval{Plan: "emea", Stage: "pilot", Actor: "kim", Role: plan.OperationsLead, Bound: bound, At: night(5), Expires: night(59)}))
	try(store.Decide(t.Context(), rollout.Approval{Plan: "emea", Stage: "wave", Actor: "not here", Role: plan.OperationsLead, Bound: bound, At: night(5), Expires: night(59)}))
	try(store.PlaceHold(t.Context(), rollout.Hold{ID: "h1", Plan: "emea", Owner: "ivy", Reason: "trunk alarm", Placed: night(6), Released: night(7), ReleasedBy: "ivy"}))
	for _, step := range []rollout.Transition{
		{Stage: "pilot", From: rollout.Evaluating, To: rollout.Switching, Verb: rollout.Open, At: night(9)},
		{Stage: "pilot", From: rollout.Switching, To: rollout.Evaluating, Verb: rollout.Soaked, At: night(20)},
		{Stage: "pilot", From: rollout.Evaluating, To: rollout.Passed, Verb: rollout.Override, Actor: "boss", Reason: "known noise", At: night(40)},
	} {
		step.Plan, step.Hash, step.Role = "emea", hash, plan.System
		if step.Actor == "" {
			step.Actor = "system"
		}
		try(store.Record(t.Context(), step))
	}
	try(store.KeepReadings(t.Context(),
		rollout.Reading{Plan: "emea", Stage: "pilot", Gate: "abandon-rate", At: night(25), From: night(10), To: night(25), Value: 0.31, Samples: 40, Ruling: rollout.GateFails},
		rollout.Reading{Plan: "emea", Stage: "pilot", Gate: "reconcile/user_state", At: night(26), Samples: 4, Ruling: rollout.GateFails, Differences: []rollout.Difference{{Key: "old news"}}},
		rollout.Reading{Plan: "emea", Stage: "pilot", Gate: "reconcile/user_state", At: night(27), Samples: 4, Value: 1, Ruling: rollout.GatePasses, Differences: []rollout.Difference{{Key: "drifted", Explanation: "on leave"}}},
	))
	return &evidence.Records{
		Store: store, Versions: plans, People: stores, Switches: stores, Receipts: &receipts{},
		Calls: func(_ context.Context, numbers map[dualtone.Number]bool, from, to time.Time) (evidence.Account, error) {
			if len(numbers) != 4 || !numbers["+1-moved"] || !from.Equal(night(9)) || !to.Equal(night(40)) {
				t.Errorf("the calls of %v from %s to %s are asked for", numbers, from, to)
			}
			return evidence.Account{From: from, To: to, Attempts: 2, Buckets: map[string]int{"answered_new": 2}}, nil
		},
	}
}

func collected(t *testing.T, r *evidence.Records, stage plan.StageID) (string, *evidence.Verdict, error) {
	t.Helper()
	private, public := keys(t, 1)
	var out bytes.Buffer
	if _, err := r.Write(t.Context(), &out, evidence.Asked{Plan: "emea", Stage: stage, By: "ada", At: night(59)}, private); err != nil {
		return "", nil, err
	}
	text := out.String()
	v, err := evidence.Verify(&out, public)
	return text, v, err
}

func TestAPackIsMadeOfWhatIsKept(t *testing.T) {
	t.Parallel()
	text, v, err := collected(t, records(t), "pilot")
	if err != nil {
		t.Fatal(err)
	}
	for kind, n := range map[evidence.Kind]int{
		evidence.Transition: 3, evidence.Approved: 1, evidence.Held: 1, evidence.User: 4, evidence.Gate: 3, evidence.Difference: 1, evidence.Calls: 1,
	} {
		if v.Lines[kind] != n {
			t.Errorf("%d lines of kind %s, want %d", v.Lines[kind], kind, n)
		}
	}
	found := strings.Join(v.Findings, "; ")
	if len(v.Findings) != 2 || !strings.Contains(found, "drifted is restore_drift") || !strings.Contains(found, "waiting is planned") || v.Open != 0 {
		t.Errorf("findings %q, %d open; want the drift and the user who was never tried", v.Findings, v.Open)
	}
	about := func(who string) string {
		lines := strings.Split(text, "\n")
		return lines[slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, `"person":"`+who+`"`) })]
	}
	before, after, _ := strings.Cut(about("moved"), `"wanted"`)
	if !strings.Contains(before, "04vOld") || strings.Contains(before, "04vNew") || strings.Count(after, "04vNew") != 2 {
		t.Errorf("the moved user is told as %s", about("moved"))
	}
	if back := about("back"); strings.Contains(back, "04vNew") || strings.Count(back, "04vOld") != 3 {
		t.Errorf("the user who is back is told as %s", back)
	}
	if drifted := about("drifted"); strings.Count(drifted, "+4930") != 1 {
		t.Errorf("what was found of the user with a drift is told as %s", drifted)
	}
	for _, who := range []string{"back", "drifted"} {
		if before, after, _ := strings.Cut(about(who), `"wanted"`); strings.Contains(before, `"sides":["old"]`) || strings.Count(after, `"sides":["old"]`) != 2 {
			t.Errorf("that %s has a route now is told as %s", who, about(who))
		}
	}
	if waiting := about("waiting"); strings.Contains(waiting, `"before"`) {
		t.Errorf("the user who was never tried is told as %s", waiting)
	}
	for _, want := range []string{`"value":"31%"`, `"bound":"at most 20%"`, `"overridden_by":"boss"`, `"explanation":"on leave"`, `"evidence_hash":"e1"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the pack does not say %s", want)
		}
	}
	if strings.Contains(text, "not here") || strings.Contains(text, "old news") {
		t.Error("the pack tells of another stage, or of a comparison that was made anew since")
	}
}

func TestPacksAreMadeInTheOrderOfTheStages(t *testing.T) {
	t.Parallel()
	r := records(t)
	if _, _, err := collected(t, r, "wave"); !errors.Is(err, dualtone.ErrConflict) || !strings.Contains(err.Error(), "that of stage pilot") {
		t.Errorf("the second pack before the first: %v", err)
	}
	if _, _, err := collected(t, r, "nowhere"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("a stage that there is not: %v", err)
	}
	_, first, err := collected(t, r, "pilot")
	if err != nil {
		t.Fatal(err)
	}
	kept := evidence.Receipt{Plan: "emea", Stage: "pilot", Seal: first.Seal, Made: night(59)}
	if err := r.Receipts.KeepPack(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	_, second, err := collected(t, r, "wave")
	if err != nil || second.Previous != first.Seal {
		t.Errorf("the second pack follows %q (%v), want %q", second.Previous, err, first.Seal)
	}
}

// said are words of people on differences.
type said []rollout.Explained

func (said) Explain(context.Context, rollout.Explained) error { return nil }

func (s said) Explanations(context.Context, string) ([]rollout.Explained, error) { return s, nil }

// What a person said of a difference, and what the rehearsal predicted, stand in
// the pack for ever.
func TestAPackTellsWhoExplainedADifferenceAndWhatWasPredicted(t *testing.T) {
	t.Parallel()
	r := records(t)
	if err := r.Store.KeepReadings(t.Context(), rollout.Reading{
		Plan: "emea", Stage: "pilot", Gate: "reconcile/user_state", At: night(55), To: night(55), Samples: 4, Value: 1, Ruling: rollout.GateFails,
		Differences: []rollout.Difference{{Key: "moved old.forward", Old: "wanted a", New: "found b"}},
	}); err != nil {
		t.Fatal(err)
	}
	open := func() (*evidence.Verdict, string) {
		t.Helper()
		var out bytes.Buffer
		private, public := keys(t, 1)
		if _, err := r.Write(t.Context(), &out, evidence.Asked{Plan: "emea", Stage: "pilot", By: "kim", At: night(59)}, private); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		v, err := evidence.Verify(&out, public)
		if err != nil {
			t.Fatal(err)
		}
		return v, text
	}
	if v, _ := open(); v.Open != 1 || v.Lines[evidence.Foretold] != 0 {
		t.Errorf("%d open, %d predictions; want one and none", v.Open, v.Lines[evidence.Foretold])
	}
	r.Explanations = said{{
		Plan: "emea", Stage: "pilot", Gate: "reconcile/user_state", Key: "moved old.forward", Old: "wanted a", New: "found b",
		Actor: "lea", Role: plan.OperationsLead, Reason: "their own forward, CHG-9", At: night(56), Until: night(56).AddDate(0, 0, 7),
	}}
	three := 3
	r.Outcome = func(context.Context, string) (*rehearsal.Outcome, error) {
		return &rehearsal.Outcome{Rehearsed: night(0), Stages: []rehearsal.StageOutcome{{Stage: "pilot", Deferred: rehearsal.Number{P50: 1, P90: 2, Actual: &three}}}}, nil
	}
	v, text := open()
	if v.Open != 0 || v.Lines[evidence.Foretold] != 1 {
		t.Errorf("%d open, %d predictions; want none and one", v.Open, v.Lines[evidence.Foretold])
	}
	for _, want := range []string{"explained by lea (operations-lead) on 2027-02-10T20:56:00Z until 2027-02-17T20:56:00Z: their own forward, CHG-9", `"deferred":{"p50":1,"p90":2,"actual":3}`} {
		if !strings.Contains(text, want) {
			t.Errorf("the pack does not say %q", want)
		}
	}
}
