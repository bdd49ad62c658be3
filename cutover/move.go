package cutover

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Step groups the actions of a switch by what they are for, in the order in
// which they are taken.
type Step string

// The steps of a switch.
const (
	Prepare   Step = "prepare"    // give the seat on the side to come
	DualRoute Step = "dual_route" // let calls reach either side
	Drain     Step = "drain"      // stop offers, wait until no call is left
	SwitchCRM Step = "crm"        // move the softphone
	FlipRoute Step = "route"      // send new calls to the side to come
	Regroup   Step = "queues"     // leave the queues of one side, join those of the other
	Release   Step = "release"    // give the old seat back, past the point of no return
)

// Action is one write: a facet goes from one value to another.
type Action struct {
	Step  Step  `json:"step"`
	Facet Facet `json:"facet"`
	From  Value `json:"from"`
	To    Value `json:"to"`
	// Agreed: nothing is written. It is not what stood before, and whoever ordered the way
	// back agreed to leave it so.
	Agreed bool `json:"agreed,omitempty"`
}

// Migration says what a user looks like on either side: the part of the
// configuration that a switch is computed from.
type Migration struct {
	// OldCallCenter and NewCallCenter are the CRM's records of the two sides.
	OldCallCenter dualtone.CallCenterID
	NewCallCenter dualtone.CallCenterID
	// PermissionSets are granted with the new call center.
	PermissionSets []string
	// Licenses are what a working seat on the new side holds.
	Licenses []string
	// Queues names, for each queue of the old side, the one that takes its place.
	Queues map[dualtone.QueueID]dualtone.QueueID
	// Reach is how the old side dials a user on the new one, with {extension},
	// {number} and {id} standing for the person's; empty to leave the old
	// side's forward alone.
	Reach string
}

// pauseReason is what supervisors see on the old system while a user is drained.
const pauseReason = "moving"

// Plan lists the writes that move a person from the old side to the new one,
// in order, from what was read of them before and the offering that is to take
// the place of their queues (see Queues). Facets that are already as they should
// be are left out. It returns ErrInvalid when the image cannot be moved.
func (m Migration) Plan(p dualtone.Person, before Image, offer *dualtone.Offering) ([]Action, error) {
	b := builder{image: before}
	if seat := before[NewSeat].Seat; seat != nil {
		b.set(Prepare, NewSeat, Value{Seat: &dualtone.Seat{Enabled: true, Licenses: m.Licenses}})
	}
	planRoutes(&b, DualRoute, p, dualtone.Old, dualtone.New)
	if o := before[OldOffering].Offering; o != nil {
		stopped := o.Stopped(pauseReason)
		b.set(Drain, OldOffering, Value{Offering: &stopped})
	}
	if err := m.planSoftphone(&b, p); err != nil {
		return nil, err
	}
	planRoutes(&b, FlipRoute, p, dualtone.New, dualtone.Old)
	if before[OldForward].Forward != nil && m.Reach != "" {
		to, err := m.reach(p)
		if err != nil {
			return nil, err
		}
		b.set(FlipRoute, OldForward, Value{Forward: &dualtone.Forward{To: to, Detail: before[OldForward].Forward.Detail}})
	}
	planQueues(&b, offer)
	return b.actions, nil
}

func (m Migration) planSoftphone(b *builder, p dualtone.Person) error {
	have := b.image[Softphone].Softphone
	if have == nil {
		return fmt.Errorf("person %s has no account in the CRM: %w", p.ID, dualtone.ErrInvalid)
	}
	if have.CallCenter != m.OldCallCenter {
		return fmt.Errorf("person %s: call center %q is not the old side's %q: %w",
			p.ID, have.CallCenter, m.OldCallCenter, dualtone.ErrConflict)
	}
	grants := append(slices.Clone(have.PermissionSets), m.PermissionSets...)
	slices.Sort(grants)
	b.set(SwitchCRM, Softphone, Value{Softphone: &dualtone.Softphone{
		CallCenter:     m.NewCallCenter,
		AutoLogin:      have.AutoLogin,
		PermissionSets: slices.Compact(grants),
		Licenses:       have.Licenses,
	}})
	return nil
}

// planQueues leaves the old queues before it joins the new ones: the old ones
// are paused already, so nobody is offered a call by both.
func planQueues(b *builder, offer *dualtone.Offering) {
	if old := b.image[OldOffering].Offering; old != nil {
		stay := slices.DeleteFunc(slices.Clone(old.Memberships), func(m dualtone.Membership) bool { return !m.Fixed })
		left := dualtone.Offering{Memberships: stay}
		if len(stay) == len(old.Memberships) {
			left.Profile = old.Profile
		}
		b.set(Regroup, OldOffering, Value{Offering: &left})
	}
	if b.image[NewOffering].Offering != nil && offer != nil {
		b.set(Regroup, NewOffering, Value{Offering: offer})
	}
}

// NewQueues names the queues of the new side that take the place of the user's
// old ones. ErrInvalid names an old queue without a counterpart.
func (m Migration) NewQueues(p dualtone.Person, before Image) ([]dualtone.QueueID, error) {
	old := before[OldOffering].Offering
	if old == nil {
		return nil, nil
	}
	var join []dualtone.QueueID
	for _, was := range old.Sorted().Memberships {
		queue, ok := m.Queues[was.Queue]
		if !ok {
			return nil, fmt.Errorf("person %s: queue %q of the old side has no counterpart in migration.queues: %w",
				p.ID, was.Queue, dualtone.ErrInvalid)
		}
		join = append(join, queue)
	}
	return join, nil
}

// planRoutes sends a person's numbers to the sides, the first one first. Of whoever
// has none, such as an agent of queues alone, there is nothing to route.
func planRoutes(b *builder, step Step, p dualtone.Person, sides ...dualtone.Side) {
	if len(p.Numbers) == 0 {
		return
	}
	routes := make([]routing.Route, len(p.Numbers))
	for i, n := range p.Numbers {
		routes[i] = routing.Route{Number: n, Person: p.ID, Sides: sides}
	}
	b.set(step, Routes, Value{Routes: routes})
}

// reach is what the old side dials to reach a person on the new one. ErrInvalid where
// they lack what that is made of: it would be somebody else's number, or nobody's.
func (m Migration) reach(p dualtone.Person) (string, error) {
	number := ""
	if len(p.Numbers) > 0 {
		number = string(p.Numbers[0])
	}
	to := m.Reach
	for _, part := range [][2]string{{"{extension}", p.Extension}, {"{number}", number}, {"{id}", string(p.Accounts.New)}} {
		if part[1] == "" && strings.Contains(to, part[0]) {
			return "", fmt.Errorf("person %s has no %s, by which the old side would reach them on the new one (migration.reach): %w",
				p.ID, strings.Trim(part[0], "{}"), dualtone.ErrInvalid)
		}
		to = strings.ReplaceAll(to, part[0], part[1])
	}
	return to, nil
}

// builder keeps the image as it will be after the actions so far.
type builder struct {
	image   Image
	actions []Action
}

func (b *builder) set(step Step, f Facet, to Value) {
	from := b.image[f]
	if from.Equal(to) {
		return
	}
	b.actions = append(b.actions, Action{Step: step, Facet: f, From: from, To: to})
	b.image = b.image.With(f, to)
}

// Apply returns the image after the actions.
func Apply(before Image, actions []Action) Image {
	after := before
	for _, a := range actions {
		after = after.With(a.Facet, a.To)
	}
	return after
}
