package pages

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// offer is a verb as pages offer it.
type offer struct {
	verb   rollout.Verb
	text   string
	class  string
	fields []field
}

func planOffers() []offer {
	return []offer{
		{verb: rollout.Approve, text: "Approve", class: "go"},
		{verb: rollout.Reject, text: "Reject"},
		{verb: rollout.Start, text: "Start", class: "go"},
		{verb: rollout.Release, text: "Release the holds"},
		{verb: rollout.Pause, text: "Pause"},
		{verb: rollout.Resume, text: "Resume"},
		{verb: rollout.Compare, text: "Compare anew"},
		{verb: rollout.Abort, text: "Abort", class: "danger", fields: []field{inFlightField()}},
		{verb: rollout.Rollback, text: "Roll back", class: "danger"},
		{verb: rollout.Finalise, text: "Finalise", class: "danger"},
	}
}

func stageOffers() []offer {
	return []offer{
		{verb: rollout.Approve, text: "Approve", class: "go"},
		{verb: rollout.Reject, text: "Reject"},
		{verb: rollout.PutHold, text: "Hold", fields: []field{holdField()}},
		{verb: rollout.Release, text: "Release"},
		{verb: rollout.Pause, text: "Pause"},
		{verb: rollout.Resume, text: "Resume"},
		{verb: rollout.Limit, text: "Limits", fields: []field{
			{name: "concurrency", label: "Users at a time", typed: "number", required: true}, {name: "per_minute", label: "Users a minute, 0 to leave it as it is", typed: "number", value: "0"},
		}},
		{verb: rollout.Skip, text: "Skip"},
		{verb: rollout.Retry, text: "Retry"},
		{verb: rollout.Window, text: "Open the window"},
		{verb: rollout.Extend, text: "Extend the soak", fields: []field{soakField()}},
		{verb: rollout.Override, text: "Override the gate"},
		{verb: rollout.Rollback, text: "Roll back", class: "danger"},
	}
}

func inFlightField() field {
	return field{name: "in_flight", label: "Users in flight", options: []option{{"finish", "finish"}, {"back", "go back"}}}
}

func holdField() field {
	return field{name: "for", label: "For", options: []option{
		{"", "until somebody releases it"}, {"1h", "1 hour"}, {"4h", "4 hours"}, {"12h", "12 hours"}, {"24h", "a day"},
	}}
}

func soakField() field {
	return field{name: "longer", label: "How much longer", options: []option{{"12h", "12 hours"}, {"1d", "a day"}, {"2d", "2 days"}, {"7d", "a week"}}}
}

// timed reads how long a window opens or a soak goes on.
func timed(r *http.Request, o *workflows.PlanOrder) (err error) {
	switch text := r.PostFormValue("opens"); {
	case o.Verb == rollout.Window && text == agree:
		o.Agree = true
	case o.Verb == rollout.Window:
		o.For, err = plan.ParseDuration(text)
	case o.Verb == rollout.Extend:
		o.For, err = plan.ParseDuration(r.PostFormValue("longer"))
	}
	return err
}

// stop is the one control that stops all of a plan.
func (s sight) stop(v Viewer) button {
	return s.button(v, nil, offer{verb: rollout.PutHold, text: "Stop everything", class: "stop", fields: []field{holdField()}})
}

// buttons are the verbs of the plan, or of a stage: those that its state takes,
// each with what it does, or why this viewer may not.
func (s sight) buttons(v Viewer, stage *rollout.Stage) []button {
	all, level, state := planOffers(), rollout.OfPlan, s.view.Plan.State
	if stage != nil {
		all, level, state = stageOffers(), rollout.OfStage, stage.State
	}
	var out []button
	for _, o := range all {
		for _, taken := range rollout.Orders(level, state) {
			if taken == o.verb {
				out = append(out, s.button(v, stage, o))
			}
		}
	}
	return out
}

