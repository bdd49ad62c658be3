package evidence

import (
	"encoding/json"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
)

// Format names the layout of a pack.
const Format = "dualtone-evidence/v1"

// Kind is what a line of a pack tells.
type Kind string

// The kinds of lines, in the order in which a pack has them.
const (
	Opening    Kind = "pack"
	Transition Kind = "transition"
	Approved   Kind = "approval"
	Held       Kind = "hold"
	User       Kind = "user"
	Gate       Kind = "gate"
	Task       Kind = "task"
	Difference Kind = "difference"
	Calls      Kind = "calls"
	Foretold   Kind = "outcome"
	Sealed     Kind = "seal"
	Signed     Kind = "signature"
)

// line is a line as it stands in the file. Its hash is taken over its bytes, so
// that a reader need not write JSON as we do.
type line struct {
	// Previous is the hash of the line before; of the opening it is the one that
	// seals the pack of the stage before, empty for the first stage of a plan.
	Previous plan.Hash       `json:"previous"`
	Kind     Kind            `json:"kind"`
	Body     json.RawMessage `json:"body"`
}

// Pack opens a pack: what it is about.
type Pack struct {
	Format     string       `json:"format"`
	Plan       string       `json:"plan"`
	PlanHash   plan.Hash    `json:"plan_hash"`
	Stage      plan.StageID `json:"stage"`
	CohortHash plan.Hash    `json:"cohort_hash"`
	// Users is how many people the frozen cohort has.
	Users int       `json:"users"`
	Made  time.Time `json:"made"`
	By    string    `json:"by"`
}

// Step is a transition of the plan or of the stage.
type Step struct {
	Of       string    `json:"of"` // plan or stage
	From     string    `json:"from"`
	To       string    `json:"to"`
	Actor    string    `json:"actor"`
	Role     plan.Role `json:"role,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	PlanHash plan.Hash `json:"plan_hash"`
	At       time.Time `json:"at"`
}

// Approval is one person's word on what it binds.
type Approval struct {
	Of           string    `json:"of"` // plan, stage or end
	Actor        string    `json:"actor"`
	Role         plan.Role `json:"role"`
	Refused      bool      `json:"refused,omitempty"`
	Reason       string    `json:"reason,omitempty"`
	At           time.Time `json:"at"`
	Expires      time.Time `json:"expires,omitzero"`
	PlanHash     plan.Hash `json:"plan_hash"`
	CohortHash   plan.Hash `json:"cohort_hash,omitempty"`
	EvidenceHash plan.Hash `json:"evidence_hash,omitempty"`
}

// Hold is a time in which nobody was moved forward, and why.
type Hold struct {
	Owner      string    `json:"owner"`
	Reason     string    `json:"reason"`
	From       time.Time `json:"from"`
	Until      time.Time `json:"until,omitzero"` // when it was released
	ReleasedBy string    `json:"released_by,omitempty"`
}

// Moved is what became of one user: everything that was written, as it was, as
// it was wanted and as it was read back at the end.
type Moved struct {
	Person dualtone.PersonID `json:"person"`
	Switch cutover.SwitchID  `json:"switch,omitempty"`
	State  cutover.State     `json:"state"`
	Detail string            `json:"detail,omitempty"`
	From   time.Time         `json:"from,omitzero"`
	To     time.Time         `json:"to,omitzero"`
	Before json.RawMessage   `json:"before,omitempty"`
	Wanted json.RawMessage   `json:"wanted,omitempty"`
	After  json.RawMessage   `json:"after,omitempty"`
}

// Measured is one measurement of a gate with what was decided on it.
type Measured struct {
	Gate        string    `json:"gate"`
	At          time.Time `json:"at"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Samples     int       `json:"samples"`
	Value       string    `json:"value,omitempty"` // with its unit; empty where there is no data
	Baseline    string    `json:"baseline,omitempty"`
	Bound       string    `json:"bound"`
	Verdict     string    `json:"verdict"`
	ObserveOnly bool      `json:"observe_only,omitempty"`
	// OverriddenBy is who went on all the same, and Reason why.
	OverriddenBy string `json:"overridden_by,omitempty"`
	Reason       string `json:"reason,omitempty"`
}

// Manual is a task that people did.
type Manual struct {
	Name      string    `json:"name"`
	Owner     string    `json:"owner"`
	Due       time.Time `json:"due,omitzero"`
	Done      time.Time `json:"done,omitzero"`
	Confirmed string    `json:"confirmed_by,omitempty"`
	Proof     string    `json:"proof,omitempty"`
}

// Differs is one difference between the two systems, or between them and the
// CRM. One without an explanation is open.
type Differs struct {
	About       string `json:"about"` // user_state or call_log
	Key         string `json:"key"`
	Old         string `json:"old,omitempty"`
	New         string `json:"new,omitempty"`
	Explanation string `json:"explanation,omitempty"`
}

// Account is every call attempt of a time in exactly one bucket.
type Account struct {
	From        time.Time      `json:"from"`
	To          time.Time      `json:"to"`
	Attempts    int            `json:"attempts"`
	Buckets     map[string]int `json:"buckets"`
	Unaccounted int            `json:"unaccounted"`
}

// Outcome is what the rehearsal of the plan predicted of the stage, and what came.
type Outcome struct {
	Rehearsed time.Time `json:"rehearsed"`
	rehearsal.StageOutcome
}

// Seal ends what a pack tells: how many lines of each kind there are.
type Seal struct {
	Lines map[Kind]int `json:"lines"`
}

// Signature is over the line of the seal, and so over the whole pack.
type Signature struct {
	// Key is the fingerprint of the public key.
	Key       string `json:"key"`
	Signature []byte `json:"signature"`
}
