package rollout

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// News tells people of what happens to a plan. The same event may be told more
// than once, and its Key says so.
type News interface {
	Tell(ctx context.Context, e Event) error
}

// EventKind is what an event is about, by which people choose what they hear of.
type EventKind string

// The kinds of events.
const (
	StateChanged   EventKind = "state"
	Ordered        EventKind = "order" // limits, a pause and the like
	HoldPlaced     EventKind = "hold"
	HoldReleased   EventKind = "release"
	GateFailed     EventKind = "gate_failed"
	ApprovalNeeded EventKind = "approval_needed"
	ApprovalGiven  EventKind = "approval"
	// Warned: a figure is beyond what somebody wants to hear of.
	Warned EventKind = "warning"
	// GlassBroken: somebody is incident commander for a while, of all plans.
	GlassBroken EventKind = "glass"
	// Tested: somebody tries whether they hear of anything.
	Tested EventKind = "test"
)

// EventKinds lists all kinds.
func EventKinds() []EventKind {
	return []EventKind{StateChanged, Ordered, HoldPlaced, HoldReleased, GateFailed, ApprovalNeeded, ApprovalGiven, Warned, GlassBroken, Tested}
}

// Event is something that people want to hear of.
type Event struct {
	Kind EventKind `json:"kind"`
	// Plan is empty for what concerns all of them.
	Plan  string `json:"plan"`
	Stage string `json:"stage,omitempty"`
	// Hash is the version of the plan that it happened to.
	Hash  string `json:"hash,omitempty"`
	What  string `json:"what"`
	Why   string `json:"why,omitempty"`
	Actor string `json:"actor,omitempty"`
	Role  Role   `json:"role,omitempty"`
	// Next are the commands that somebody would give now.
	Next []string  `json:"next,omitempty"`
	At   time.Time `json:"at"`
	// Once is by what it is told once; by its time if it is empty.
	Once string `json:"once,omitempty"`
	// Urgent: somebody must look, the plan does not go on by itself.
	Urgent bool `json:"urgent,omitempty"`
	// Day is what each day costs for as long as a hold lasts; nil where nothing is known
	// of it.
	Day *DayCost `json:"day,omitempty"`
}

// DayCost is what one more day of a plan costs, in decimals of a currency.
type DayCost struct {
	Waste    string `json:"waste"`
	Cash     string `json:"cash"`
	Currency string `json:"currency"`
	// Text says it for people.
	Text string `json:"text"`
}

// Key is the same however often the event is told.
func (e Event) Key() string {
	sum := sha256.New()
	once := cmp.Or(e.Once, e.At.UTC().Format(time.RFC3339Nano))
	for _, part := range []string{string(e.Kind), e.Plan, e.Stage, e.What, e.Actor, once} {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// Subject is the plan, or its stage.
func (e Event) Subject() string {
	switch {
	case e.Plan == "":
		return "dualtone"
	case e.Stage == "":
		return "plan " + e.Plan
	default:
		return fmt.Sprintf("stage %s of plan %s", e.Stage, e.Plan)
	}
}

// EventOf is what people hear of a transition; false where they hear of it
// otherwise: of a hold and of what somebody said when it is kept.
func EventOf(t Transition) (Event, bool) {
	e := Event{
		Kind: StateChanged, Plan: t.Plan, Stage: t.Stage, Hash: t.Hash, What: "is " + string(t.To), Why: t.Reason,
		Actor: t.Actor, Role: t.Role, At: t.At, Next: nextOf(t),
	}
	switch {
	case t.Verb == PutHold, t.Verb == Release, t.Verb == Approve, t.Verb == Reject:
		return e, false
	case t.To == AwaitingApproval, t.To == Submitted:
		e.Kind, e.Urgent = ApprovalNeeded, true
	case t.Verb == Fail, t.Verb == GoBack, t.Verb == Unready:
		e.Kind, e.Urgent = GateFailed, true
	case t.From == t.To:
		e.Kind, e.What = Ordered, ordered(t.Verb)
	default:
		e.Urgent = stuck(t.To)
	}
	return e, true
}

// ordered says of an order after which everything stays in its state what it changed.
func ordered(v Verb) string {
	switch v {
	case Pause:
		return "is paused"
	case Resume:
		return "goes on after a pause"
	case Limit:
		return "has other limits"
	case Window:
		return "has an override of its window"
	case Extend:
		return "soaks until another time"
	case Compare:
		return "was compared on both systems"
	case Progress:
		return "has news of a task"
	case Skip:
		return "goes on without somebody"
	case Rollback:
		return "takes somebody back"
	default:
		return "was given the order " + string(v)
	}
}

// stuck reports whether somebody must say how it goes on.
func stuck(s State) bool {
	switch s {
	case Blocked, Partial, Unknown, Failed, Rejected, RollingBack, RollbackIncomplete, RolledBackPartial:
		return true
	default:
		return false
	}
}

// nextOf are the commands that fit the state that a transition led to.
func nextOf(t Transition) []string {
	command := func(verb string) string {
		text := fmt.Sprintf("dualtone plan %s %s", verb, t.Plan)
		if t.Stage != "" {
			text += " --stage " + t.Stage
		}
		return text
	}
	back := command("rollback") + " --reason WHY"
	switch t.To {
	case Submitted, AwaitingApproval:
		return []string{command("approve"), command("reject") + " --reason WHY"}
	case Approved:
		return []string{command("start")}
	case Failed, Partial, Unknown:
		return []string{command("retry"), back}
	case Blocked, Rejected, RollbackIncomplete:
		return []string{command("retry")}
	case Switching, Soaking:
		return []string{"dualtone plan watch " + t.Plan, back}
	default:
		return nil
	}
}

// EventOfHold is what people hear of a hold that was placed or released.
func EventOfHold(h Hold) Event {
	e := Event{
		Kind: HoldPlaced, Plan: h.Plan, Stage: h.Stage, What: "is held (" + h.ID + ")", Why: h.Reason, Actor: h.Owner, Role: h.Role, At: h.Placed, Urgent: true,
		Next: []string{fmt.Sprintf("dualtone plan release %s --hold %s", h.Plan, h.ID)},
	}
	if h.Stage != "" {
		e.Next[0] += " --stage " + h.Stage
	}
	if h.Abort != "" {
		e.What = "is held (" + h.ID + ") and asked to be aborted, to which somebody else must agree"
		e.Next = append([]string{fmt.Sprintf("dualtone plan abort %s --agree --reason WHY", h.Plan)}, e.Next...)
	}
	if !h.Released.IsZero() {
		e.Kind, e.What, e.Why, e.Actor, e.Role, e.At = HoldReleased, "is held no more ("+h.ID+")", h.Why, h.ReleasedBy, "", h.Released
		e.Urgent, e.Next = false, nil
	}
	return e
}

// EventOfApproval is what people hear of what somebody said.
func EventOfApproval(a Approval) Event {
	what := "is approved by " + a.Actor
	if a.No {
		what = "is rejected by " + a.Actor
	}
	return Event{
		Kind: ApprovalGiven, Plan: a.Plan, Stage: a.Stage, Hash: a.Bound.Plan, What: what,
		Why: a.Reason, Actor: a.Actor, Role: a.Role, At: a.At,
	}
}
