package control

import (
	"fmt"
	"slices"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// Effect says in numbers what an order to a plan, or to a stage of it, will do.
func (v PlanView) Effect(stage string, verb rollout.Verb) string {
	waiting, onNew, inFlight := v.Among(stage, rollout.Tried(false)...), v.Among(stage, cutover.OnNew), v.InFlight(stage)
	if stage == workflows.FinalStage {
		return fmt.Sprintf("Agrees that the move of %s is made final. Nothing is made final by it yet.", people(v.Among("", cutover.OnNew)))
	}
	switch verb {
	case rollout.Approve, rollout.Reject:
		return people(waiting) + " wait for this decision. It binds what stands now; any edit voids it."
	case rollout.Start:
		return fmt.Sprintf("Begins %d stages with %s, each in its own windows and after its own approvals.", len(v.Stages), people(waiting))
	case rollout.PutHold:
		return fmt.Sprintf("Nothing goes forward: %s stay where they are. %s being moved finish, and a way back goes on.", people(waiting), people(inFlight))
	case rollout.Release:
		return fmt.Sprintf("Ends %d holds; %s go on in the next window.", len(v.Holds), people(waiting))
	case rollout.Pause:
		return fmt.Sprintf("Starts nobody else: %s wait, %s in flight finish.", people(waiting), people(inFlight))
	case rollout.Resume, rollout.Limit:
		return people(waiting) + " wait to be switched."
	case rollout.Skip:
		return fmt.Sprintf("Leaves the stage out with its %s.", people(waiting))
	case rollout.Retry:
		return "It will " + v.Retries(stage) + "."
	case rollout.Window:
		return fmt.Sprintf("Opens the closed window once somebody else has agreed; %s wait for it. A blackout stays closed.", people(waiting))
	case rollout.Extend:
		return people(onNew) + " soak until another time."
	case rollout.Compare:
		return fmt.Sprintf("Holds both systems against each other anew; %s are on the new one.", people(onNew))
	case rollout.Override:
		return fmt.Sprintf("Lets the stage pass against its gates, in your name; %s are on the new system.", people(onNew))
	case rollout.Rollback:
		return fmt.Sprintf("Takes back %s, last first; %s of them are being moved now. No gate, window or hold stops it.",
			people(v.Among(stage, rollout.ToTakeBack()...)), people(inFlight))
	case rollout.Abort:
		return v.asked(stage) + fmt.Sprintf("Switches nobody else: %s stay on the old system, %s on the new one.", people(waiting), people(onNew))
	case rollout.Finalise:
		return fmt.Sprintf("Makes the move of %s final. This is the point of no return: nothing can be taken back afterwards.", people(onNew))
	default:
		return ""
	}
}

// Retries says what a retry of a stage does, which is what it stopped at.
func (v PlanView) Retries(stage string) string {
	failed, waiting := v.Among(stage, rollout.FailedUsers()...), v.Among(stage, rollout.Tried(false)...)
	i := slices.IndexFunc(v.Stages, func(s rollout.Stage) bool { return s.ID == stage })
	if i < 0 {
		return "try again what failed"
	}
	switch v.Stages[i].State {
	case rollout.Blocked, rollout.Rejected, rollout.RolledBack, rollout.Aborted:
		return "check anew whether the stage may begin"
	case rollout.Failed:
		return "measure its gates anew"
	case rollout.RollbackIncomplete:
		return fmt.Sprintf("try again to bring %s back", people(v.Among(stage, rollout.ToTakeBack()...)))
	default:
		return fmt.Sprintf("try %s again who failed, and %s who wait", people(failed), people(waiting))
	}
}

// asked says who has to ask for a plan to be aborted, or has asked.
func (v PlanView) asked(stage string) string {
	asked, found := rollout.AskedAbort(v.Holds, v.AsOf)
	switch {
	case stage != "":
		return ""
	case found:
		return fmt.Sprintf("Agrees with %s, who has asked for it (%s; those in flight: %s). ", asked.Owner, asked.Reason, asked.Abort)
	default:
		return "Holds the plan now, and ends it once somebody else agrees; an incident commander ends it at once. "
	}
}

// Among counts the people of a stage, or of the whole plan, who are in some states.
func (v PlanView) Among(stage string, states ...cutover.State) int {
	n := 0
	for _, s := range v.Stages {
		if stage == "" || s.ID == stage {
			for _, state := range states {
				n += s.Users[state]
			}
		}
	}
	return n
}

// InFlight counts the people who are being moved.
func (v PlanView) InFlight(stage string) int {
	n := 0
	for _, s := range v.Stages {
		if stage != "" && s.ID != stage {
			continue
		}
		for state, count := range s.Users {
			if !state.Final() && state != cutover.Planned {
				n += count
			}
		}
	}
	return n
}

func people(n int) string {
	if n == 1 {
		return "1 user"
	}
	return fmt.Sprintf("%d users", n)
}
