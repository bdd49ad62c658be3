package plan

import "slices"

// StageID names a stage within its plan.
type StageID string

// Stage is one step of a plan.
type Stage struct {
	ID StageID `json:"id"`
	// Kind is wave when it is left out.
	Kind StageKind `json:"kind,omitempty"`
	// After are the stages that must have passed.
	After   []StageID   `json:"after,omitempty"`
	Cohort  *Cohort     `json:"cohort,omitempty"`
	Windows []string    `json:"windows,omitempty"`
	Soak    Duration    `json:"soak,omitzero"`
	Gates   []GateGroup `json:"gates,omitempty"`
	// Approve takes the place of approvals.stage_default.
	Approve *Approval `json:"approve,omitempty"`
	// Reversal is minutes for stages that switch users and none for rehearsals
	// when it is left out.
	Reversal Reversal `json:"reversal,omitempty"`

	// Traffic and Require are a rehearsal's.
	Traffic *Traffic   `json:"traffic,omitempty"`
	Require *Rehearsed `json:"require,omitempty"`
	// Numbers and ForwardUntilDone are a port's.
	Numbers          *Numbers `json:"numbers,omitempty"`
	ForwardUntilDone bool     `json:"forward_until_done,omitempty"`
	// Tasks are done by people; a port may have some as well.
	Tasks []Task `json:"tasks,omitempty"`
}

// StageKind is what a stage does.
type StageKind string

// The kinds of stages.
const (
	Rehearsal StageKind = "rehearsal" // writes nothing outside
	Pilot     StageKind = "pilot"
	Wave      StageKind = "wave"
	Port      StageKind = "port"
	Manual    StageKind = "manual"
)

// Words lists those that are known.
func (StageKind) Words() []string { return texts(Rehearsal, Pilot, Wave, Port, Manual) }

// Switches reports whether stages of the kind switch users.
func (k StageKind) Switches() bool { return k == Pilot || k == Wave }

// Reversal is how long the way back takes.
type Reversal string

// The reversal classes.
const (
	ReversalNone    Reversal = "none" // nothing is written
	ReversalMinutes Reversal = "minutes"
	ReversalDays    Reversal = "days"
	Irreversible    Reversal = "irreversible"
)

// Words lists those that are known.
func (Reversal) Words() []string {
	return texts(ReversalNone, ReversalMinutes, ReversalDays, Irreversible)
}

// Traffic is what a rehearsal runs on.
type Traffic struct {
	Recording string `json:"recording"`
	// Speed is how much faster than it was recorded; 1 when it is left out.
	Speed int `json:"speed,omitempty"`
}

// Rehearsed is what a rehearsal must show.
type Rehearsed struct {
	P90Duration               Duration `json:"p90_duration,omitzero"`
	PredictedUnaccountedCalls *int     `json:"predicted_unaccounted_calls,omitempty"`
	// MaxAge is how old it may be when the plan is submitted.
	MaxAge Duration `json:"max_age,omitzero"`
}

// Numbers are the numbers of a port.
type Numbers struct {
	// Range is a first number in E.164 and how the last one ends, as in
	// "+44 20 7946 0000-0299".
	Range NumberRange `json:"range"`
	// Order is the port's order at the carrier.
	Order string `json:"order"`
}

// Task is something that a person does, with evidence.
type Task struct {
	Name string `json:"name"`
	// Owner is who does it.
	Owner string `json:"owner" want:"write who does it"`
	// Due is how long after the stage has begun.
	Due         Duration `json:"due" want:"write how long after the beginning of the stage, as in due: 2d"`
	Instruction string   `json:"instruction"`
	// Evidence is what must be attached.
	Evidence string `json:"evidence" want:"write what must be attached to show that it was done"`
	// Confirm is what ends the task.
	Confirm Confirmation `json:"confirm,omitempty"`
}

// Confirmation is what ends a task.
type Confirmation string

// The confirmations.
const (
	ByAnother     Confirmation = "another_person" // somebody other than the owner
	ByCallRecords Confirmation = "call_records"   // what the call records then show
)

// Words lists those that are known.
func (Confirmation) Words() []string { return texts(ByAnother, ByCallRecords) }

// Has reports whether a stage is judged by a group of gates.
func (s Stage) Has(g GateGroup) bool { return slices.Contains(s.Gates, g) }
