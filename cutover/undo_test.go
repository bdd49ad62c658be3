package cutover_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/routing"
)

func plan(t interface{ Fatal(args ...any) }, before cutover.Image) []cutover.Action {
	offer := dualtone.Offering{Profile: "work", Memberships: []dualtone.Membership{{Queue: "q-sales"}, {Queue: "q-support"}}}
	actions, err := cutovertest.Migration().Plan(cutovertest.Agent(), before, &offer)
	if err != nil {
		t.Fatal(err)
	}
	return actions
}

// images draws users as they may be found.
func images(t *rapid.T) cutover.Image {
	i := cutovertest.Before()
	text := rapid.SampledFrom([]string{"", "a", "b"})
	i[cutover.OldForward] = cutover.Value{Forward: &dualtone.Forward{To: text.Draw(t, "forward")}}
	i[cutover.NewSeat] = cutover.Value{Seat: &dualtone.Seat{Enabled: rapid.Bool().Draw(t, "seat"), Licenses: []string{text.Draw(t, "license")}}}
	var m []dualtone.Membership
	for n := range rapid.IntRange(0, 3).Draw(t, "queues") {
		m = append(m, dualtone.Membership{
			Queue: dualtone.QueueID(fmt.Sprint("q", n)), Penalty: rapid.IntRange(0, 2).Draw(t, "penalty"),
			Paused: rapid.Bool().Draw(t, "paused"), Fixed: rapid.Bool().Draw(t, "fixed"), Device: "d",
		})
	}
	i[cutover.OldOffering] = cutover.Value{Offering: &dualtone.Offering{Memberships: m}}
	if rapid.Bool().Draw(t, "no seats on the new side") {
		delete(i, cutover.NewSeat)
	}
	return i
}

func TestUndoingAnyPartOfAMoveGivesTheImageBefore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := images(t)
		actions := plan(t, before)
		done := rapid.IntRange(0, len(actions)).Draw(t, "done")
		now := cutover.Apply(before, actions[:done])
		undo, drifts := cutover.Undo(before, actions, now, nil)
		if len(drifts) > 0 {
			t.Fatalf("nobody else changed anything, and yet %+v drifted", drifts)
		}
		if d := cutover.Differences(before, cutover.Apply(now, undo)); len(d) > 0 {
			t.Fatalf("after undoing %d of %d actions: %+v", done, len(actions), d)
		}
		for _, a := range undo {
			if !now[a.Facet].Equal(a.From) {
				t.Fatalf("%s is undone from %+v, but stands at %+v", a.Facet, a.From, now[a.Facet])
			}
			now = now.With(a.Facet, a.To)
		}
	})
}

func TestTheWayBackAlsoPausesBeforeItLeaves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := images(t)
		actions := plan(t, before)
		now := cutover.Apply(before, actions)
		back, _ := cutover.PlanReturn(before, actions, now, cutover.Choice{}, nil)
		if d := cutover.Differences(before, cutover.Apply(now, back)); len(d) > 0 {
			t.Fatalf("after the way back: %+v", d)
		}
		if len(back) > 0 && (back[0].Step != cutover.Drain || back[0].Facet != cutover.NewOffering) {
			t.Fatalf("the way back begins with %s of %s, not with stopping offers on the new side", back[0].Step, back[0].Facet)
		}
		first, rest := cutover.Phase(back)
		if len(first) != 1 || len(first)+len(rest) != len(back) {
			t.Fatalf("%d actions come before the user is free, want the one that stops offers", len(first))
		}
	})
}

