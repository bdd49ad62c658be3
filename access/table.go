package access

import (
	"slices"
	"sync"
)

// Action is something that somebody does, such as plan.start.
type Action string

// What is done with plans. Each but PlanRead is a verb of cutover/rollout.
const (
	PlanRead     Action = "plan.read"
	PlanEdit     Action = "plan.edit"
	PlanRehearse Action = "plan.rehearse"
	PlanSubmit   Action = "plan.submit"
	PlanApprove  Action = "plan.approve"
	PlanReject   Action = "plan.reject"
	PlanStart    Action = "plan.start"
	PlanHold     Action = "plan.hold"
	PlanRelease  Action = "plan.release"
	PlanPause    Action = "plan.pause"
	PlanResume   Action = "plan.resume"
	PlanLimits   Action = "plan.limits"
	PlanSkip     Action = "plan.skip"
	PlanRetry    Action = "plan.retry"
	PlanOverride Action = "plan.override"
	PlanWindow   Action = "plan.window"
	PlanSoak     Action = "plan.soak"
	PlanRollback Action = "plan.rollback"
	PlanAbort    Action = "plan.abort"
	PlanFinalise Action = "plan.finalise"
	// PlanReconcile holds both systems against each other anew.
	PlanReconcile Action = "plan.reconcile"
	// PlanProgress moves manual tasks.
	PlanProgress Action = "plan.progress"
	// DifferenceExplain says why a difference between both systems is no loss.
	DifferenceExplain Action = "difference.explain"
)

// What is done with people and those who move together.
const (
	PeopleRead     Action = "people.read"
	PeopleImport   Action = "people.import"
	PeopleMatch    Action = "people.match"
	CohortRead     Action = "cohort.read"
	CohortEdit     Action = "cohort.edit"
	CohortMove     Action = "cohort.move"
	CohortOrder    Action = "cohort.order"
	CohortRollback Action = "cohort.rollback"
	SwitchRead     Action = "switch.read"
	SwitchPreview  Action = "switch.preview"
	SwitchMove     Action = "switch.move"
	JournalRead    Action = "journal.read"
)

// What is done with calls, reports, routes and systems.
const (
	CallRead       Action = "call.read"
	CallRaw        Action = "call.raw"
	CallImport     Action = "call.import"
	CallDecide     Action = "call.decide"
	CallRepair     Action = "call.repair"
	CallErase      Action = "call.erase"
	ReportRead     Action = "report.read"
	ReportFinance  Action = "report.finance"
	ReportClose    Action = "report.close"
	ReportDeliver  Action = "report.deliver"
	FinanceWrite   Action = "finance.write"
	RouteRead      Action = "route.read"
	RouteChange    Action = "route.change"
	SystemRead     Action = "system.read"
	SystemCheck    Action = "system.check"
	SystemRegister Action = "system.register"
)

// What is done with the program itself.
const (
	AuditRead     Action = "audit.read"
	AuditExport   Action = "audit.export"
	TokenOwn      Action = "token.own"
	TokenManage   Action = "token.manage"
	AccountManage Action = "account.manage"
	// NoticeSend tries whether notices arrive, and has them sent again.
	NoticeSend Action = "notice.send"
	// LinkShare lets somebody without an account read one page.
	LinkShare Action = "link.share"
	// BreakGlass makes somebody incident commander for a while.
	BreakGlass Action = "glass.break"
)

// Row is an action and who may do it.
type Row struct {
	Action Action `json:"action"`
	Does   string `json:"does"`
	Roles  []Role `json:"roles"`
	// Writes: it changes something, so it stands in the audit.
	Writes bool `json:"writes"`
}

func reads(a Action, does string, roles []Role) Row { return Row{Action: a, Does: does, Roles: roles} }

func writes(a Action, does string, roles []Role) Row {
	return Row{Action: a, Does: does, Roles: roles, Writes: true}
}

// Table is who may do what, and all there is to do.
func Table() []Row { return slices.Concat(planRows(), peopleRows(), knowledgeRows(), ownRows()) }

// rows finds each row of the table. Whoever shows what may be done with a plan asks
// hundreds of times.
var rows = sync.OnceValue(func() map[Action]Row { //nolint:gochecknoglobals // it is made once, and never changes
	all := map[Action]Row{}
	for _, r := range Table() {
		all[r.Action] = r
	}
	return all
})

