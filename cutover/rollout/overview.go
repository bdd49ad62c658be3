package rollout

import (
	"context"
	"slices"
	"time"
)

// Overview is how a plan stands.
type Overview struct {
	Plan      Plan
	Stages    []Stage
	Holds     []Hold
	Approvals []Approval
	// Tasks are those that nobody has confirmed.
	Tasks []Task
	// Pauses are those in force.
	Pauses []Paused
}

// Paused is that somebody lets a plan, or a stage of it, start nobody else for now.
type Paused struct {
	Stage  string    `json:"stage,omitempty"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// Pausing are the verbs that begin a pause, and those that end it.
func Pausing() []Verb { return []Verb{Pause, Resume, Retry, Rollback, Abort} }

// PausesOf are the pauses in force after transitions, oldest first.
func PausesOf(all []Transition) []Paused {
	var open []Paused
	for _, t := range all {
		if alone := t.Verb == Rollback && t.From == t.To; alone || !slices.Contains(Pausing(), t.Verb) {
			continue
		}
		open = slices.DeleteFunc(open, func(p Paused) bool { return p.Stage == t.Stage })
		if t.Verb == Pause {
			open = append(open, Paused{Stage: t.Stage, Actor: t.Actor, Reason: t.Reason, At: t.At})
		}
	}
	return open
}

// Overviews reads at once what the other ports read one by one: who follows a plan
// asks for all of it again and again.
type Overviews interface {
	// Overview returns ErrNotFound for an unknown plan.
	Overview(ctx context.Context, plan string) (Overview, error)
}
