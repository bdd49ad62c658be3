package activities_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/reconcile"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/systems"
)

// rings is a leg that rang the agent for so long before it was answered.
func rings(system, record string, agent dualtone.UserID, at time.Time, ring time.Duration) calllog.Kept {
	return calllog.Kept{Leg: calllog.Leg{
		LegID: calllog.LegID{System: system, Record: record}, Started: at, Answered: at.Add(ring), Ended: at.Add(ring + time.Minute), Ring: ring,
		Direction: calllog.Inbound, Agent: agent, Disposition: calllog.Answered,
	}}
}

// memoryDays keeps the days that were compared.
type memoryDays struct{}

func (memoryDays) Keep(context.Context, reconcile.Reconciled) error { return nil }

func (memoryDays) Kept(context.Context, reconcile.Query) (reconcile.Reconciled, error) {
	return reconcile.Reconciled{}, fmt.Errorf("day: %w", dualtone.ErrNotFound)
}

// logbook is the CRM's own log.
type logbook []dualtone.LoggedCall

func (b logbook) Calls(context.Context, time.Time, time.Time) iter.Seq2[dualtone.LoggedCall, error] {
	return func(yield func(dualtone.LoggedCall, error) bool) {
		for _, c := range b {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// quarantine holds rows that could not be read.
type quarantine []calllog.Quarantined

func (q quarantine) Quarantined(_ context.Context, asked calllog.QuarantineQuery) ([]calllog.Quarantined, error) {
	var found []calllog.Quarantined
	for _, row := range q {
		if row.State == asked.State && row.Source.System == asked.System {
			found = append(found, row)
		}
	}
	return found, nil
}

// measuring is the office's pilot with its agent on the new side.
func (o *movedOffice) measuring(log *memoryLog, crm *systems.CRM, rows quarantine) func(*testing.T, plan.Metric) rollout.Reading {
	compare := &activities.Comparison{
		User: &activities.User{CRM: crm, People: o.people, Switches: o.people}, Crew: o.store, Log: log.log(), Days: memoryDays{}, Now: o.later,
	}
	m := &activities.Measures{Library: o.library, Log: log.log(), Compare: compare, Quarantine: rows}
	return func(t *testing.T, metric plan.Metric) rollout.Reading {
		t.Helper()
		gate := plan.HealthGate{Name: string(metric), Threshold: &plan.Threshold{Max: &plan.Level{Unit: plan.InNumbers}}, MinSamples: 1}
		r, err := m.Measure(t.Context(), rollout.Measure{
			Plan: "emea", Hash: o.ref().Hash, Stage: "pilot", Gate: gate, From: o.later().Add(-4 * time.Hour), To: o.later(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return rollout.Rule(gate, r)
	}
}

func TestBothSystemsRingingOnePersonIsADoubleOffer(t *testing.T) {
	t.Parallel()
	o := newMovedOffice(t)
	agent := cutovertest.Agent().Accounts
	at := o.later().Add(-3 * time.Hour)
	log := &memoryLog{legs: []calllog.Kept{rings("cloud", "c1", agent.New, at, 10*time.Second)}}
	measure := o.measuring(log, &systems.CRM{Name: "sf"}, nil)
	if r := measure(t, plan.DoubleOffers); r.Ruling != rollout.GatePasses || r.Samples != 1 {
		t.Errorf("rung by one system: %+v", r)
	}
	for name, c := range map[string]struct {
		leg  calllog.Kept
		want float64
	}{
		"at the same time":          {rings("pbx", "p1", agent.Old, at.Add(3*time.Second), 20*time.Second), 1},
		"one after the other":       {rings("pbx", "p1", agent.Old, at.Add(12*time.Second), 20*time.Second), 0},
		"for a clock's inaccuracy":  {rings("pbx", "p1", agent.Old, at.Add(9*time.Second), 20*time.Second), 0},
		"somebody else's old phone": {rings("pbx", "p1", "PJSIP/9999", at.Add(3*time.Second), 20*time.Second), 0},
	} {
		log.legs = append(log.legs[:1:1], c.leg)
		if r := measure(t, plan.DoubleOffers); r.Value != c.want || len(r.Differences) != int(c.want) {
			t.Errorf("%s: %+v, want %g", name, r, c.want)
		}
	}
	deflected := rings("pbx", "p1", agent.Old, at, 20*time.Second)
	deflected.Disposition = calllog.Deflected
	waited := rings("pbx", "p2", agent.Old, at, 20*time.Second)
	waited.Queue, waited.Ring = "sales", 0 // the record does not tell waiting from ringing
	log.legs = append(log.legs[:1:1], deflected, waited)
	if r := measure(t, plan.DoubleOffers); r.Value != 0 || r.Samples != 1 {
		t.Errorf("a call that was sent on, and one that waited: %+v", r)
	}
	log.legs = nil
	if r := measure(t, plan.DoubleOffers); r.Ruling != rollout.NoData {
		t.Errorf("no calls at all: %+v", r)
	}
}

// While somebody is switched both systems may ring them.
func TestRingingDuringASwitchIsNoDoubleOffer(t *testing.T) {
	t.Parallel()
	o := newMovedOffice(t)
	agent := cutovertest.Agent().Accounts
	at := o.later().Add(-3 * time.Hour)
	log := &memoryLog{legs: []calllog.Kept{rings("cloud", "c1", agent.New, at, 10*time.Second), rings("pbx", "p1", agent.Old, at, 10*time.Second)}}
	measure := o.measuring(log, &systems.CRM{Name: "sf"}, nil)
	if r := measure(t, plan.DoubleOffers); r.Value != 1 {
		t.Fatalf("%+v, want one", r)
	}
	_, err := o.people.Keep(t.Context(), cutover.Switch{ID: "s2", Person: "E100", To: dualtone.New, State: cutover.Captured, Started: at.Add(-time.Minute), Before: cutovertest.Before()})
	if err != nil {
		t.Fatal(err)
	}
	if r := measure(t, plan.DoubleOffers); r.Value != 0 {
		t.Errorf("during a switch: %+v", r)
	}
}

func TestWhatTheAdapterDidNotDoIsAnAdapterError(t *testing.T) {
	t.Parallel()
	o := newMovedOffice(t)
	agent := cutovertest.Agent().Accounts
	at := o.later().Add(-3 * time.Hour)
	leg := func(record string, minute int, pop calllog.Pop) calllog.Kept {
		l := rings("cloud", record, agent.New, at.Add(time.Duration(minute)*time.Minute), 10*time.Second)
		l.Pop = pop
		return l
	}
	log := &memoryLog{legs: []calllog.Kept{leg("popped", 0, calllog.Popped), leg("failed", 10, calllog.PopFail), leg("no match", 20, calllog.NoMatch)}}
	withoutLog := o.measuring(log, &systems.CRM{Name: "sf"}, nil)
	if r := withoutLog(t, plan.AdapterErrors); r.Samples != 3 || len(r.Differences) != 1 || r.Differences[0].Key != "failed" {
		t.Errorf("by the screen pops alone: %+v", r)
	}
	log.legs = []calllog.Kept{leg("logged", 0, ""), leg("not logged", 30, "")}
	if r := withoutLog(t, plan.AdapterErrors); r.Ruling != rollout.NoData {
		t.Errorf("where nothing tells: %+v", r)
	}
	logged := logbook{{ID: "00T1", Kind: dualtone.TaskCall, Key: "logged", User: agent.CRM, Way: "inbound", Started: at.Add(10 * time.Second), Duration: time.Minute}}
	measure := o.measuring(log, &systems.CRM{Name: "sf", CallLog: logged}, nil)
	if r := measure(t, plan.AdapterErrors); r.Samples != 2 || r.Value != 0.5 || r.Differences[0].Key != "not logged" {
		t.Errorf("by the CRM's log: %+v", r)
	}
}

func TestAWordThatNobodyTranslatedIsAnUnmappedWrapUp(t *testing.T) {
	t.Parallel()
	o := newMovedOffice(t)
	at := o.later().Add(-time.Hour)
	row := func(id int, system, word, reason string, at time.Time, s calllog.QuarantineState) calllog.Quarantined {
		return calllog.Quarantined{
			ID: calllog.QuarantineID(id), Source: calllog.Source{System: system}, State: s, At: at, Fault: calllog.Fault{Column: "Result", Value: word, Reason: reason},
		}
	}
	unknown := calllog.UnknownEnd + "; the mapping's dispositions do not have it"
	rows := quarantine{
		row(1, "cloud", "SOLD", unknown, at, calllog.Waiting), row(2, "cloud", "SOLD", unknown, at, calllog.Waiting), row(3, "cloud", "CALL BACK", unknown, at, calllog.Waiting),
		row(4, "cloud", "OLD", unknown, at, calllog.Released), row(5, "cloud", "x", "not a time", at, calllog.Waiting), row(6, "pbx", "LOST", unknown, at, calllog.Waiting),
		row(7, "cloud", "EARLIER", unknown, at.Add(-100*time.Hour), calllog.Waiting),
	}
	log := &memoryLog{legs: []calllog.Kept{rings("cloud", "c1", "a", at, time.Second)}}
	r := o.measuring(log, &systems.CRM{Name: "sf"}, rows)(t, plan.UnmappedWrapUps)
	if r.Value != 2 || r.Samples != 4 || r.Ruling != rollout.GateFails || r.Differences[1].Key != "SOLD" {
		t.Errorf("%+v, want two words", r)
	}
	if r := o.measuring(log, &systems.CRM{Name: "sf"}, nil)(t, plan.UnmappedWrapUps); r.Ruling != rollout.GatePasses {
		t.Errorf("with every word known: %+v", r)
	}
}
