package rollout

import (
	"cmp"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Spec is what the workflow of a stage needs to know of its plan. It travels in
// histories, so it holds no more than that.
type Spec struct {
	Plan   string         `json:"plan"`
	Stage  string         `json:"stage"`
	Hash   string         `json:"hash"`
	Cohort string         `json:"cohort,omitempty"` // hash of its people
	Author string         `json:"author"`
	Kind   plan.StageKind `json:"kind"`
	After  []string       `json:"after,omitempty"`
	// Approval is what must be approved before anybody is switched; nil for
	// nothing.
	Approval *plan.Approval `json:"approval,omitempty"`
	// Patience is how long it waits for approval before that counts as rejected.
	Patience plan.Duration     `json:"patience"`
	Soak     plan.Duration     `json:"soak,omitempty"`
	Gates    []plan.HealthGate `json:"gates,omitempty"`
	Limits   Rate              `json:"limits"`
	// Cap is what was approved; limits never go beyond it.
	Cap      Rate          `json:"cap"`
	StopWhen StopWhen      `json:"stop_when,omitzero"`
	Reversal plan.Reversal `json:"reversal,omitempty"`
	// Automatic: a gate that asks for it takes the stage back by itself.
	Automatic bool `json:"automatic,omitempty"`
	// Wait is how long a user is waited for until they are free, BackWait the same on
	// the way back; 0 for as long as the settings say. BackThen is what becomes then
	// of who is still on a call.
	Wait     plan.Duration   `json:"wait,omitempty"`
	BackWait plan.Duration   `json:"back_wait,omitempty"`
	BackThen plan.DrainsLate `json:"back_then,omitempty"`
	Tasks    []plan.Task     `json:"tasks,omitempty"`
	// Override is who may open a closed window; nil where nobody may.
	Override *plan.Override `json:"override,omitempty"`
}

// PlanSpec is what the workflow of a plan needs to know of it.
type PlanSpec struct {
	Plan       string `json:"plan"`
	Hash       string `json:"hash"`
	CohortHash string `json:"cohort_hash,omitempty"`
	Author     string `json:"author"`
	Stages     []Spec `json:"stages"`
	// Final is what must be approved before the point of no return; nil where the
	// plan names none.
	Final *plan.Approval `json:"final,omitempty"`
	// Scope is how much goes back when a gate takes a stage back.
	Scope plan.Scope `json:"scope,omitempty"`
}

// patience is how long an approval is waited for where the plan does not say.
const patience = plan.Week

// SpecOf reads from a plan what the workflow of one of its stages needs.
func SpecOf(p *plan.Plan, hash, author string, s plan.Stage) Spec {
	spec := Spec{
		Plan: p.Metadata.Name, Stage: string(s.ID), Hash: hash, Author: author, Kind: s.Kind,
		Patience: patience, Soak: s.Soak, Limits: RateOf(p.Spec.Limits), Cap: RateOf(p.Spec.Limits), Reversal: s.Reversal,
		Automatic: p.Spec.Rollback.OnGateFail == plan.Automatic,
		BackWait:  p.Spec.Rollback.Drain.Wait, BackThen: p.Spec.Rollback.Drain.Then, Tasks: s.Tasks, Override: p.Spec.Calendars.Override,
	}
	for _, after := range s.After {
		spec.After = append(spec.After, string(after))
	}
	if need := p.Approval(s); need.Need > 0 {
		spec.Approval = &need
	}
	spec.StopWhen = StopWhenOf(p.Spec.Limits)
	if s.Has(plan.PrecheckGates) {
		for _, check := range p.Spec.Gates.Precheck {
			if check.Check == plan.NotOnCallAndWrapped {
				spec.Wait = check.Wait
			}
		}
	}
	if s.Has(plan.HealthGates) {
		spec.Gates = append(spec.Gates, p.Spec.Gates.Health...)
	}
	if s.Has(plan.ReconcileGates) {
		for _, r := range p.Spec.Gates.Reconcile {
			spec.Gates = append(spec.Gates, reconcileGate(r))
		}
	}
	return spec
}

// PlanSpecOf reads from a plan what its workflow needs.
func PlanSpecOf(p *plan.Plan, hash, cohortHash, author string) PlanSpec {
	spec := PlanSpec{Plan: p.Metadata.Name, Hash: hash, CohortHash: cohortHash, Author: author, Scope: p.Spec.Rollback.Scope}
	for _, s := range p.Spec.Stages {
		spec.Stages = append(spec.Stages, SpecOf(p, hash, author, s))
	}
	if p.Spec.Finalise != nil {
		spec.Final = &p.Spec.Finalise.Approve
	}
	return spec
}

// ReconcilePrefix begins the names of gates that compare both systems.
const ReconcilePrefix = "reconcile/"

// reconcileGate is a comparison of both systems as a gate: what it measures is
// how many differences are left unexplained, or which share of calls.
func reconcileGate(r plan.Reconcile) plan.HealthGate {
	most := plan.Level{Unit: plan.InNumbers}
	if r.MaxUnexplained != nil {
		most.Micro = int64(*r.MaxUnexplained) * micro
	}
	if r.MaxUnmatched != nil {
		most = plan.Level{Micro: int64(*r.MaxUnmatched), Unit: plan.InPercent}
	}
	onFail := r.OnFail
	if onFail == "" {
		onFail = plan.HoldPlan
	}
	return plan.HealthGate{
		Name: ReconcilePrefix + string(r.Diff), Threshold: &plan.Threshold{Max: &most},
		Window: plan.GateWindow{Stage: true}, MinSamples: 1, OnNoData: plan.HoldOnNoData, OnFail: onFail,
	}
}

// Moves reports whether the stage switches users; else people do its tasks.
func (s Spec) Moves() bool { return s.Kind.Switches() || s.Kind == "" }

// longWait is how long a way back waits for a user who is to be let finish, however
// long that takes.
const longWait = 24 * time.Hour

// Patient is how long a user is waited for on the way to a side until they are free,
// and whether they go all the same then; usual is what the settings say.
func (s Spec) Patient(to dualtone.Side, usual time.Duration) (wait time.Duration, insist bool) {
	switch {
	case to == dualtone.New:
		return cmp.Or(s.Wait.Time(), usual), false
	case s.BackThen == plan.KeepWaiting:
		return longWait, false
	default:
		return cmp.Or(s.BackWait.Time(), usual), true
	}
}

// LastResort reports whether what the stage does cannot be taken back.
func (s Spec) LastResort() bool { return s.Reversal == plan.Irreversible }

// MeasureEvery is how often the gates of a soaking stage are measured: a quarter
// of the shortest window, from five minutes to six hours.
func (s Spec) MeasureEvery() time.Duration {
	every := 6 * time.Hour
	for _, g := range s.Gates {
		if !g.Window.Stage {
			every = min(every, g.Window.For.Time()/4)
		}
	}
	return max(every, 5*time.Minute)
}

// Opening is when the users of a stage may be switched.
type Opening struct {
	// Open says that some may be now, until Until; zero for without end.
	Open  bool      `json:"open"`
	Until time.Time `json:"until,omitzero"`
	// Next is when it opens next; zero if it never does.
	Next time.Time `json:"next,omitzero"`
	// Why says in words what is open or closed.
	Why string `json:"why,omitempty"`
}

// CohortName is how the switches of a stage name what they were made for.
func CohortName(plan, stage string) string { return plan + "/" + stage }

// Measure asks for one figure of a stage's people.
type Measure struct {
	Plan  string
	Hash  string
	Stage string
	Gate  plan.HealthGate
	From  time.Time
	To    time.Time
}
