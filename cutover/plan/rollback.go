package plan

// Rollback is how the cutover goes back. Going back skips gates, windows and
// blackouts, always.
type Rollback struct {
	OnGateFail OnGateFail `json:"on_gate_fail,omitempty"`
	Scope      Scope      `json:"scope,omitempty"`
	// SkipGates is always true.
	SkipGates bool          `json:"skip_gates,omitempty"`
	Drain     RollbackDrain `json:"drain,omitzero"`
	Verify    Verification  `json:"verify,omitempty"`
	// KeepNewSideRecords is always true: calls taken on the new side stay in the
	// log.
	KeepNewSideRecords bool `json:"keep_new_side_records,omitempty"`
	// Window is how long after the last switch everything can be rolled back at
	// least: the point of no return, which alone ends it, is never before.
	Window Duration `json:"window" want:"write how long a stage can be rolled back, as in window: 14d"`
}

// OnGateFail is whether a failed gate rolls back by itself.
type OnGateFail string

// What a failed gate with on_fail: rollback_stage leads to.
const (
	Automatic OnGateFail = "automatic"
	AskFirst  OnGateFail = "hold"
)

// Words lists those that are known.
func (OnGateFail) Words() []string { return texts(Automatic, AskFirst) }

// Scope is how much goes back.
type Scope string

// The scopes.
const (
	ScopeUser  Scope = "user"
	ScopeStage Scope = "stage"
	ScopePlan  Scope = "plan"
)

// Words lists those that are known.
func (Scope) Words() []string { return texts(ScopeUser, ScopeStage, ScopePlan) }

// RollbackDrain is how long a way back waits for calls to end, and what then.
type RollbackDrain struct {
	Wait Duration   `json:"wait,omitzero"`
	Then DrainsLate `json:"then,omitempty"`
}

// DrainsLate is what becomes of a user who is still on a call.
type DrainsLate string

// What becomes of a user who is still on a call.
const (
	ForceRouteKeepMedia DrainsLate = "force_route_keep_media" // new calls go back, the call goes on
	KeepWaiting         DrainsLate = "wait"
)

// Words lists those that are known.
func (DrainsLate) Words() []string { return texts(ForceRouteKeepMedia, KeepWaiting) }

// Verification is how a restore is judged.
type Verification string

// BeforeImageEqual compares field by field; what differs is restore_drift.
const BeforeImageEqual Verification = "before_image_equal"

// Words lists those that are known.
func (Verification) Words() []string { return texts(BeforeImageEqual) }
