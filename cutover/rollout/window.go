package rollout

import (
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// WindowOverride opens the closed window of a stage for a while, once somebody other
// than who asked for it has agreed. Blackouts stay closed.
type WindowOverride struct {
	plan.Grant

	// Holds is for how long it opens once it is agreed.
	Holds plan.Duration `json:"holds"`
	// Approver agreed, at AgreedAt; before that it opens nothing.
	Approver string    `json:"approver,omitempty"`
	AgreedAt time.Time `json:"agreed_at,omitzero"`
}

// AskWindow is an override that somebody asks for, as the plan's calendar allows.
func (s Spec) AskWindow(o Order, holds plan.Duration) (WindowOverride, error) {
	p := plan.Plan{}
	p.Spec.Calendars.Override = s.Override
	g, err := p.Grant(o.Actor, o.Role, o.Reason, o.At, holds)
	return WindowOverride{Grant: g, Holds: holds}, err
}

// Agree is an override after somebody else has agreed; it holds from then on.
func (v *WindowOverride) Agree(o Order, author string) (WindowOverride, error) {
	refuse := func(kind error, why string, args ...any) (WindowOverride, error) {
		return WindowOverride{}, fmt.Errorf("%s: %w", fmt.Sprintf(why, args...), kind)
	}
	switch {
	case v == nil:
		return refuse(dualtone.ErrConflict, "nobody has asked for an override; ask with how long it holds")
	case v.Approver != "":
		return refuse(dualtone.ErrConflict, "%s has agreed to it already", v.Approver)
	case o.Actor == v.By:
		return refuse(dualtone.ErrDenied, "%s asked for it, somebody else must agree", v.By)
	case o.Actor == author:
		return refuse(dualtone.ErrDenied, "the plan's author does not agree to it")
	case !slices.Contains(approvers(), o.Role):
		return refuse(dualtone.ErrDenied, "%s acts as %s; may: %s", o.Actor, orNobody(o.Role), join(approvers()))
	}
	agreed := *v
	agreed.Approver, agreed.AgreedAt = o.Actor, o.At
	agreed.From, agreed.Until = o.At.UTC(), o.At.Add(v.Holds.Time()).UTC()
	return agreed, nil
}

// Grants are what an override opens.
func (v *WindowOverride) Grants() []plan.Grant {
	if v == nil || v.Approver == "" {
		return nil
	}
	return []plan.Grant{v.Grant}
}

// AgainstSoak says what speaks against another end of a soak. It may be put off
// by the desk; only an approver who did not write the plan may cut it short.
func AgainstSoak(o Order, author string, from, ends, wanted time.Time) error {
	refuse := func(kind error, why string, args ...any) error {
		return fmt.Errorf("%s: %w", fmt.Sprintf(why, args...), kind)
	}
	switch {
	case wanted.Equal(ends):
		return refuse(dualtone.ErrInvalid, "it ends at %s already", moment(ends))
	case wanted.Before(o.At):
		return refuse(dualtone.ErrInvalid, "%s is past", moment(wanted))
	case wanted.Sub(from) > mostSoak:
		return refuse(dualtone.ErrInvalid, "a soak of more than %d days is none", mostSoak/(24*time.Hour))
	case wanted.After(ends):
		return nil
	case !slices.Contains(approvers(), o.Role):
		return refuse(dualtone.ErrDenied, "a soak is cut short only with approval: %s acts as %s; may: %s", o.Actor, orNobody(o.Role), join(approvers()))
	case o.Actor == author:
		return refuse(dualtone.ErrDenied, "the plan's author does not cut its soak short")
	default:
		return nil
	}
}

// mostSoak bounds how long a stage may soak.
const mostSoak = 120 * 24 * time.Hour