func planRows() []Row {
	holders := append(append(approvers(), planners()...), Operator, System)
	timers := append(desk(), CutoverApprover, TelecomOwner, FinanceOwner)
	handy := append(append(desk(), planners()...), TelecomOwner, CutoverApprover, FinanceOwner)
	return []Row{
		reads(PlanRead, "see plans, their stages, people, holds, approvals and tasks", everybody()),
		writes(PlanEdit, "change a plan", planners()),
		writes(PlanRehearse, "rehearse a plan", append(planners(), System)),
		writes(PlanSubmit, "hand a plan in for approval", planners()),
		writes(PlanApprove, "approve a plan, a stage or the point of no return", approvers()),
		writes(PlanReject, "reject a plan or a stage", approvers()),
		writes(PlanStart, "start an approved plan", desk()),
		writes(PlanHold, "stop everything that goes forward", holders),
		writes(PlanRelease, "end a hold", desk()),
		writes(PlanPause, "start nobody else for now", desk()),
		writes(PlanResume, "go on", desk()),
		writes(PlanLimits, "change what is done at a time", desk()),
		writes(PlanSkip, "leave out a stage or a user", append(planners(), IncidentCommander)),
		writes(PlanRetry, "try again what failed", desk()),
		writes(PlanOverride, "take a failed gate upon oneself", approvers()),
		writes(PlanWindow, "ask for a closed window to be opened, or agree to it", timers),
		writes(PlanSoak, "end a soak later, or as an approver sooner", timers),
		writes(PlanRollback, "take a plan or a stage back", desk()),
		writes(PlanAbort, "end a stage where it is, or a plan: by two people, or by an incident commander alone", desk()),
		writes(PlanReconcile, "hold both systems against each other anew", append(desk(), planners()...)),
		writes(DifferenceExplain, "explain a difference between both systems, or take that back", approvers()),
		writes(PlanFinalise, "go past the point of no return", approvers()),
		writes(PlanProgress, "move a manual task", handy),
	}
}

func peopleRows() []Row {
	return []Row{
		reads(PeopleRead, "see the user list", everybody()),
		writes(PeopleImport, "import the user list", []Role{Admin}),
		writes(PeopleMatch, "join the user list with the accounts of the systems", []Role{Admin}),
		reads(CohortRead, "see cohorts", everybody()),
		writes(CohortEdit, "make and change cohorts", planners()),
		writes(CohortMove, "move a cohort, or those of it who failed", movers()),
		writes(CohortOrder, "pause, resume, widen, stop a moving cohort, skip a member", movers()),
		writes(CohortRollback, "take a cohort back", movers()),
		reads(SwitchRead, "see switches", everybody()),
		reads(SwitchPreview, "see what a switch would do", append(movers(), Planner, TelecomOwner)),
		writes(SwitchMove, "switch one user, either way", movers()),
		reads(JournalRead, "see the journal", everybody()),
	}
}

func knowledgeRows() []Row {
	return []Row{
		reads(CallRead, "see calls with masked numbers", everybody()),
		reads(CallRaw, "see whole numbers and the records as the systems wrote them", append(movers(), TelecomOwner)),
		writes(CallImport, "import call records", []Role{Admin, Operator, OperationsLead}),
		writes(CallDecide, "decide which legs are one call, explain a difference", movers()),
		writes(CallRepair, "read quarantined records again, stitch a day again", movers()),
		writes(CallErase, "erase what is known of a number", []Role{Admin}),
		reads(ReportRead, "see reports of traffic", everybody()),
		reads(ReportFinance, "see what the overlap costs", accountants()),
		writes(ReportClose, "close a month", []Role{FinanceOwner}),
		writes(ReportDeliver, "have reports go out by themselves", []Role{Admin, FinanceOwner}),
		writes(FinanceWrite, "change contracts, rates and prices", []Role{FinanceOwner}),
		reads(RouteRead, "see routes and why they are so", everybody()),
		writes(RouteChange, "change routes outside of a plan", []Role{Admin, TelecomOwner, OperationsLead, IncidentCommander}),
		reads(SystemRead, "see the connected systems", everybody()),
		reads(SystemCheck, "ask the systems how they are", append(movers(), TelecomOwner)),
		writes(SystemRegister, "register the systems", []Role{Admin}),
	}
}

func ownRows() []Row {
	return []Row{
		reads(AuditRead, "see the audit", auditors()),
		reads(AuditExport, "take the audit along", auditors()),
		writes(TokenOwn, "make and revoke tokens of one's own", everybody()),
		writes(TokenManage, "make and revoke tokens of others", []Role{Admin}),
		writes(AccountManage, "make, change and disable accounts", []Role{Admin}),
		writes(NoticeSend, "try whether notices arrive, and have them sent again", movers()),
		writes(LinkShare, "share a plan or a report with somebody who has no account", append(planners(), approvers()...)),
		writes(BreakGlass, "become incident commander for a while", append(movers(), TelecomOwner, CutoverApprover)),
	}
}

// Find returns the row of an action.
func Find(a Action) (Row, bool) {
	r, ok := rows()[a]
	r.Roles = slices.Clone(r.Roles)
	return r, ok
}

// Who lists the roles that may do something; nobody for what is not in the table.
func Who(a Action) []Role {
	r, _ := Find(a)
	return r.Roles
}