func TestSomebodyElsesChangeIsReportedAndLeft(t *testing.T) {
	t.Parallel()
	theirs := map[cutover.Facet]cutover.Value{
		cutover.Softphone:   {Softphone: &dualtone.Softphone{CallCenter: "04vThird"}},
		cutover.Routes:      {Routes: []routing.Route{{Number: "+12125551001", Sides: []dualtone.Side{dualtone.New}}}},
		cutover.OldForward:  {Forward: &dualtone.Forward{To: "voicemail"}},
		cutover.OldOffering: {Offering: &dualtone.Offering{Memberships: []dualtone.Membership{{Queue: "vip"}}}},
		cutover.NewSeat:     {Seat: &dualtone.Seat{Enabled: true, Licenses: []string{"Supervisor"}}},
		cutover.NewOffering: {Offering: &dualtone.Offering{Profile: "vip", Memberships: []dualtone.Membership{{Queue: "q-vip"}}}},
	}
	rapid.Check(t, func(t *rapid.T) {
		before := cutovertest.Before()
		actions := plan(t, before)
		facets := slices.Sorted(func(yield func(cutover.Facet) bool) {
			for f := range theirs {
				if !yield(f) {
					return
				}
			}
		})
		changed := rapid.SampledFrom(facets).Draw(t, "changed by somebody else")
		now := cutover.Apply(before, actions).With(changed, theirs[changed])
		undo, drifts := cutover.Undo(before, actions, now, nil)
		if len(drifts) != 1 || drifts[0].Facet != changed || !drifts[0].Now.Equal(theirs[changed]) || !drifts[0].Before.Equal(before[changed]) {
			t.Fatalf("drifts %+v, want %s with before, wrote and now", drifts, changed)
		}
		want := before.With(changed, theirs[changed])
		if changed == cutover.OldOffering {
			// A queue more costs nobody those that they had.
			both := *before[changed].Offering
			both.Memberships = append(slices.Clone(both.Memberships), theirs[changed].Offering.Memberships...)
			want[changed] = cutover.Value{Offering: &both}
		}
		if d := cutover.Differences(want, cutover.Apply(now, undo)); len(d) > 0 {
			t.Fatalf("all else should be as before: %+v", d)
		}
		// Whoever has seen it may choose that it goes back too; something newer stays.
		all, drifts := cutover.PlanReturn(before, actions, now, cutover.Choice{Over: cutover.Image{changed: theirs[changed]}}, nil)
		if d := cutover.Differences(before, cutover.Apply(now, all)); len(d) > 0 || len(drifts) > 0 {
			t.Fatalf("chosen to go back as well: %+v %+v", d, drifts)
		}
		newer, drifts := cutover.PlanReturn(before, actions, now, cutover.Choice{Over: cutover.Image{changed: before[changed]}}, nil)
		if d := cutover.Differences(want, cutover.Apply(now, newer)); len(d) > 0 || len(drifts) != 1 {
			t.Fatalf("another value was seen when it was chosen: %+v %+v", d, drifts)
		}
	})
}

