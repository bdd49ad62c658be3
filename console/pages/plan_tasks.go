package pages

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// taskButtons are what can be said of a task, each with what it does or why this
// viewer cannot say it.
func (s sight) taskButtons(v Viewer, t rollout.Task) []button {
	waits := "Nothing else waits for it"
	for _, st := range s.view.Stages {
		if st.ID == t.Stage && st.Users.Total() > 0 {
			waits = fmt.Sprintf("%d users of stage %s wait for it", st.Users.Total(), st.ID)
			if st.Users.Total() == 1 {
				waits = "1 user of stage " + st.ID + " waits for it"
			}
		}
	}
	all := []struct {
		verdict               rollout.TaskState
		text, class, effect   string
		evidence, placeholder string
	}{
		{rollout.TaskDone, "Done", "go", "Says that it is done. Somebody else looks and confirms it; until then " + lower(waits) + ".", "What shows it", t.Wanted},
		{rollout.TaskConfirmed, "Confirm", "go", "Says that you looked and that it is as it should be. " + waits + ".", "What you saw", string(t.Confirm)},
		{rollout.TaskRefused, "Refuse", "danger", "Sends it back to " + t.Owner + ". " + waits + ".", "What you saw", ""},
	}
	var buttons []button
	for _, o := range all {
		b := button{
			id: "task-" + t.ID + "-" + string(o.verdict), text: o.text, class: o.class, effect: o.effect, to: s.path + "/tasks",
			hidden: []hidden{{"task", t.ID}, {"verdict", string(o.verdict)}},
			fields: []field{{name: "evidence", label: withWanted(o.evidence, o.placeholder), typed: lines, required: true}},
			reason: o.verdict == rollout.TaskRefused,
		}
		b.refused = v.refusal(access.PlanProgress)
		if _, err := t.Move(o.verdict, v.Name, "asked", s.view.AsOf); err != nil && b.refused == "" {
			b.refused = dualtone.Said(err)
		}
		buttons = append(buttons, b)
	}
	return append(buttons, s.handButton(v, t))
}

// handButton makes somebody else the owner of a task.
func (s sight) handButton(v Viewer, t rollout.Task) button {
	b := button{
		id: "task-" + t.ID + "-hand", text: "Hand over", effect: "Makes 1 other person the owner instead of " + t.Owner + "; it stays due when it is.",
		to: s.path + "/tasks", hidden: []hidden{{"task", t.ID}, {"verdict", handOver}},
		fields: []field{{name: "owner", label: "To whom", required: true}}, reason: true,
	}
	b.refused = v.refusal(access.PlanProgress)
	if _, err := t.Hand("somebody else"); err != nil && b.refused == "" {
		b.refused = dualtone.Said(err)
	}
	return b
}

// handOver is what a form says that makes somebody else the owner.
const handOver = "hand"

func withWanted(what, wanted string) string {
	if wanted == "" {
		return what
	}
	return what + " (wanted: " + words(wanted) + ")"
}

func lower(text string) string { return strings.ToLower(text[:1]) + text[1:] }

// moveTask says what became of a task.
func (d *Desk) moveTask(r *http.Request, p page) (templ.Component, error) {
	name, id := r.PathValue("plan"), r.PostFormValue("task")
	r, role, err := d.enter(r, access.PlanProgress, "plan/"+name+"/task/"+id)
	if err != nil {
		return nil, err
	}
	task, err := d.Plans.Store.Task(r.Context(), name, id)
	if err != nil {
		return nil, err
	}
	if r.PostFormValue("verdict") == handOver {
		task, err := d.Plans.HandTask(r.Context(), name, id, strings.TrimSpace(r.PostFormValue("owner")), rollout.Order{
			Actor: p.viewer.Name, Role: role, Reason: strings.TrimSpace(r.PostFormValue("reason")),
		})
		if err != nil {
			return nil, err
		}
		return nil, done303("/plans/"+name, "Task "+id+" is "+task.Owner+"'s.")
	}
	o := workflows.PlanOrder{
		Order: rollout.Order{Verb: rollout.Progress, Actor: p.viewer.Name, Role: role, Reason: strings.TrimSpace(r.PostFormValue("reason")), At: d.Now()},
		Stage: task.Stage, Task: id, Verdict: rollout.TaskState(r.PostFormValue("verdict")), Attached: strings.TrimSpace(r.PostFormValue("evidence")),
	}
	switch o.Verdict {
	case rollout.TaskDone, rollout.TaskConfirmed, rollout.TaskRefused:
	default:
		return nil, fmt.Errorf("verdict %q: want done, confirmed or refused: %w", o.Verdict, dualtone.ErrInvalid)
	}
	would, err := task.Move(o.Verdict, o.Actor, o.Attached, o.At)
	if err != nil {
		return nil, err
	}
	if o.Reason == "" {
		o.Reason = fmt.Sprintf("task %s is %s: %s", would.ID, would.State, o.Attached)
	}
	if err := d.Plans.MoveTask(r.Context(), name, o); err != nil {
		return nil, err
	}
	return nil, done303("/plans/"+name, fmt.Sprintf("Task %s is %s.", would.ID, would.State))
}
