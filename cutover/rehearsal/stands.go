package rehearsal

import (
	"fmt"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
)

// Asked reports whether a plan asks to be rehearsed.
func Asked(p *plan.Plan) bool {
	for _, s := range p.Spec.Stages {
		if s.Require != nil {
			return true
		}
	}
	return false
}

// Against says what speaks against relying on a rehearsal of the plan; empty
// when nothing does.
func (k *Kept) Against(p *plan.Plan, now time.Time) string {
	for _, s := range p.Spec.Stages {
		if s.Require == nil {
			continue
		}
		if age := now.Sub(k.Made); s.Require.MaxAge > 0 && age > s.Require.MaxAge.Time() {
			return fmt.Sprintf("its rehearsal is %s old, at most %s is allowed", plan.Duration(age.Round(time.Minute)), s.Require.MaxAge)
		}
	}
	if len(k.Report.Unmet) > 0 {
		return "its rehearsal did not show what the plan asks of it: " + k.Report.Unmet[0]
	}
	return ""
}
