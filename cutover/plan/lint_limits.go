package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/internal/placed"
)

func (l *linter) limits() {
	m := l.spec.Limits
	const path = "spec.limits"
	switch {
	case m.Concurrency == 0:
		l.wrong(path+".concurrency", "0 at a time is nobody at all", "write at least 1")
	case m.Concurrency > MostConcurrency:
		l.wrong(path+".concurrency", fmt.Sprintf("%d is over the hard cap", m.Concurrency), fmt.Sprintf("write at most %d", MostConcurrency))
	}
	if m.Rate.UsersPerMinute > MostUsersPerMinute {
		l.wrong(path+".rate.users_per_minute", fmt.Sprintf("%d is over the hard cap", m.Rate.UsersPerMinute), fmt.Sprintf("write at most %d", MostUsersPerMinute))
	}
	if l.sheet.Written(path+".rate.users_per_minute") && m.Rate.UsersPerMinute == 0 {
		l.wrong(path+".rate.users_per_minute", "0 a minute is nobody at all", "leave it out for no limit but concurrency")
	}
	if m.Rate.SalesforceAPIShare > MostAPIShare {
		l.wrong(path+".rate.salesforce_api_share", fmt.Sprintf("%s is over the hard cap", m.Rate.SalesforceAPIShare),
			fmt.Sprintf("write at most %s: the rest of the company needs the CRM too", MostAPIShare))
	}
	if m.BlastRadius != nil {
		l.blastRadius(path+".blast_radius", *m.BlastRadius)
	}
	if m.StopWhen != nil {
		l.stopWhen(path+".stop_when", *m.StopWhen)
	}
}

func (l *linter) blastRadius(path string, b BlastRadius) {
	if b.MaxOnNew == 0 || b.MaxOnNew > MostOnNew {
		l.wrong(path+".max_on_new", fmt.Sprintf("%s is no share that can move", b.MaxOnNew), "write more than 0% and at most 100%")
	}
	if len(b.Per) == 0 {
		l.wrong(path+".per", "of nothing", "write per: [queue, site]")
	}
	twice(l, path+".per", b.Per)
	if b.Shrink != nil {
		l.shrink(path+".shrink", b)
	}
	if b.LiftAfter != "" {
		l.known(path+".lift_after", "stage", string(b.LiftAfter), l.stageIDs())
	} else if b.MaxOnNew < MostOnNew && !l.sheet.Unreadable(path) {
		l.doubt(path, fmt.Sprintf("holds to the end, so that more than %s of a group never moves", b.MaxOnNew), "write lift_after: the stage after which all may move")
	}
}

func (l *linter) shrink(path string, b BlastRadius) {
	if s := b.Shrink; s.By == 0 || s.By > 100*OnePercent {
		l.wrong(path+".by", fmt.Sprintf("%s is no part by which it shrinks", s.By), "write more than 0% and at most 100%, as in by: 50%")
	}
	if l.sheet.Written(path+".failures") && b.Shrink.Failures == 0 {
		l.wrong(path+".failures", "0 failed users shrink it before anybody fails", "write at least 1, or leave it out")
	}
	if b.Shrink.Least > 0 && b.Shrink.Least >= b.MaxOnNew {
		l.wrong(path+".least", fmt.Sprintf("%s is not less than max_on_new, so that it never shrinks", b.Shrink.Least), fmt.Sprintf("write less than %s", b.MaxOnNew))
	}
}

func (l *linter) stopWhen(path string, s StopWhen) {
	if s.FailedUsers == 0 && s.FailedInRow == 0 {
		l.wrong(path, "says nothing of when to stop", "write failed_users: 3% or failed_in_a_row: 3")
	}
	if s.FailedUsers > 100*OnePercent {
		l.wrong(path+".failed_users", fmt.Sprintf("%s of the users cannot fail", s.FailedUsers), "write at most 100%")
	}
	if s.FailedUsers > 0 && s.MinAttempts == 0 {
		l.wrong(path, "counts a share from the first user on", "write min_attempts: 20, so that one of one is not 100%")
	}
}

func (l *linter) approvals() {
	l.roles()
	a := l.spec.Approvals
	l.approval("spec.approvals.plan", a.Plan, BindPlan, BindCohort)
	l.approval("spec.approvals.stage_default", a.StageDefault, BindPlan, BindCohort)
}

func (l *linter) roles() {
	for _, role := range slices.Sorted(maps.Keys(l.spec.Roles)) {
		path := placed.Join("spec.roles", string(role))
		if len(l.spec.Roles[role]) == 0 {
			l.wrong(path, "nobody holds it", "name who does, or take the role away")
		}
		twice(l, path, l.spec.Roles[role])
	}
}