func (s sight) button(v Viewer, stage *rollout.Stage, o offer) button {
	id := ""
	switch {
	case stage != nil:
		id = stage.ID
	case o.verb == rollout.Approve && s.view.Plan.State == rollout.Completed:
		id = workflows.FinalStage
	}
	b := button{
		id: "v-" + strings.Trim(id+"-"+string(o.verb), "-"), text: o.text, class: o.class, fields: o.fields,
		effect: s.view.Effect(id, o.verb), to: s.path + "/orders",
		hidden: []hidden{{"verb", string(o.verb)}, {"stage", id}, {"hash", s.view.Plan.Hash}},
	}
	agrees := o.verb == rollout.Abort && stage == nil && s.abortAsked()
	switch {
	case agrees:
		b.text, b.fields, b.hidden = "Agree to abort", nil, append(b.hidden, hidden{agree, agree})
	case o.verb == rollout.Window:
		s.windowed(&b, v, id)
	case o.verb == rollout.PutHold && s.money != nil:
		b.effect += " While it holds, " + s.money.PerDay() + "."
	case o.verb == rollout.Finalise:
		b.now = s.path + "/final"
	case o.verb == rollout.Rollback:
		b.effect += s.takesBack(id)
		b.now = s.path + "/calls?stage=" + url.QueryEscape(id)
	}
	if roles := v.in(verbAction(o.verb)); len(roles) > 1 {
		b.fields = append(slices.Clone(b.fields), roleField(roles, s.wanted(id, o.verb)))
	}
	as, denied := v.As(verbAction(o.verb), "")
	t := rollout.Order{Verb: o.verb, Actor: v.Name, Role: as, Reason: "asked", At: s.view.AsOf, Evidence: s.view.AsOf}
	against := func() error {
		return s.view.Against(workflows.PlanOrder{Order: t, Stage: id, Agree: agrees}, nil)
	}
	if denied != nil {
		b.refused = v.refusal(verbAction(o.verb))
	} else if err := against(); err != nil && b.refused == "" {
		b.refused = whyNot(err)
	}
	if o.verb == rollout.Finalise && denied == nil {
		b.refused = strings.TrimPrefix(strings.Join(append([]string{b.refused}, s.wantsBeforeFinal()...), "; "), "; ")
	}
	t.Reason = ""
	if err := against(); err != nil && b.refused == "" {
		b.reason = true
	}
	return b
}

// abortAsked reports whether somebody has asked for the plan to be aborted.
func (s sight) abortAsked() bool {
	_, asked := rollout.AskedAbort(s.view.Holds, s.view.AsOf)
	return asked
}

// whyNot is why an order would not be taken, without what the button says already.
func whyNot(err error) string {
	r, refused := errors.AsType[*rollout.RefusalError](err)
	if !refused {
		text := dualtone.Said(err)
		if _, why, ok := strings.Cut(text, " refused: "); ok {
			return why
		}
		return text
	}
	if may := rolesText(r.May); len(r.May) > 0 {
		return r.Why + "; it takes " + may
	}
	return r.Why
}

// in are the roles of the viewer in which they may do something.
func (v Viewer) in(a access.Action) []access.Role {
	return slices.DeleteFunc(slices.Clone(access.Who(a)), func(r access.Role) bool { return !v.Holds(r) })
}

// roleField asks in which of several roles something is done, at first in one that
// is wanted.
func roleField(roles, wanted []access.Role) field {
	f := field{name: "as", label: "In which role"}
	for _, r := range roles {
		f.options = append(f.options, option{string(r), words(string(r))})
		if f.value == "" && slices.Contains(wanted, r) {
			f.value = string(r)
		}
	}
	return f
}

// wanted are the roles whose approval the plan asks for.
func (s sight) wanted(stage string, v rollout.Verb) []access.Role {
	spec := &s.document.Plan.Spec
	switch {
	case v == rollout.Window && spec.Calendars.Override != nil:
		return spec.Calendars.Override.Roles
	case v != rollout.Approve && v != rollout.Reject && v != rollout.Finalise:
		return nil
	case stage == workflows.FinalStage || v == rollout.Finalise:
		if spec.Finalise == nil {
			return nil
		}
		return spec.Finalise.Approve.Roles
	case stage == "":
		return spec.Approvals.Plan.Roles
	}
	st, ok := s.document.Plan.Stage(plan.StageID(stage))
	if !ok {
		return nil
	}
	return s.document.Plan.Approval(st).Roles
}

// verbAction is what a verb is in the table of roles.
func verbAction(v rollout.Verb) access.Action { return access.Action("plan." + string(v)) }

// order gives an order that was filled in on a page.
func (d *Desk) order(r *http.Request, p page) (templ.Component, error) {
	name := r.PathValue("plan")
	o, err := d.orderOf(r)
	if err != nil {
		return nil, err
	}
	object := "plan/" + name
	if o.Stage != "" {
		object += "/" + o.Stage
	}
	r, o.Role, err = d.enter(r, verbAction(o.Verb), object)
	if err != nil {
		return nil, err
	}
	o.Actor = p.viewer.Name
	told, err := d.give(r, name, o)
	if err != nil {
		return nil, err
	}
	return nil, done303("/plans/"+name, told)
}

