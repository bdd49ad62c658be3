package cutover_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
)

// A write of many parts that is broken off leaves a value that is neither the
// old one nor the new one. It is ours to take back.
func TestAWriteBrokenOffHalfwayIsTakenBack(t *testing.T) {
	t.Parallel()
	before := cutovertest.Before()
	plan, err := cutovertest.Migration().Plan(cutovertest.Agent(), before, &dualtone.Offering{Profile: "work"})
	if err != nil {
		t.Fatal(err)
	}
	moved := cutover.Apply(before, plan)
	granted := *before[cutover.Softphone].Softphone
	granted.PermissionSets = moved[cutover.Softphone].Softphone.PermissionSets
	leaving := before[cutover.OldOffering].Offering.Stopped("moving")
	leaving.Memberships = slices.Clone(leaving.Memberships[:1])
	foreign := granted
	foreign.PermissionSets = append(slices.Clone(granted.PermissionSets), "Console for guests")
	lit := func(to string, of cutover.Image) cutover.Value {
		f := dualtone.Forward{To: to, Detail: map[string]string{"lamp": "on"}}
		maps.Copy(f.Detail, of[cutover.OldForward].Forward.Detail)
		return cutover.Value{Forward: &f}
	}
	target := moved[cutover.OldForward].Forward.To
	css := cutover.Value{Forward: &dualtone.Forward{Detail: map[string]string{"css": "external"}}}

	for name, tt := range map[string]struct {
		facet   cutover.Facet
		halfway cutover.Value
		drifts  int
	}{
		"the permission set is given, the call center not changed": {cutover.Softphone, cutover.Value{Softphone: &granted}, 0},
		"one of two queues is left":                                {cutover.OldOffering, cutover.Value{Offering: &leaving}, 0},
		"somebody gave a permission set of their own":              {cutover.Softphone, cutover.Value{Softphone: &foreign}, 1},
		"calls are forwarded, and the lamp does not tell it":       {cutover.OldForward, lit(target, moved), 0},
		"calls are not forwarded any more, and the lamp tells it":  {cutover.OldForward, lit("", before), 0},
		"somebody forwards calls elsewhere":                        {cutover.OldForward, lit("5550199", before), 1},
		"somebody gave a calling search space of their own":        {cutover.OldForward, css, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := before.With(tt.facet, tt.halfway)
			undo, drifts := cutover.Undo(before, plan, now, nil)
			if len(drifts) != tt.drifts {
				t.Fatalf("drifts %+v, want %d", drifts, tt.drifts)
			}
			if tt.drifts > 0 {
				return
			}
			if diff := cutover.Differences(before, cutover.Apply(now, undo)); len(diff) > 0 {
				t.Errorf("after taking it back: %+v", diff)
			}
		})
	}
}
