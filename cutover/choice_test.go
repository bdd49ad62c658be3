package cutover_test

import (
	"errors"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
)

func TestWhatWasAgreedToStaysAndIsNoDrift(t *testing.T) {
	t.Parallel()
	before := cutovertest.Before()
	actions, err := cutovertest.Migration().Plan(cutovertest.Agent(), before, nil)
	if err != nil {
		t.Fatal(err)
	}
	theirs := cutover.Value{Forward: &dualtone.Forward{To: "+12125550199"}}
	newer := cutover.Value{Forward: &dualtone.Forward{To: "+12125550200"}}
	now := cutover.Apply(before, actions).With(cutover.OldForward, theirs)
	for name, tt := range map[string]struct {
		seen   cutover.Value
		drifts int
		want   cutover.Value
	}{
		"as it was seen":        {theirs, 0, theirs},
		"changed again since":   {newer, 1, before[cutover.OldForward]},
		"as it was once before": {before[cutover.OldForward], 1, before[cutover.OldForward]},
	} {
		back, drifts := cutover.PlanReturn(before, actions, now, cutover.Choice{Keep: cutover.Image{cutover.OldForward: tt.seen}}, nil)
		if len(drifts) != tt.drifts {
			t.Errorf("%s: drifts %+v, want %d", name, drifts, tt.drifts)
		}
		if d := cutover.Differences(before.With(cutover.OldForward, tt.want), cutover.BroughtBack(before, back)); len(d) > 0 {
			t.Errorf("%s: the way back is to leave %+v", name, d)
		}
		if d := cutover.Differences(before.With(cutover.OldForward, theirs), cutover.Apply(now, back)); len(d) > 0 {
			t.Errorf("%s: the way back leaves %+v", name, d)
		}
	}
}

func TestNothingIsKeptByWhichCallsRingWhereNobodyIs(t *testing.T) {
	t.Parallel()
	before := cutovertest.Before()
	actions, err := cutovertest.Migration().Plan(cutovertest.Agent(), before, nil)
	if err != nil {
		t.Fatal(err)
	}
	moved := cutover.Apply(before, actions)
	theirs := cutover.Value{Forward: &dualtone.Forward{To: "+12125550199"}}
	sets := *before[cutover.Softphone].Softphone
	sets.PermissionSets = append(sets.PermissionSets, "Supervisor")
	for name, tt := range map[string]struct {
		chosen  cutover.Choice
		now     cutover.Image
		refused bool
	}{
		"queues of the old side":                {cutover.Choice{Keep: cutover.Image{cutover.OldOffering: moved[cutover.OldOffering]}}, moved, false},
		"a forward":                             {cutover.Choice{Keep: cutover.Image{cutover.OldForward: theirs}}, moved.With(cutover.OldForward, theirs), false},
		"the forward to the new side":           {cutover.Choice{Keep: cutover.Image{cutover.OldForward: moved[cutover.OldForward]}}, moved, true},
		"a seat on the new side":                {cutover.Choice{Keep: cutover.Image{cutover.NewSeat: moved[cutover.NewSeat]}}, moved, false},
		"a permission":                          {cutover.Choice{Keep: cutover.Image{cutover.Softphone: {Softphone: &sets}}}, before.With(cutover.Softphone, cutover.Value{Softphone: &sets}), false},
		"a call center":                         {cutover.Choice{Keep: cutover.Image{cutover.Softphone: moved[cutover.Softphone]}}, moved, true},
		"routes":                                {cutover.Choice{Keep: cutover.Image{cutover.Routes: moved[cutover.Routes]}}, moved, true},
		"queues of the new side":                {cutover.Choice{Keep: cutover.Image{cutover.NewOffering: moved[cutover.NewOffering]}}, moved, true},
		"what is put back at the same time":     {cutover.Choice{Keep: cutover.Image{cutover.OldForward: moved[cutover.OldForward]}, Over: cutover.Image{cutover.OldForward: moved[cutover.OldForward]}}, moved, true},
		"nothing, and something is overwritten": {cutover.Choice{Over: cutover.Image{cutover.Routes: moved[cutover.Routes]}}, moved, false},
	} {
		if err := tt.chosen.Check(before, moved, tt.now); errors.Is(err, dualtone.ErrInvalid) != tt.refused {
			t.Errorf("%s: %v, want it refused: %t", name, err, tt.refused)
		}
	}
}