// orderOf reads an order from a form.
func (d *Desk) orderOf(r *http.Request) (workflows.PlanOrder, error) {
	o := workflows.PlanOrder{Stage: r.PostFormValue("stage"), Person: dualtone.PersonID(r.PostFormValue("person")), Hold: r.PostFormValue("hold")}
	o.Order = rollout.Order{
		Verb: rollout.Verb(r.PostFormValue("verb")), Reason: strings.TrimSpace(r.PostFormValue("reason")),
		Hash: r.PostFormValue("hash"), At: d.Now(),
	}
	if text := r.PostFormValue("for"); text != "" {
		length, err := time.ParseDuration(text)
		if err != nil || length <= 0 {
			return o, fmt.Errorf("for %q: want a time such as 4h: %w", text, dualtone.ErrInvalid)
		}
		o.Expires = d.Now().Add(length)
	}
	if o.Verb == rollout.Limit {
		rate, err := rateOf(r)
		if err != nil {
			return o, err
		}
		o.Rate = &rate
	}
	o.Back, o.Agree = r.PostFormValue("in_flight") == "back", r.PostFormValue(agree) != ""
	return o, timed(r, &o)
}

func rateOf(r *http.Request) (rollout.Rate, error) {
	var rate rollout.Rate
	for _, f := range []struct {
		name  string
		to    *int
		least int
	}{{"concurrency", &rate.Concurrency, 1}, {"per_minute", &rate.UsersPerMinute, 0}} {
		n, err := strconv.Atoi(r.PostFormValue(f.name))
		if err != nil || n < f.least {
			return rate, fmt.Errorf("%s %q: want a whole number of at least %d: %w", words(f.name), r.PostFormValue(f.name), f.least, dualtone.ErrInvalid)
		}
		*f.to = n
	}
	return rate, nil
}

// give gives an order to whoever takes it and says what it came to.
func (d *Desk) give(r *http.Request, name string, o workflows.PlanOrder) (string, error) {
	ctx := r.Context()
	switch {
	case o.Stage == "" && (o.Verb == rollout.Approve || o.Verb == rollout.Reject):
		verdict, err := d.Plans.Decide(ctx, name, o.Order)
		switch {
		case err != nil || o.Verb == rollout.Reject:
			return "Rejected.", err
		case verdict.Enough:
			return "Approved until " + verdict.Until.UTC().Format(time.DateTime) + " UTC.", nil
		default:
			return "Recorded. It still needs " + verdict.Missing + ".", nil
		}
	case o.Verb == rollout.Start && o.Stage == "":
		state, err := d.Plans.Start(ctx, name, o.Order)
		if state == rollout.Approved {
			return "Started. No worker has taken it up yet.", err
		}
		return "Started: the first stages begin.", err
	case o.Stage == "" && o.Verb == rollout.Abort && !o.Agree && !rollout.AbortsAlone(o.Order):
		return "Held: the plan is aborted once somebody else has agreed.", d.Plans.Give(ctx, name, o)
	case o.Verb == rollout.Window && o.Agree:
		return "Agreed: the window is open.", d.Plans.Give(ctx, name, o)
	case o.Stage != "" && o.Stage != workflows.FinalStage && (o.Verb == rollout.Approve || o.Verb == rollout.Reject):
		status, err := d.Plans.Stage(ctx, name, o.Stage)
		if err != nil {
			return "", err
		}
		o.Bound = status.Bound
	case o.Verb == rollout.Extend:
		ends, err := d.Plans.SoakEnds(ctx, name, o.Stage)
		if err != nil {
			return "", err
		}
		o.Until, o.For = ends.Add(o.For.Time()), 0
	}
	return orderTaken(o.Verb), d.Plans.Give(ctx, name, o)
}

// orderTaken says what an order came to that was taken.
func orderTaken(v rollout.Verb) string {
	switch v {
	case rollout.Approve:
		return "Approved."
	case rollout.Reject:
		return "Rejected."
	case rollout.PutHold:
		return "Held: nothing goes forward until the hold ends."
	case rollout.Release:
		return "Released: it goes on in the next window."
	case rollout.Pause:
		return "Paused: nobody else is started."
	case rollout.Resume:
		return "It goes on."
	case rollout.Abort:
		return "Aborted: nobody else is switched."
	case rollout.Rollback:
		return "The way back has begun."
	case rollout.Skip:
		return "The stage is left out."
	case rollout.Retry:
		return "What it stopped at is tried again."
	case rollout.Limit:
		return "The limits are set."
	case rollout.Window:
		return "Asked: the window opens once somebody else agrees."
	case rollout.Extend:
		return "The soak goes on for longer."
	case rollout.Override:
		return "The stage passes against its gates, in your name."
	case rollout.Finalise:
		return "The move is being made final."
	case rollout.Compare:
		return "Both systems are held against each other."
	default:
		return "Taken: " + words(string(v)) + "."
	}
}
