package rollout

import (
	"slices"

	"github.com/dualtone/dualtone/access"
)

// Verb is what somebody orders, or what the program found.
type Verb string

// The verbs of people.
const (
	Edit     Verb = "edit"
	Rehearse Verb = "rehearse"
	Submit   Verb = "submit"
	Approve  Verb = "approve"
	Reject   Verb = "reject"
	Start    Verb = "start"
	PutHold  Verb = "hold"
	Release  Verb = "release"
	Pause    Verb = "pause"
	Resume   Verb = "resume"
	Limit    Verb = "limits"
	Skip     Verb = "skip"
	Retry    Verb = "retry"
	Override Verb = "override" // take a failed gate upon oneself
	Window   Verb = "window"   // open a closed window for a while
	Extend   Verb = "soak"     // end a soak later, or sooner
	Rollback Verb = "rollback"
	Abort    Verb = "abort"
	Finalise Verb = "finalise"
	Compare  Verb = "reconcile" // hold both systems against each other anew
)

// What the program finds.
const (
	Checked    Verb = "checked"    // the prechecks pass
	Unready    Verb = "unready"    // a precheck says no
	Cleared    Verb = "cleared"    // enough approvals count
	Expire     Verb = "expire"     // an approval ran out before it was used
	GiveUp     Verb = "give_up"    // nobody approved in time
	Open       Verb = "open"       // the window opens
	Close      Verb = "close"      // the window closes with users left
	Switched   Verb = "switched"   // everybody is where they should be
	FellShort  Verb = "fell_short" // everybody was tried, not everybody arrived
	LostTrack  Verb = "lost_track" // it is not known where somebody is
	Soaked     Verb = "soaked"     // the soak is over
	Pass       Verb = "pass"       // the gates pass
	Fail       Verb = "fail"       // a gate failed, a person decides
	GoBack     Verb = "go_back"    // a gate failed, and the policy is to go back
	Restored   Verb = "restored"   // everybody is where they were before
	Drifted    Verb = "drifted"    // somebody could not be restored
	Complete   Verb = "complete"   // every stage passed
	CameToRest Verb = "came_to_rest"
	Reopen     Verb = "reopen"   // a stage of a completed plan was taken back
	Progress   Verb = "progress" // a manual task was done, confirmed or refused
)

// rule is a verb that is taken in some states.
type rule struct {
	verb Verb
	from []State
	to   State // empty: the state stays
	// who is empty where package access says it, as for all that people order.
	who []Role
	// forward is what an open hold stops.
	forward bool
	// judged rests on evidence, which must be newer than the state.
	judged bool
	// whole is success, which nobody may be missing from.
	whole bool
	// reason must be given.
	reason bool
}

// planReversible are the states that a plan can be taken back from.
func planReversible() []State {
	return []State{Active, Completed, Aborting, Aborted, RolledBackPartial}
}

// stageReversible are the states that a stage can be taken back from: all
// before finalised but those in which it is on its way already or nothing is
// left to take back.
func stageReversible() []State {
	return []State{
		Pending, Prechecking, Blocked, AwaitingApproval, Rejected, WaitingWindow, Switching, Partial, Unknown,
		Soaking, Evaluating, Failed, Passed, Skipped, Aborted, RollbackIncomplete,
	}
}

func planRules() []rule {
	running := []State{Active, Completed, Aborting, RollingBack}
	before := []State{Draft, Rehearsed, Submitted, Approved, Rejected}
	return []rule{
		{verb: Edit, from: before, to: Draft},
		{verb: Rehearse, from: []State{Draft, Rehearsed}, to: Rehearsed},
		{verb: Submit, from: []State{Draft, Rehearsed, Rejected}, to: Submitted},
		{verb: Approve, from: []State{Submitted, Completed}},
		{verb: Cleared, from: []State{Submitted}, to: Approved, who: system()},
		{verb: Reject, from: []State{Submitted, Approved}, to: Rejected, reason: true},
		{verb: Expire, from: []State{Approved}, to: Submitted, who: system()},
		{verb: Start, from: []State{Approved}, to: Active, forward: true},
		{verb: PutHold, from: append(running, Submitted, Approved), reason: true},
		{verb: Release, from: append(running, Submitted, Approved, Aborted, RolledBack, RolledBackPartial)},
		{verb: Pause, from: []State{Active}},
		{verb: Resume, from: []State{Active}, forward: true},
		{verb: Limit, from: []State{Active, RollingBack}},
		{verb: Complete, from: []State{Active}, to: Completed, who: system(), forward: true, whole: true},
		{verb: Reopen, from: []State{Completed}, to: Active, who: system()},
		{verb: Abort, from: []State{Active}, to: Aborting, reason: true},
		{verb: CameToRest, from: []State{Aborting}, to: Aborted, who: system()},
		{verb: Rollback, from: planReversible(), to: RollingBack, reason: true},
		{verb: GoBack, from: []State{Active, Completed}, to: RollingBack, who: system()},
		{verb: Restored, from: []State{RollingBack}, to: RolledBack, who: system()},
		{verb: Drifted, from: []State{RollingBack}, to: RolledBackPartial, who: system()},
		{verb: Compare, from: []State{Active, Completed}},
		{verb: Progress, from: []State{Completed, Finalised}},
		{verb: Finalise, from: []State{Completed}, to: Finalised, forward: true, judged: true, whole: true},
	}
}