func TestQueuesThatSomebodyElseChangedInPart(t *testing.T) {
	t.Parallel()
	queue := func(name string, edit func(*dualtone.Membership)) dualtone.Membership {
		m := dualtone.Membership{Queue: dualtone.QueueID(name), Device: "PJSIP/1001", Penalty: 1}
		edit(&m)
		return m
	}
	as := func(*dualtone.Membership) {}
	static := func(m *dualtone.Membership) { m.Fixed = true }
	moving := func(m *dualtone.Membership) { m.Paused, m.PauseReason = true, "moving" }
	all := func(m ...dualtone.Membership) cutover.Value {
		return cutover.Value{Offering: &dualtone.Offering{Memberships: m}}
	}
	last := func(m *dualtone.Membership) { m.Penalty = 9 }
	before := cutovertest.Before().With(cutover.OldOffering, all(queue("desk", static), queue("sales", as), queue("support", as)))
	before[cutover.NewOffering] = all(queue("n-own", as))
	offer := *all(queue("n-own", as), queue("n-sales", as)).Offering
	actions, err := cutovertest.Migration().Plan(cutovertest.Agent(), before, &offer)
	if err != nil {
		t.Fatal(err)
	}
	both := func(edits ...func(*dualtone.Membership)) func(*dualtone.Membership) {
		return func(m *dualtone.Membership) {
			for _, edit := range edits {
				edit(m)
			}
		}
	}
	for name, tt := range map[string]struct {
		facet     cutover.Facet
		now, want cutover.Value
	}{
		"one queue more on the old side": {
			cutover.OldOffering,
			all(queue("desk", both(static, moving)), queue("vip", as)),
			all(queue("desk", static), queue("sales", as), queue("support", as), queue("vip", as)),
		},
		"one that they were in, at another penalty": {
			cutover.OldOffering,
			all(queue("desk", both(static, moving)), queue("sales", last)),
			all(queue("desk", static), queue("sales", last), queue("support", as)),
		},
		"a static one at another penalty": {
			cutover.OldOffering,
			all(queue("desk", both(static, last, moving))),
			all(queue("desk", both(static, last)), queue("sales", as), queue("support", as)),
		},
		"one queue more on the new side": {
			cutover.NewOffering,
			all(queue("n-own", as), queue("n-sales", as), queue("n-vip", as)),
			all(queue("n-own", as), queue("n-vip", as)),
		},
		"one that was joined, at another penalty": {
			cutover.NewOffering,
			all(queue("n-own", as), queue("n-sales", last)),
			all(queue("n-own", as), queue("n-sales", last)),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := cutover.Apply(before, actions).With(tt.facet, tt.now)
			back, drifts := cutover.PlanReturn(before, actions, now, cutover.Choice{}, nil)
			if len(drifts) != 1 || drifts[0].Facet != tt.facet {
				t.Errorf("drifts %+v, want %s", drifts, tt.facet)
			}
			for _, a := range back {
				if !a.From.Kept(now[a.Facet]) {
					t.Errorf("%s goes back from %+v, but stands at %+v", a.Facet, a.From, now[a.Facet])
				}
				now = now.With(a.Facet, a.To)
			}
			if d := cutover.Differences(before.With(tt.facet, tt.want), now); len(d) > 0 {
				t.Errorf("after the way back: %+v", d)
			}
			phone := slices.IndexFunc(back, func(a cutover.Action) bool { return a.Facet == cutover.Softphone })
			if again := slices.IndexFunc(back, func(a cutover.Action) bool { return a.Facet == cutover.OldOffering }); tt.facet == cutover.OldOffering && again < phone {
				t.Error("they are called on the old side before their softphone is there")
			}
		})
	}
}

func TestABreakOfTheAgentIsNoDrift(t *testing.T) {
	t.Parallel()
	before := cutovertest.Before()
	actions := plan(t, before)
	now := cutover.Apply(before, actions)
	lunch := now[cutover.NewOffering].Offering.Stopped("Lunch")
	now = now.With(cutover.NewOffering, cutover.Value{Offering: &lunch})
	if missing := cutover.Missing(cutover.Apply(before, actions), now); len(missing) > 0 {
		t.Errorf("a break counts as missing: %+v", missing)
	}
	if _, drifts := cutover.Undo(before, actions, now, nil); len(drifts) > 0 {
		t.Errorf("a break counts as drift: %+v", drifts)
	}
}

