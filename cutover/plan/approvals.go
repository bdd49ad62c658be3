package plan

// Role is what somebody may do in a cutover.
type Role string

// The roles.
const (
	Viewer            Role = "viewer"
	Planner           Role = "planner"
	Admin             Role = "admin"
	Operator          Role = "operator"
	OperationsLead    Role = "operations-lead"
	CutoverApprover   Role = "cutover-approver"
	TelecomOwner      Role = "telecom-owner"
	FinanceOwner      Role = "finance-owner"
	IncidentCommander Role = "incident-commander"
	System            Role = "system"
)

// Words lists those that are known.
func (Role) Words() []string {
	return texts(Viewer, Planner, Admin, Operator, OperationsLead, CutoverApprover, TelecomOwner,
		FinanceOwner, IncidentCommander)
}

// MayApprove reports whether somebody in the role may approve anything.
func (r Role) MayApprove() bool {
	switch r {
	case OperationsLead, CutoverApprover, TelecomOwner, FinanceOwner, IncidentCommander:
		return true
	default:
		return false
	}
}

// Approvals are what must be approved: the plan as a whole, and each stage.
type Approvals struct {
	Plan         Approval `json:"plan"`
	StageDefault Approval `json:"stage_default"`
}

// Approval is who must approve, for how long, and what they bind. Need different
// people approve, each in one of the roles. Where Need is at least the number of
// roles, each role is among them.
type Approval struct {
	Need  int    `json:"need" want:"write how many people must approve"`
	Roles []Role `json:"roles" want:"write who may approve, as in roles: [cutover-approver]"`
	// NotAuthor is always true: nobody approves what they wrote.
	NotAuthor bool `json:"not_author,omitempty"`
	// ValidFor is 12 hours for a stage and 7 days for a plan when it is left out.
	ValidFor Duration  `json:"valid_for,omitzero"`
	Binds    []Binding `json:"binds,omitempty"`
}

// Binding is what an approval is void without.
type Binding string

// The bindings.
const (
	BindPlan     Binding = "plan_hash"
	BindCohort   Binding = "cohort_hash"
	BindEvidence Binding = "evidence_hash"
)

// Words lists those that are known.
func (Binding) Words() []string { return texts(BindPlan, BindCohort, BindEvidence) }
