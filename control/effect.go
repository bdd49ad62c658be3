package control

import (
	"fmt"
	"slices"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/report/document"
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
		return who(waiting, "waits", "wait") + " for this decision. It binds what stands now; any edit voids it."
	case rollout.Start:
		return fmt.Sprintf("Begins %s with %s, each in its own windows and after its own approvals.", document.Count(len(v.Stages), "stage"), people(waiting))
	case rollout.PutHold:
		return fmt.Sprintf("Nothing goes forward: %s where they are. %s, and a way back goes on.", who(waiting, "stays", "stay"), who(inFlight, "being moved finishes", "being moved finish"))
	case rollout.Release:
		return fmt.Sprintf("Ends %s %s; %s on in the next window.", document.Count(v.holds(stage), "hold"), ofWhat(stage), who(waiting, "goes", "go"))
	case rollout.Pause:
		return fmt.Sprintf("Starts nobody else: %s, %s.", who(waiting, "waits", "wait"), who(inFlight, "in flight finishes", "in flight finish"))
	case rollout.Resume, rollout.Limit:
		return who(waiting, "waits", "wait") + " to be switched."
	case rollout.Skip:
		return fmt.Sprintf("Leaves the stage out with its %s.", people(waiting))
	case rollout.Retry:
		return "It will " + v.Retries(stage) + "."
	case rollout.Window:
		return fmt.Sprintf("Opens the closed window once somebody else has agreed; %s for it. A blackout stays closed.", who(waiting, "waits", "wait"))
	case rollout.Extend:
		return who(onNew, "soaks", "soak") + " until another time."
	case rollout.Compare:
		return fmt.Sprintf("Holds both systems against each other anew; %s on the new one.", who(onNew, "is", "are"))
	case rollout.Override:
		return fmt.Sprintf("Lets the stage pass against its gates, in your name; %s on the new system.", who(onNew, "is", "are"))
	case rollout.Rollback:
		return fmt.Sprintf("Takes back %s, last first; %s being moved now. No gate, window or hold stops it.",
			people(v.Among(stage, rollout.ToTakeBack()...)), who(inFlight, "is", "are"))
	case rollout.Abort:
		return v.asked(stage) + fmt.Sprintf("Switches nobody else: %s on the old system, %s on the new one.", who(waiting, "stays", "stay"), people(onNew))
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
		return "check anew whether the stage may begin with its " + people(waiting)
	case rollout.Failed:
		return fmt.Sprintf("measure its gates anew, with %s on the new system", people(v.Among(stage, cutover.OnNew)))
	case rollout.RollbackIncomplete:
		return fmt.Sprintf("try again to bring %s back", people(v.Among(stage, rollout.ToTakeBack()...)))
	default:
		return fmt.Sprintf("try %s again who failed, and %s", people(failed), who(waiting, "who waits", "who wait"))
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

// holds counts the holds of a stage, or of the plan as a whole: those of the other
// stand when it is released.
func (v PlanView) holds(stage string) int {
	n := 0
	for _, h := range v.Holds {
		if h.Stage == stage {
			n++
		}
	}
	return n
}

func ofWhat(stage string) string {
	if stage == "" {
		return "of the whole plan, not those of single stages"
	}
	return "of this stage"
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

func people(n int) string { return document.Count(n, "user") }

// who counts people and says what they do.
func who(n int, one, many string) string {
	if n == 1 {
		return people(n) + " " + one
	}
	return people(n) + " " + many
}
