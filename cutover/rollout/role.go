package rollout

import (
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Role is in which capacity somebody acts. Who may what stands in package access.
type Role = plan.Role

// System is the program itself.
const System = plan.System

func system() []Role { return []Role{System} }

// approvers may approve something; of what, each approval says.
func approvers() []Role { return access.Who(access.PlanApprove) }
