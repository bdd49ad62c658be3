package main

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/postgres"
)

// moved keeps a plan as if it had been begun two days ago: moved plan.yaml. Of its
// pilot p1 was moved, p2 deferred and then moved, and both were compared with the
// systems.
func moved(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: moved PLAN")
	}
	begun := time.Now().UTC().Truncate(time.Hour).Add(-48 * time.Hour)
	read := plan.Read(plan.Source{Name: args[0], Text: []byte(ts.ReadFile(args[0])), Now: begun})
	if read.Faults.Errors() > 0 {
		ts.Fatalf("%v", read.Faults)
	}
	ts.Check(keepMoved(context.Background(), ts.Getenv("DUALTONE_DATABASE_URL"), &read.Document, begun))
}

func keepMoved(ctx context.Context, url string, d *plan.Document, begun time.Time) error {
	pool, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	rollouts, name, hash := postgres.NewRollouts(pool), d.Plan.Metadata.Name, string(d.Hash())
	kept := rollout.Plan{Name: name, Hash: hash, Author: "ada", State: rollout.Approved, Since: begun, Kept: begun}
	if err := rollouts.KeepPlan(ctx, kept, []rollout.Stage{{ID: "pilot", Kind: "pilot", State: rollout.Pending}}, map[string][]dualtone.PersonID{"pilot": {"p1", "p2"}}); err != nil {
		return err
	}
	course := []struct {
		stage    string
		from, to rollout.State
		after    time.Duration
	}{
		{"", rollout.Approved, rollout.Active, time.Hour},
		{"pilot", rollout.Pending, rollout.Prechecking, time.Hour},
		{"pilot", rollout.Prechecking, rollout.Switching, 2 * time.Hour},
		{"pilot", rollout.Switching, rollout.Soaking, 2*time.Hour + 10*time.Minute},
		{"pilot", rollout.Soaking, rollout.Passed, 27 * time.Hour},
	}
	for _, c := range course {
		if err := rollouts.Record(ctx, rollout.Transition{
			Plan: name, Stage: c.stage, Verb: rollout.Open, From: c.from, To: c.to,
			Actor: "system", Role: rollout.System, Hash: hash, At: begun.Add(c.after),
		}); err != nil {
			return err
		}
	}
	if err := keepTried(ctx, postgres.NewSwitches(pool), name, begun.Add(2*time.Hour)); err != nil {
		return err
	}
	hour := begun.Add(2 * time.Hour)
	if err := rollouts.KeepUsage(ctx, "one", []rollout.Usage{
		{Plan: name, Stage: "pilot", System: "crm", Hour: hour, Requests: 21}, {Plan: name, Stage: "pilot", System: "new", Hour: hour, Requests: 4000},
	}); err != nil {
		return err
	}
	return rollouts.KeepReadings(ctx, rollout.Reading{
		Plan: name, Stage: "pilot", Gate: "reconcile/user_state", From: hour, To: hour, At: hour.Add(time.Hour), Samples: 2, Value: 2, Ruling: rollout.GateFails,
		Differences: []rollout.Difference{
			{Key: "p1 old.forward", Old: "wanted 88", New: "found 5555"}, {Key: "p2 crm.softphone", Old: "wanted CC2", New: "found CC1"},
		},
	})
}

// keepTried keeps the switches of the pilot.
func keepTried(ctx context.Context, switches *postgres.Switches, name string, at time.Time) error {
	for i, s := range []struct {
		person dualtone.PersonID
		state  cutover.State
	}{{"p1", cutover.OnNew}, {"p2", cutover.Deferred}, {"p2", cutover.OnNew}} {
		_, err := switches.Keep(ctx, cutover.Switch{
			ID: cutover.SwitchID(filepath.Join("s", string(s.person), string(s.state))), Person: s.person, To: dualtone.New, Cohort: rollout.CohortName(name, "pilot"),
			State: s.state, Started: at.Add(time.Duration(i) * time.Minute),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Scripts in testdata/moved find an empty database in $DATABASE, in which moved keeps
// a plan as if it had been begun.
func TestCommandsThatTellOfABegunPlan(t *testing.T) {
	t.Parallel()
	p := databaseParams(t, "testdata/moved")
	p.Cmds["moved"] = moved
	testscript.Run(t, p)
}