func stageRules() []rule {
	moving := []State{WaitingWindow, Switching, Partial, Unknown, Soaking, Evaluating, Failed}
	ahead := []State{Pending, Prechecking, Blocked, AwaitingApproval, Rejected, WaitingWindow}
	holdable := append(slices.Clone(moving), Pending, Prechecking, Blocked, AwaitingApproval, Rejected, Passed, RollingBack, RollbackIncomplete)
	return []rule{
		{verb: Start, from: []State{Pending}, to: Prechecking, who: system(), forward: true},
		{verb: Checked, from: []State{Prechecking}, to: AwaitingApproval, who: system(), forward: true, judged: true},
		{verb: Unready, from: []State{Prechecking}, to: Blocked, who: system(), judged: true},
		{verb: Approve, from: []State{AwaitingApproval}},
		{verb: Reject, from: []State{AwaitingApproval, WaitingWindow}, to: Rejected, reason: true},
		{verb: GiveUp, from: []State{AwaitingApproval}, to: Rejected, who: system()},
		{verb: Cleared, from: []State{AwaitingApproval}, to: WaitingWindow, who: system(), forward: true},
		{verb: Expire, from: []State{WaitingWindow}, to: AwaitingApproval, who: system()},
		{verb: Open, from: []State{WaitingWindow}, to: Switching, who: system(), forward: true},
		{verb: Close, from: []State{Switching}, to: WaitingWindow, who: system()},
		{verb: Switched, from: []State{Switching, Partial}, to: Soaking, who: system(), forward: true, whole: true},
		{verb: FellShort, from: []State{Switching}, to: Partial, who: system()},
		{verb: LostTrack, from: []State{Switching, Partial}, to: Unknown, who: system()},
		{verb: Soaked, from: []State{Soaking}, to: Evaluating, who: system(), forward: true},
		{verb: Pass, from: []State{Evaluating}, to: Passed, who: system(), forward: true, judged: true, whole: true},
		{verb: Fail, from: []State{Switching, WaitingWindow, Soaking, Evaluating}, to: Failed, who: system(), judged: true},
		{verb: GoBack, from: stageReversible(), to: RollingBack, who: system()},
		{verb: Override, from: []State{Evaluating, Failed}, to: Passed, forward: true, whole: true, reason: true},
		{verb: PutHold, from: holdable, reason: true},
		{verb: Release, from: holdable},
		{verb: Pause, from: []State{Switching}},
		{verb: Resume, from: []State{Switching}, forward: true},
		{verb: Limit, from: []State{WaitingWindow, Switching, RollingBack}},
		{verb: Window, from: []State{WaitingWindow}, reason: true},
		{verb: Extend, from: []State{Soaking}, reason: true},
		{verb: Retry, from: []State{Blocked, Rejected, RolledBack, Aborted}, to: Prechecking, forward: true},
		{verb: Retry, from: []State{Partial, Unknown, Switching}, to: WaitingWindow, forward: true},
		{verb: Retry, from: []State{Failed}, to: Evaluating, forward: true},
		{verb: Retry, from: []State{RollbackIncomplete}, to: RollingBack},
		{verb: Skip, from: ahead, to: Skipped, reason: true},
		{verb: Abort, from: append(ahead, Switching, Partial, Unknown, Soaking, Evaluating, Failed), to: Aborted, reason: true},
		{verb: Rollback, from: stageReversible(), to: RollingBack, reason: true},
		{verb: Restored, from: []State{RollingBack}, to: RolledBack, who: system()},
		{verb: Drifted, from: []State{RollingBack}, to: RollbackIncomplete, who: system()},
		{verb: Progress, from: []State{Switching}},
		{verb: Finalise, from: []State{Passed, Skipped}, to: Finalised, who: system(), forward: true},
	}
}

func rules(l Level) []rule {
	if l == OfPlan {
		return planRules()
	}
	return stageRules()
}

// may lists who may give the order.
func (r rule) may() []Role {
	if r.who != nil {
		return r.who
	}
	return access.Who(Action(r.verb))
}

// Action is a verb in the table of package access.
func Action(v Verb) access.Action { return access.Action("plan." + string(v)) }

// find returns the rule by which a verb is taken in a state, and in which
// states it is taken at all.
func find(l Level, s State, v Verb) (found rule, ok bool, elsewhere []State) {
	for _, r := range rules(l) {
		if r.verb != v {
			continue
		}
		if slices.Contains(r.from, s) {
			return r, true, nil
		}
		elsewhere = append(elsewhere, r.from...)
	}
	return rule{}, false, elsewhere
}

// Who lists the roles that may give an order in a state; nobody where it is not
// taken.
func Who(l Level, s State, v Verb) []Role {
	r, ok, _ := find(l, s, v)
	if !ok {
		return nil
	}
	return r.may()
}

// Orders lists the verbs that people may give in a state.
func Orders(l Level, s State) []Verb {
	var all []Verb
	for _, r := range rules(l) {
		people := func() bool { return slices.ContainsFunc(r.may(), func(w Role) bool { return w != System }) }
		if slices.Contains(r.from, s) && !slices.Contains(all, r.verb) && people() {
			all = append(all, r.verb)
		}
	}
	return all
}
