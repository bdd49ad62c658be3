package plan

import "github.com/dualtone/dualtone"

// Cohort selects the people of a stage: those of the old side who fit all of
// Match, Where and CSV that are given, without those to exclude, in order, up to
// the limit. Who must move together comes along, or all stay.
type Cohort struct {
	// Match takes people who have one of the values in each of the attributes.
	Match map[string]Values `json:"match,omitempty"`
	// Where is an expression over a person's attributes, as in
	// "queue" in ["sales-uk"] and not vip.
	Where string `json:"where,omitempty"`
	// CSV is a file with a column id, beside the plan.
	CSV string `json:"csv,omitempty"`
	// Exclude leaves out people who have one of the values in any of the attributes.
	Exclude map[string]Values `json:"exclude,omitempty"`
	// Limit is a number of people, or a share of those who could be taken.
	Limit *Limit `json:"limit,omitempty"`
	// Order is id when it is left out.
	Order Order `json:"order,omitempty"`
	// Remainder takes only people whom no earlier stage takes. Without it, somebody
	// whom an earlier stage takes is a fault.
	Remainder bool `json:"remainder,omitempty"`
	// KeepTogether are the relations that a stage must not split.
	KeepTogether []Relation `json:"keep_together,omitempty"`
	// Freeze is at_approval when it is left out.
	Freeze Freeze `json:"freeze,omitempty"`
}

// Order is the order in which people are taken and switched.
type Order string

// The orders.
const (
	RiskAsc  Order = "risk_asc"
	RiskDesc Order = "risk_desc"
	ByID     Order = "id"
	ByName   Order = "name"
	AsListed Order = "as_listed" // as in the CSV file
)

// Words lists those that are known.
func (Order) Words() []string { return texts(RiskAsc, RiskDesc, ByID, ByName, AsListed) }

// Relation is something that people share and that stops working for some of
// them when not all of them move: the name of an attribute, or supervisor_team.
type Relation string

// The relations with a meaning of their own. Any attribute that begins with x_
// is a relation as well.
const (
	SharedLine     Relation = "shared_line"
	HuntGroup      Relation = "hunt_group"
	Delegate       Relation = "delegate" // people who answer for each other
	SameTeam       Relation = "team"
	SupervisorTeam Relation = "supervisor_team" // a supervisor with all who name them
)

// Words lists those that are known.
func (Relation) Words() []string {
	return texts(SharedLine, HuntGroup, Delegate, SameTeam, SupervisorTeam)
}

// Also reports whether another word may stand there.
func (Relation) Also(text string) bool { return dualtone.FreeAttribute(text) }

// Freeze is when the list of people is fixed.
type Freeze string

// AtApproval fixes the people of a stage when the plan is approved. Who joins
// later goes to a later stage, who leaves drops out; both are shown.
const AtApproval Freeze = "at_approval"

// Words lists those that are known.
func (Freeze) Words() []string { return texts(AtApproval) }
