package plan

// The version and the kind that a plan file begins with.
const (
	APIVersion = "dualtone/v1"
	Kind       = "CutoverPlan"
)

// Plan is a cutover plan as its author wrote it, with the defaults filled in.
type Plan struct {
	// APIVersion is "dualtone/v1".
	APIVersion string `json:"apiVersion" want:"begin the file with apiVersion: dualtone/v1"`
	// Kind is "CutoverPlan".
	Kind     string   `json:"kind" want:"write kind: CutoverPlan"`
	Metadata Metadata `json:"metadata"`
	Spec     Spec     `json:"spec"`
}

// Metadata names a plan.
type Metadata struct {
	// Name is the plan's own name: lower-case letters, digits and dashes.
	Name string `json:"name"`
	// Owner is who answers for the plan, and its author when nobody else is
	// recorded.
	Owner string `json:"owner" want:"write who answers for the plan"`
	// Change is the record of the change in another system; free text.
	Change string `json:"change,omitempty"`
}

// Spec is what a plan asks for.
type Spec struct {
	Systems Systems `json:"systems"`
	// Timezone is the zone of everything that names none of its own.
	Timezone  Zone      `json:"timezone" want:"write the zone of all times that name none, as in Europe/London"`
	Calendars Calendars `json:"calendars,omitzero"`
	Baseline  *Baseline `json:"baseline,omitempty"`
	Gates     Gates     `json:"gates,omitzero"`
	Limits    Limits    `json:"limits" want:"write at least concurrency below it"`
	// Roles name who holds a role, where that is known already; an approval that
	// none of them can give is then a fault.
	Roles     map[Role][]string `json:"roles,omitempty"`
	Approvals Approvals         `json:"approvals" want:"say who approves: plan and stage_default"`
	Rollback  Rollback          `json:"rollback" want:"write at least window below it: how long the way back stays open"`
	Stages    []Stage           `json:"stages" want:"write at least one stage"`
	Finalise  *Finalise         `json:"finalise,omitempty"`
	Finance   *Finance          `json:"finance,omitempty"`
}

// Systems are the names that the settings give to the connected systems.
type Systems struct {
	Old string `json:"old"`
	New string `json:"new"`
	CRM string `json:"crm"`
}

// Baseline is the time with which gates compare. It is frozen and hashed at
// approval.
type Baseline struct {
	From Date `json:"from"`
	// To is the last day.
	To    Date  `json:"to"`
	Align Align `json:"align,omitempty"`
	// Definitions is a file that says what each metric means on each side.
	Definitions string `json:"definitions,omitempty"`
}

// Align says which part of the baseline a measurement is compared with.
type Align string

// The alignments.
const (
	SameWeekdaySameHalfHour Align = "same_weekday_same_half_hour"
	WholeBaseline           Align = "whole"
)

// Words lists those that are known.
func (Align) Words() []string { return texts(SameWeekdaySameHalfHour, WholeBaseline) }

// Stage returns the stage with an id; false when there is none.
func (p *Plan) Stage(id StageID) (Stage, bool) {
	for _, s := range p.Spec.Stages {
		if s.ID == id {
			return s, true
		}
	}
	return Stage{}, false
}

// Approval is what has to be approved before a stage may begin: nothing for a
// rehearsal, which touches no system, else its own, or the plan's for every stage.
func (p *Plan) Approval(s Stage) Approval {
	switch {
	case s.Kind == Rehearsal:
		return Approval{}
	case s.Approve != nil:
		return *s.Approve
	default:
		return p.Spec.Approvals.StageDefault
	}
}

func texts[T ~string](all ...T) []string {
	words := make([]string, len(all))
	for i, w := range all {
		words[i] = string(w)
	}
	return words
}
