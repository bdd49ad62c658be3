package rollout

// State is where a plan, or a stage of it, stands.
type State string

// The states of a plan.
const (
	Draft             State = "draft"
	Rehearsed         State = "rehearsed"
	Submitted         State = "submitted" // waits for its approvals
	Approved          State = "approved"
	Rejected          State = "rejected"
	Active            State = "active"
	Completed         State = "completed" // every stage passed; everything can still be taken back
	Aborting          State = "aborting"  // nobody else is switched; those in flight finish
	Aborted           State = "aborted"
	RollingBack       State = "rolling_back"
	RolledBack        State = "rolled_back"
	RolledBackPartial State = "rolled_back_partial" // somebody could not be restored
	Finalised         State = "finalised"           // the one state without a way back
)

// The states of a stage; it shares rejected, aborted, rolling_back,
// rolled_back and finalised with its plan.
const (
	Pending          State = "pending"
	Prechecking      State = "prechecking"
	Blocked          State = "blocked" // a precheck said no; nothing is written
	AwaitingApproval State = "awaiting_approval"
	WaitingWindow    State = "waiting_window"
	Switching        State = "switching"
	// Partial: everybody was tried and somebody is not where they should be.
	Partial State = "partial"
	// Unknown: it is not known where somebody is; a person must look.
	Unknown    State = "unknown"
	Soaking    State = "soaking"
	Evaluating State = "evaluating"
	// Failed: a gate failed and the policy leaves what to do to a person.
	Failed             State = "failed"
	Passed             State = "passed"
	Skipped            State = "skipped"
	RollbackIncomplete State = "rollback_incomplete" // somebody could not be restored
)

// Level says whether something is about a plan or about a stage.
type Level string

// The levels.
const (
	OfPlan  Level = "plan"
	OfStage Level = "stage"
)

// PlanStates are the states of a plan, each before those that it leads to.
func PlanStates() []State {
	return []State{
		Draft, Rehearsed, Submitted, Rejected, Approved, Active, Completed,
		Aborting, Aborted, RollingBack, RolledBackPartial, RolledBack, Finalised,
	}
}

// StageStates are the states of a stage, each before those that it leads to.
func StageStates() []State {
	return []State{
		Pending, Prechecking, Blocked, AwaitingApproval, Rejected, WaitingWindow, Switching, Partial, Unknown,
		Soaking, Evaluating, Failed, Passed, Skipped, Aborted, RollingBack, RollbackIncomplete, RolledBack, Finalised,
	}
}

// Started reports whether users may have been switched in the state.
func (s State) Started() bool {
	switch s {
	case Draft, Rehearsed, Submitted, Rejected, Approved, Pending, Prechecking, Blocked, AwaitingApproval, Skipped:
		return false
	default:
		return true
	}
}
