package access

import (
	"slices"

	"github.com/dualtone/dualtone/cutover/plan"
)

// Role is in which capacity somebody acts.
type Role = plan.Role

// The roles.
const (
	Viewer            = plan.Viewer
	Planner           = plan.Planner
	Admin             = plan.Admin
	Operator          = plan.Operator
	OperationsLead    = plan.OperationsLead
	CutoverApprover   = plan.CutoverApprover
	TelecomOwner      = plan.TelecomOwner
	FinanceOwner      = plan.FinanceOwner
	IncidentCommander = plan.IncidentCommander
	// System is the program itself. No person holds it.
	System = plan.System
)

// Roles are those that a person may hold.
func Roles() []Role {
	return []Role{
		Viewer, Planner, Admin, Operator, OperationsLead, CutoverApprover, TelecomOwner, FinanceOwner, IncidentCommander,
	}
}

// Known reports whether people may hold a role.
func Known(r Role) bool { return slices.Contains(Roles(), r) }

// everybody reads.
func everybody() []Role { return Roles() }

// desk runs the cutover.
func desk() []Role { return []Role{Operator, OperationsLead, IncidentCommander} }

// approvers may approve something; of what, each approval says.
func approvers() []Role {
	return []Role{CutoverApprover, OperationsLead, TelecomOwner, FinanceOwner, IncidentCommander}
}

func planners() []Role { return []Role{Planner, Admin} }

// movers move people outside of a plan.
func movers() []Role { return append([]Role{Admin}, desk()...) }

// accountants see what it costs.
func accountants() []Role {
	return []Role{FinanceOwner, Planner, OperationsLead, CutoverApprover, IncidentCommander}
}

// auditors see who did what.
func auditors() []Role { return append([]Role{Admin}, approvers()...) }
