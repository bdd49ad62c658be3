package rollout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

const hour = plan.Duration(time.Hour)

func TestAnOverrideNeedsAReasonAndSomebodyElse(t *testing.T) {
	t.Parallel()
	spec := rollout.Spec{Override: &plan.Override{Roles: []plan.Role{plan.IncidentCommander}, ReasonRequired: true, Expires: 4 * hour}}
	order := func(who string, role plan.Role, reason string) rollout.Order {
		return rollout.Order{Verb: rollout.Window, Actor: who, Role: role, Reason: reason, At: noon()}
	}
	for _, c := range []struct {
		what  string
		spec  rollout.Spec
		o     rollout.Order
		holds plan.Duration
		want  string
	}{
		{"a plan without one", rollout.Spec{}, order("ivy", plan.IncidentCommander, "storm"), hour, "no calendars.override"},
		{"another role", spec, order("ivy", plan.Operator, "storm"), hour, "not operator"},
		{"no reason", spec, order("ivy", plan.IncidentCommander, ""), hour, "needs a reason"},
		{"too long", spec, order("ivy", plan.IncidentCommander, "storm"), 5 * hour, "holds for up to 4h"},
	} {
		if _, err := c.spec.AskWindow(c.o, c.holds); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
	asked, err := spec.AskWindow(order("ivy", plan.IncidentCommander, "storm"), 2*hour)
	if err != nil || len(asked.Grants()) != 0 {
		t.Fatalf("asked: %v, it opens %v before anybody agreed", err, asked.Grants())
	}
	for who, o := range map[string]rollout.Order{
		"who asked": order("ivy", plan.CutoverApprover, ""), "the author": order("ada", plan.CutoverApprover, ""), "an operator": order("max", plan.Operator, ""),
	} {
		if _, err := asked.Agree(o, "ada"); err == nil {
			t.Errorf("%s agreed", who)
		}
	}
	later := order("eve", plan.CutoverApprover, "")
	later.At = noon().Add(time.Hour)
	agreed, err := asked.Agree(later, "ada")
	if err != nil || len(agreed.Grants()) != 1 || !agreed.Until.Equal(noon().Add(3*time.Hour)) || agreed.By != "ivy" || agreed.Approver != "eve" {
		t.Errorf("agreed: %v, %+v", err, agreed)
	}
}

func TestASoakIsPutOffFreelyAndCutShortWithApproval(t *testing.T) {
	t.Parallel()
	from, ends := noon().Add(-plan.Day.Time()), noon().Add(plan.Day.Time())
	for _, c := range []struct {
		what   string
		who    string
		role   plan.Role
		wanted time.Time
		want   string
	}{
		{"longer", "oscar", plan.Operator, ends.Add(time.Hour), ""},
		{"shorter by an operator", "oscar", plan.Operator, ends.Add(-time.Hour), "only with approval"},
		{"shorter by the author", "ada", plan.CutoverApprover, ends.Add(-time.Hour), "author"},
		{"shorter by an approver", "eve", plan.CutoverApprover, ends.Add(-time.Hour), ""},
		{"into the past", "eve", plan.CutoverApprover, noon().Add(-time.Hour), "is past"},
		{"as it is", "eve", plan.CutoverApprover, ends, "already"},
		{"as long as any", "oscar", plan.Operator, from.AddDate(0, 0, 120), ""},
		{"for longer than any", "eve", plan.CutoverApprover, from.AddDate(0, 0, 120).Add(time.Second), "120 days"},
		{"for ever", "eve", plan.CutoverApprover, ends.AddDate(1, 0, 0), "120 days"},
	} {
		err := rollout.AgainstSoak(rollout.Order{Actor: c.who, Role: c.role, At: noon()}, "ada", from, ends, c.wanted)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}