// A softphone's license is given first and taken last, so that a write that is
// broken off leaves it to a user who otherwise has the softphone from before.
func TestALicenseThatABrokenOffWriteLeftIsTakenBack(t *testing.T) {
	t.Parallel()
	own := []string{"Own"}
	for name, tt := range map[string]struct {
		held []string
		want int
	}{
		"nothing was given":           {own, 0},
		"only the license was given":  {[]string{"Own", "CloudPhone"}, 1},
		"they gave up their own then": {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			was := *cutovertest.Before()[cutover.Softphone].Softphone
			was.Licenses = own
			before := cutovertest.Before().With(cutover.Softphone, cutover.Value{Softphone: &was})
			actions := plan(t, before)
			now := was
			now.Licenses = tt.held
			undo, drifts := cutover.Undo(before, actions, before.With(cutover.Softphone, cutover.Value{Softphone: &now}), nil)
			if len(undo) != tt.want || len(drifts) != 0 {
				t.Fatalf("undone %+v, drifted %+v, want %d and none", undo, drifts, tt.want)
			}
			for _, u := range undo {
				wrote := actions[slices.IndexFunc(actions, func(a cutover.Action) bool { return a.Facet == cutover.Softphone })]
				if diff := cmp.Diff(cutover.Action{Step: wrote.Step, Facet: wrote.Facet, From: wrote.To, To: wrote.From}, u); diff != "" {
					t.Errorf("what takes it back (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestAMoveThatCannotBePlannedSaysWhy(t *testing.T) {
	t.Parallel()
	m, p := cutovertest.Migration(), cutovertest.Agent()
	moved := cutovertest.Before().With(cutover.Softphone, cutover.Value{Softphone: &dualtone.Softphone{CallCenter: "04vThird"}})
	if _, err := m.Plan(p, moved, nil); !errors.Is(err, dualtone.ErrConflict) || !strings.Contains(err.Error(), "04vThird") {
		t.Errorf("a third call center: %v", err)
	}
	m.Reach, p.Extension = "88{extension}", ""
	if _, err := m.Plan(p, cutovertest.Before(), nil); !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), "has no extension") {
		t.Errorf("nothing to forward to: %v", err)
	}
	delete(m.Queues, "support")
	if _, err := m.NewQueues(p, cutovertest.Before()); !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), `"support"`) {
		t.Errorf("a queue without counterpart: %v", err)
	}
}

// Many agents take calls of queues alone and have no number of their own.
func TestWhoHasNoNumberIsMovedWithoutARoute(t *testing.T) {
	t.Parallel()
	p := cutovertest.Agent()
	p.Numbers = nil
	before := cutovertest.Before().With(cutover.Routes, cutover.Value{})
	actions, err := cutovertest.Migration().Plan(p, before, nil)
	if err != nil {
		t.Fatal(err)
	}
	if after := cutover.Apply(before, actions); after[cutover.Softphone].Softphone.CallCenter != cutovertest.Migration().NewCallCenter {
		t.Errorf("the softphone is %v", after[cutover.Softphone])
	}
	for _, a := range actions {
		if a.Facet == cutover.Routes {
			t.Errorf("it would write the routes from %v to %v", a.From, a.To)
		}
	}
}

func TestStaticMembersArePausedAndStay(t *testing.T) {
	t.Parallel()
	fixed := dualtone.Membership{Queue: "sales", Device: "PJSIP/1001", Fixed: true}
	before := cutovertest.Before().With(cutover.OldOffering, cutover.Value{Offering: &dualtone.Offering{Memberships: []dualtone.Membership{fixed}}})
	after := cutover.Apply(before, plan(t, before))
	left := after[cutover.OldOffering].Offering.Memberships
	fixed.Paused, fixed.PauseReason = true, "moving"
	if diff := cmp.Diff([]dualtone.Membership{fixed}, left); diff != "" {
		t.Errorf("a static member after the move (-want +got):\n%s", diff)
	}
}

func TestPreflightNamesEveryFindingWithItsLayer(t *testing.T) {
	t.Parallel()
	f := cutover.Facts{
		Person:        cutover.PersonState{Person: cutovertest.Agent()},
		Before:        cutovertest.Before().With(cutover.OldForward, cutover.Value{Forward: &dualtone.Forward{To: "1999"}}),
		OldActive:     true,
		OldCallCenter: "04vOld",
		NewCallCenter: dualtone.CallCenter{Name: "Cloud", AdapterURL: "http://cloud.example.com"},
	}
	if err := f.Err(); strings.Contains(err.Error(), "u-1001") {
		t.Errorf("an account that the move turns on may be off: %v", err)
	}
	delete(f.Before, cutover.NewSeat)
	err := f.Err()
	if !errors.Is(err, dualtone.ErrInvalid) {
		t.Fatalf("got %v, want an invalid", err)
	}
	for _, want := range []string{"phone platform: account u-1001 on the new side is not in use", "already forwards", "integration: adapter URL", "is not https"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %q", err, want)
		}
	}
	f.Lacks = []error{fmt.Errorf("old has no presence: %w", dualtone.ErrUnsupported)}
	if err := f.Err(); !errors.Is(err, dualtone.ErrUnsupported) {
		t.Errorf("a lacking capability: %v", err)
	}
}
