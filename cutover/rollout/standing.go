package rollout

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// Standing is where a plan or a stage stands, with all that decides whether an
// order is taken.
type Standing struct {
	Level Level  `json:"level"`
	Plan  string `json:"plan"`
	Stage string `json:"stage,omitempty"`
	// Hash is that of the plan in force.
	Hash   string    `json:"hash"`
	Author string    `json:"author"`
	State  State     `json:"state"`
	Since  time.Time `json:"since"`
	Holds  []Hold    `json:"holds,omitempty"`
	// Users counts the people concerned by where they are.
	Users cutover.Tally `json:"users,omitempty"`
	// LastResort: once begun it cannot be taken back.
	LastResort bool `json:"last_resort,omitempty"`
}

// Order is a verb, who gives it and why.
type Order struct {
	Verb   Verb   `json:"verb"`
	Actor  string `json:"actor"`
	Role   Role   `json:"role"`
	Reason string `json:"reason,omitempty"`
	// Hash is that of the plan that the actor has seen; empty for whichever is in
	// force.
	Hash string    `json:"hash,omitempty"`
	At   time.Time `json:"at,omitzero"`
	// Evidence is when that was measured on which the order rests.
	Evidence time.Time `json:"evidence,omitzero"`
}

// Transition is an order that was taken. It is kept for ever.
type Transition struct {
	Serial int64     `json:"serial,omitempty"`
	Plan   string    `json:"plan"`
	Stage  string    `json:"stage,omitempty"`
	From   State     `json:"from"`
	To     State     `json:"to"`
	Verb   Verb      `json:"verb"`
	Actor  string    `json:"actor"`
	Role   Role      `json:"role"`
	Reason string    `json:"reason,omitempty"`
	Hash   string    `json:"hash"`
	At     time.Time `json:"at"`
}

// RefusalError is why an order was not taken, and who may give it where anybody may.
type RefusalError struct {
	What string
	Why  string
	May  []Role
	kind error
}

// Error tells it in one sentence.
func (r *RefusalError) Error() string {
	text := r.What + ": " + r.Why
	if people := slices.DeleteFunc(slices.Clone(r.May), func(r Role) bool { return r == System }); len(people) > 0 {
		text += "; may: " + join(people)
	}
	return text
}

// Unwrap gives the refusal's kind.
func (r *RefusalError) Unwrap() error { return r.kind }

// RolesText lists roles in words.
func RolesText(roles []Role) string { return join(roles) }

func join[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, w := range all {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

// Name is the plan's name, with the stage's where it is about one.
func (s Standing) Name() string {
	if s.Level == OfStage {
		return fmt.Sprintf("stage %s of plan %s", s.Stage, s.Plan)
	}
	return "plan " + s.Plan
}

// Take takes an order: it returns the transition, or a *RefusalError. The standing
// stays as it is; After moves it.
func (s Standing) Take(o Order) (Transition, error) {
	r, ok, elsewhere := find(s.Level, s.State, o.Verb)
	var may []Role
	if ok {
		may = r.may()
	}
	refuse := func(kind error, why string, args ...any) (Transition, error) {
		return Transition{}, &RefusalError{
			What: fmt.Sprintf("%s of %s refused", o.Verb, s.Name()), Why: fmt.Sprintf(why, args...), May: may, kind: kind,
		}
	}
	if !ok && len(elsewhere) == 0 {
		return refuse(dualtone.ErrInvalid, "a %s does not know it", s.Level)
	}
	if !ok {
		return refuse(dualtone.ErrConflict, "it is %s, and that is possible in %s", s.State, join(elsewhere))
	}
	if o.Actor == "" {
		return refuse(dualtone.ErrInvalid, "it does not say who asks")
	}
	if r.reason && o.Reason == "" {
		return refuse(dualtone.ErrInvalid, "it needs a reason")
	}
	if !slices.Contains(may, o.Role) {
		return refuse(dualtone.ErrDenied, "%s acts as %s", o.Actor, orNobody(o.Role))
	}
	if why, kind := s.against(r, o); kind != nil {
		return refuse(kind, "%s", why)
	}
	to := r.to
	if to == "" {
		to = s.State
	}
	return Transition{
		Plan: s.Plan, Stage: s.Stage, From: s.State, To: to, Verb: o.Verb,
		Actor: o.Actor, Role: o.Role, Reason: o.Reason, Hash: s.Hash, At: o.At,
	}, nil
}

func orNobody(r Role) string {
	if r == "" {
		return "nobody in particular"
	}
	return string(r)
}

// against is what else speaks against an order that the state would take.
func (s Standing) against(r rule, o Order) (why string, kind error) {
	if o.Hash != "" && o.Hash != s.Hash {
		return otherPlan(o.Hash, s.Hash), dualtone.ErrConflict
	}
	if o.Verb == Approve && o.Actor == s.Author {
		return "its author does not approve it", dualtone.ErrDenied
	}
	if r.judged && o.Evidence.Before(s.Since) {
		return fmt.Sprintf("what it rests on is of %s, older than %s since %s",
			moment(o.Evidence), s.State, moment(s.Since)), dualtone.ErrConflict
	}
	if missing := Missing(s.Users); r.whole && missing != "" {
		return "not everybody is where they should be: " + missing, dualtone.ErrConflict
	}
	if r.to == RollingBack && s.LastResort && s.State.Started() {
		return "what it does is irreversible, and it has begun", dualtone.ErrConflict
	}
	if h, held := Held(s.holdsAgainst(o.Verb), s.Stage, o.At); r.forward && held {
		return h.String(), dualtone.ErrConflict
	}
	return "", nil
}

// AgainstOverride refuses a failed gate to the author of the plan, who judges their own
// work as little as they approve it.
func (s Standing) AgainstOverride(o Order) error {
	if o.Verb != Override || o.Actor != s.Author {
		return nil
	}
	return &RefusalError{
		What: fmt.Sprintf("%s of %s refused", o.Verb, s.Name()), Why: "its author does not let it pass against its gates",
		May: Who(s.Level, s.State, o.Verb), kind: dualtone.ErrDenied,
	}
}

// holdsAgainst are the holds that may speak against a verb. Whoever overrides a gate
// answers the hold by which the stage itself has asked somebody to look.
func (s Standing) holdsAgainst(v Verb) []Hold {
	if v != Override {
		return s.Holds
	}
	return slices.DeleteFunc(slices.Clone(s.Holds), func(h Hold) bool { return h.Stage == s.Stage && h.Role == System })
}

func otherPlan(seen, inForce string) string {
	return fmt.Sprintf("it is about plan %s, and %s is in force", short(seen), short(inForce))
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "no time"
	}
	return t.UTC().Format(time.RFC3339)
}

// short is the beginning of a hash, as people compare it.
func short(hash string) string {
	const enough = 12
	if len(hash) > enough {
		return hash[:enough]
	}
	return hash
}

// After is the standing that a transition leads to. A transition that stays in
// its state does not make the state younger.
func (s Standing) After(t Transition) Standing {
	if t.To != s.State {
		s.State, s.Since = t.To, t.At
	}
	return s
}
