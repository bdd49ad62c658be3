package cutover_test

import (
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

	for name, tt := range map[string]struct {
		facet   cutover.Facet
		halfway cutover.Value
		drifts  int
	}{
		"the permission set is given, the call center not changed": {cutover.Softphone, cutover.Value{Softphone: &granted}, 0},
		"one of two queues is left":                                {cutover.OldOffering, cutover.Value{Offering: &leaving}, 0},
		"somebody gave a permission set of their own":              {cutover.Softphone, cutover.Value{Softphone: &foreign}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := before.With(tt.facet, tt.halfway)
			undo, drifts := cutover.Undo(before, plan, now)
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