// mostApprovers bounds how many people must agree.
const mostApprovers = 10

func (l *linter) approval(path string, a Approval, binds ...Binding) {
	switch {
	case a.Need == 0:
		l.wrong(path+".need", "an approval by nobody", "write at least 1")
	case a.Need > mostApprovers:
		l.wrong(path+".need", fmt.Sprintf("%d people never agree in time", a.Need), fmt.Sprintf("write at most %d", mostApprovers))
	}
	if len(a.Roles) == 0 {
		l.wrong(path+".roles", "nobody can give it", "write roles: [cutover-approver]")
	}
	twice(l, path+".roles", a.Roles)
	for i, role := range a.Roles {
		if !role.MayApprove() {
			l.wrong(fmt.Sprintf("%s.roles[%d]", path, i), fmt.Sprintf("a %s approves nothing", role), "write a role that does: "+joined(approvers()))
		}
	}
	l.holders(path, a)
	if !a.NotAuthor {
		l.wrong(path+".not_author", "nobody approves what they wrote", "write true, or leave it out")
	}
	if l.sheet.Written(path+".valid_for") && (a.ValidFor == 0 || a.ValidFor > 30*Day) {
		l.wrong(path+".valid_for", fmt.Sprintf("%s is not how long an approval is worth something", a.ValidFor), "write up to 30d")
	}
	twice(l, path+".binds", a.Binds)
	for _, b := range binds {
		if !slices.Contains(a.Binds, b) {
			l.wrong(path+".binds", fmt.Sprintf("does not bind %s, so that it would outlast an edit", b), fmt.Sprintf("add %s, or leave binds out", b))
		}
	}
}

func approvers() []Role {
	var all []Role
	for _, word := range Role("").Words() {
		if Role(word).MayApprove() {
			all = append(all, Role(word))
		}
	}
	return all
}

// holders checks that there are people enough, where the plan names them. The
// owner wrote the plan, and does not count.
func (l *linter) holders(path string, a Approval) {
	if len(l.spec.Roles) == 0 || a.Need == 0 || l.sheet.Unreadable("spec.roles") {
		return
	}
	able := map[string]bool{}
	for i, role := range a.Roles {
		if len(l.spec.Roles[role]) == 0 {
			l.wrong(fmt.Sprintf("%s.roles[%d]", path, i), fmt.Sprintf("nobody holds the role %s", role), "name who does under spec.roles")
			return
		}
		others := 0
		for _, who := range l.spec.Roles[role] {
			if who != l.plan.Metadata.Owner {
				able[who] = true
				others++
			}
		}
		if others == 0 && a.Need >= len(a.Roles) {
			l.wrong(fmt.Sprintf("%s.roles[%d]", path, i), fmt.Sprintf("only %s holds the role %s, and nobody approves their own plan", l.plan.Metadata.Owner, role), "name somebody else under spec.roles")
			return
		}
	}
	if len(able) < a.Need && len(a.Roles) > 0 {
		l.wrong(path+".need", fmt.Sprintf("needs %d people and only %d can give it: %s", a.Need, len(able), strings.Join(slices.Sorted(maps.Keys(able)), ", ")),
			"name more people under spec.roles, or need fewer")
	}
}

func (l *linter) rollback() {
	b := l.spec.Rollback
	const path = "spec.rollback"
	if !b.SkipGates {
		l.wrong(path+".skip_gates", "a way back that waits for a gate is none", "write true, or leave it out")
	}
	if !b.KeepNewSideRecords {
		l.wrong(path+".keep_new_side_records", "calls that were taken would vanish from the log", "write true, or leave it out")
	}
	if l.sheet.Written(path+".drain") && b.Drain.Wait == 0 {
		l.wrong(path+".drain", "does not wait for calls to end", "write wait: 10m")
	}
	if b.Drain.Wait > Day {
		l.wrong(path+".drain.wait", fmt.Sprintf("%s is too long for a way back", b.Drain.Wait), "write at most 1d")
	}
	if b.Scope == ScopeUser && b.OnGateFail == Automatic {
		l.wrong(path+".scope", "a gate judges a stage, and takes nobody back alone", "write scope: stage, or on_gate_fail: hold")
	}
	if b.Window == 0 {
		l.wrong(path+".window", "no time to go back", "write how long a stage can be rolled back, as in 14d")
	}
	for i, s := range l.spec.Stages {
		if s.Soak > b.Window && b.Window > 0 {
			l.wrong(fmt.Sprintf("spec.stages[%d].soak", i), fmt.Sprintf("%s soaks for %s, but the way back is open for %s only", s.ID, s.Soak, b.Window),
				"make rollback.window at least as long as the longest soak")
		}
	}
}
