package rollout

import (
	"fmt"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// TaskState is where a manual task stands.
type TaskState string

// The states of a task.
const (
	TaskOpen      TaskState = "open"
	TaskDone      TaskState = "done" // by its owner's word, with evidence
	TaskConfirmed TaskState = "confirmed"
	TaskRefused   TaskState = "refused" // what was found does not confirm it
)

// Unconfirmed are the states in which somebody must still do something.
func Unconfirmed() []TaskState { return []TaskState{TaskOpen, TaskDone, TaskRefused} }

// Confirmation is what ends a task.
type Confirmation = plan.Confirmation

// Task is something that only a person can do, because a system lacks it.
type Task struct {
	Plan  string `json:"plan"`
	Stage string `json:"stage"`
	ID    string `json:"id"`
	Name  string `json:"name"`
	// Owner does it until Due.
	Owner       string    `json:"owner"`
	Due         time.Time `json:"due"`
	Instruction string    `json:"instruction"`
	// Wanted is what must be attached as evidence.
	Wanted  string            `json:"wanted"`
	Confirm plan.Confirmation `json:"confirm"`
	State   TaskState         `json:"state"`

	Evidence    string    `json:"evidence,omitempty"`
	DoneBy      string    `json:"done_by,omitempty"`
	DoneAt      time.Time `json:"done_at,omitzero"`
	ConfirmedBy string    `json:"confirmed_by,omitempty"`
	ConfirmedAt time.Time `json:"confirmed_at,omitzero"`
	// Finding is what whoever confirmed or refused it saw.
	Finding string `json:"finding,omitempty"`
}

// Overdue reports whether the task is late.
func (t Task) Overdue(now time.Time) bool { return t.State != TaskConfirmed && now.After(t.Due) }

// Move is the task after somebody says what became of it, with what shows it.
func (t Task) Move(to TaskState, actor, shows string, now time.Time) (Task, error) {
	if to == TaskDone {
		return t.Finish(actor, shows, now)
	}
	return t.Judge(to, actor, shows, now)
}

// Hand is the task after somebody else was made its owner.
func (t Task) Hand(owner string) (Task, error) {
	switch {
	case strings.TrimSpace(owner) == "":
		return t, fmt.Errorf("task %s: it needs an owner: %w", t.ID, dualtone.ErrInvalid)
	case t.State == TaskConfirmed:
		return t, t.refuse("it was confirmed by %s already", t.ConfirmedBy)
	case t.Owner == owner:
		return t, t.refuse("%s owns it already", owner)
	}
	t.Owner = owner
	return t, nil
}

// Finish is the task after somebody says that it is done.
func (t Task) Finish(actor, evidence string, now time.Time) (Task, error) {
	switch {
	case t.State == TaskConfirmed:
		return t, t.refuse("it was confirmed by %s already", t.ConfirmedBy)
	case evidence == "":
		return t, fmt.Errorf("task %s: it needs evidence: %s: %w", t.ID, t.Wanted, dualtone.ErrInvalid)
	}
	t.State, t.Evidence, t.DoneBy, t.DoneAt = TaskDone, evidence, actor, now
	t.ConfirmedBy, t.ConfirmedAt, t.Finding = "", time.Time{}, ""
	return t, nil
}

// Judge is the task after somebody looked whether it is done. Nobody confirms
// what they did themselves.
func (t Task) Judge(verdict TaskState, actor, finding string, now time.Time) (Task, error) {
	switch {
	case t.State != TaskDone:
		return t, t.refuse("it is %s; it can be confirmed once %s has done it", t.State, t.Owner)
	case actor == t.DoneBy || actor == t.Owner:
		return t, fmt.Errorf("task %s: %s cannot confirm their own work: %w", t.ID, actor, dualtone.ErrDenied)
	}
	t.State, t.ConfirmedBy, t.ConfirmedAt, t.Finding = verdict, actor, now, finding
	return t, nil
}

func (t Task) refuse(why string, args ...any) error {
	return fmt.Errorf("task %s: %s: %w", t.ID, fmt.Sprintf(why, args...), dualtone.ErrConflict)
}

// Undone says which tasks of a stage are not confirmed; empty when all are.
func Undone(tasks []Task) string {
	n, first := 0, ""
	for _, t := range tasks {
		if t.State != TaskConfirmed {
			if n == 0 {
				first = fmt.Sprintf("%s (%s, %s)", t.Name, t.Owner, t.State)
			}
			n++
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "not confirmed: " + first
	default:
		return fmt.Sprintf("not confirmed: %s and %d more", first, n-1)
	}
}
