package activities

import (
	"go.temporal.io/sdk/activity"

	"github.com/dualtone/dualtone/cutover"
)

// The names of the activities that are not a cutover.Work.
const (
	ConcludeName = "conclude"
	PreviewName  = "preview"
	MembersName  = "members"
	RunUserName  = "run_user"
)

// The names of the activities of plans.
const (
	PlanSpecName       = "plan_spec"
	StageStatesName    = "stage_states"
	StagePeopleName    = "stage_people"
	StageTallyName     = "stage_tally"
	StageOpeningName   = "stage_opening"
	CheckStageName     = "check_stage"
	MeasureStageName   = "measure_stage"
	StageTasksName     = "stage_tasks"
	MarkPeopleName     = "mark_people"
	PersonPlacesName   = "person_places"
	KeepTransitionName = "keep_transition"
	KeepHoldName       = "keep_hold"
	KeepApprovalName   = "keep_approval"
	KeepNoteName       = "keep_note"
	CheckFinalName     = "check_final"
	LookFinalName      = "look_final"
	PerformFinalName   = "perform_final"
	ReconcilePlanName  = "reconcile_plan"
)

// registry is the part of a worker that takes activities.
type registry interface {
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

// Register makes a worker able to move users and cohorts.
func Register(r registry, u *User, c *Cohort) {
	if c.Ends == nil {
		c.Ends = &Ends{}
	}
	u.ends = c.Ends
	for name, a := range map[string]any{
		string(cutover.Capture):  u.Capture,
		string(cutover.Ready):    u.Ready,
		string(cutover.Move):     u.Move,
		string(cutover.Verify):   u.Verify,
		string(cutover.TakeBack): u.TakeBack,
		ConcludeName:             u.Conclude,
		PreviewName:              u.Preview,
		MembersName:              c.Members,
		RunUserName:              c.RunUser,
	} {
		r.RegisterActivityWithOptions(a, activity.RegisterOptions{Name: name})
	}
}

// RegisterRollout makes a worker able to run plans.
func RegisterRollout(r registry, p *Rollout) {
	for name, a := range map[string]any{
		PlanSpecName:       p.PlanSpec,
		StageStatesName:    p.StageStates,
		StagePeopleName:    p.StagePeople,
		StageTallyName:     p.StageTally,
		StageOpeningName:   p.StageOpening,
		CheckStageName:     p.CheckStage,
		MeasureStageName:   p.MeasureStage,
		StageTasksName:     p.StageTasks,
		MarkPeopleName:     p.MarkPeople,
		PersonPlacesName:   p.PersonPlaces,
		KeepTransitionName: p.KeepTransition,
		KeepHoldName:       p.KeepHold,
		KeepApprovalName:   p.KeepApproval,
		KeepNoteName:       p.KeepNote,
		CheckFinalName:     p.CheckFinal,
		LookFinalName:      p.LookFinal,
		PerformFinalName:   p.PerformFinal,
		ReconcilePlanName:  p.ReconcilePlan,
	} {
		r.RegisterActivityWithOptions(a, activity.RegisterOptions{Name: name})
	}
}
