package rollout

import "github.com/dualtone/dualtone/cutover/plan"

// Role is in which capacity somebody acts.
type Role = plan.Role

// System is the program itself.
const System = plan.System

func system() []Role { return []Role{System} }

// desk runs the cutover.
func desk() []Role { return []Role{plan.Operator, plan.OperationsLead, plan.IncidentCommander} }

// approvers may approve something; of what, each approval says.
func approvers() []Role {
	return []Role{plan.CutoverApprover, plan.OperationsLead, plan.TelecomOwner, plan.FinanceOwner, plan.IncidentCommander}
}

// doers are those who do tasks by hand, and those who confirm them.
func doers() []Role {
	return append(append(desk(), planners()...), plan.TelecomOwner, plan.CutoverApprover, plan.FinanceOwner)
}

func planners() []Role { return []Role{plan.Planner, plan.Admin} }
