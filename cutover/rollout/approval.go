package rollout

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
)

// Approval is what somebody said of a plan or a stage, and of exactly what.
type Approval struct {
	Plan  string `json:"plan"`
	Stage string `json:"stage,omitempty"` // empty for the plan as a whole
	Actor string `json:"actor"`
	Role  Role   `json:"role"`
	// No is a rejection.
	No     bool   `json:"no,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Bound is what was approved.
	Bound   Bound     `json:"bound"`
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
}

// Bound are the hashes that an approval binds; an approval of anything else does
// not count.
type Bound struct {
	Plan     string `json:"plan"`
	Cohort   string `json:"cohort,omitempty"`
	Evidence string `json:"evidence,omitempty"`
}

// same reports whether the hashes that count are the same.
func (b Bound) same(as Bound, binds []plan.Binding) bool {
	return b.Plan == as.Plan &&
		(b.Cohort == as.Cohort || !slices.Contains(binds, plan.BindCohort)) &&
		(b.Evidence == as.Evidence || !slices.Contains(binds, plan.BindEvidence))
}

// Verdict is what approvals amount to.
type Verdict struct {
	// Enough says that everything needed is approved.
	Enough bool `json:"enough"`
	// Until is when the first of the approvals that count expires.
	Until time.Time `json:"until,omitzero"`
	// Have are those who count; Void says why each of the others does not.
	Have []string `json:"have,omitempty"`
	Void []string `json:"void,omitempty"`
	// Missing says what is still needed.
	Missing string `json:"missing,omitempty"`
}

// Count says what approvals amount to now: need different people in the roles,
// none of them the author, each about exactly what stands. Where as many people
// as roles are needed, each role is needed.
func Count(need plan.Approval, author string, stands Bound, all []Approval, now time.Time) Verdict {
	var v Verdict
	held := map[Role]bool{}
	var rejected time.Time // when somebody did last: what was approved before counts no more
	for _, a := range all {
		if a.No {
			rejected = a.At
		}
	}
	for _, a := range latest(all) {
		if why := a.void(need, author, stands, rejected, now); why != "" {
			v.Void = append(v.Void, a.Actor+": "+why)
			continue
		}
		v.Have = append(v.Have, a.Actor)
		held[a.Role] = true
		if v.Until.IsZero() || a.Expires.Before(v.Until) {
			v.Until = a.Expires
		}
	}
	var roles []Role
	for _, r := range need.Roles {
		if !held[r] && need.Need >= len(need.Roles) {
			roles = append(roles, r)
		}
	}
	switch left := need.Need - len(v.Have); {
	case len(roles) > 0:
		v.Missing = "an approval as " + join(roles)
	case left > 0:
		v.Missing = fmt.Sprintf("%d of %d approvals, as %s", left, need.Need, join(need.Roles))
	default:
		v.Enough = true
	}
	return v
}

// latest keeps each person's last word, in the order in which they spoke.
func latest(all []Approval) []Approval {
	var last []Approval
	for _, a := range all {
		last = slices.DeleteFunc(last, func(b Approval) bool { return b.Actor == a.Actor })
		last = append(last, a)
	}
	return last
}

func (a Approval) void(need plan.Approval, author string, stands Bound, rejected, now time.Time) string {
	switch {
	case a.No:
		return "rejected it"
	case a.At.Before(rejected):
		return "approved it before it was rejected"
	case a.Actor == author:
		return "is its author"
	case !slices.Contains(need.Roles, a.Role):
		return "approved as " + string(a.Role)
	case !a.Bound.same(stands, need.Binds):
		return "approved something else, it was changed since"
	case !now.Before(a.Expires):
		return "the approval expired at " + moment(a.Expires)
	default:
		return ""
	}
}

// Chain adds to a hash what else it is to bind.
func Chain(hash string, more ...string) string {
	sum := sha256.New()
	for _, part := range append([]string{hash}, more...) {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
