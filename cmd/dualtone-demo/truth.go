package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/salesforcesim"
	"github.com/dualtone/dualtone/systems/sim/simctl"
)

// truth is what the simulated systems themselves know. Nothing in it comes from
// dualtone.
type truth struct {
	old, new, org *simctl.Client
	up            map[string]ready
	people        []employee
	sbc           *sbc
}

// standing is one employee as the three systems see them.
type standing struct {
	CallCenter any
	Forward    string
	OldQueues  []sim.Member
	NewQueues  []string
	Grants     []string
	Route      []dualtone.Side
}

// side is where the employee is: new or old when everything agrees, else what
// does not.
func (s standing) side(oldCenter, newCenter string) string {
	first := s.Route[0]
	switch {
	case s.CallCenter == newCenter && first == dualtone.New && s.Forward != "" && len(s.OldQueues) == 0 && len(s.NewQueues) > 0:
		return string(dualtone.New)
	case s.CallCenter == oldCenter && first == dualtone.Old && s.Forward == "" && len(s.OldQueues) > 0 && len(s.NewQueues) == 0:
		return string(dualtone.Old)
	default:
		return fmt.Sprintf("call center %v, route %v, forward %q, %d old and %d new queues",
			s.CallCenter, s.Route, s.Forward, len(s.OldQueues), len(s.NewQueues))
	}
}

// standings reads every employee's standing.
func (t *truth) standings(ctx context.Context) (map[string]standing, error) {
	people, err := t.old.People(ctx)
	if err != nil {
		return nil, err
	}
	forwards := map[string]string{}
	for _, p := range people {
		forwards[p.Extension] = p.Forward
	}
	oldMembers, newMembers, err := t.members(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.sbc.refresh(ctx); err != nil {
		return nil, err
	}
	grants := map[string][]string{}
	if err := t.org.Do(ctx, "GET", "/grants", nil, &grants); err != nil {
		return nil, err
	}
	all := map[string]standing{}
	for i, e := range t.people {
		record := map[string]any{}
		if err := t.org.Do(ctx, "GET", "/sim/record?id="+t.up["salesforce"].Users[i], nil, &record); err != nil {
			return nil, err
		}
		s := standing{
			CallCenter: record["CallCenterId"], Forward: forwards[e.Extension], OldQueues: oldMembers[e.Extension],
			Grants: grants[t.up["salesforce"].Users[i]], Route: t.sbc.sidesOf(e.Number),
		}
		for _, m := range newMembers[t.up["connect"].Users[i]] {
			s.NewQueues = append(s.NewQueues, m.Label)
		}
		slices.Sort(s.NewQueues)
		all[e.ID] = s
	}
	return all, nil
}

func (b *sbc) sidesOf(number string) []dualtone.Side {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sides(number)
}

// members lists the queue memberships on both systems by person. The label of a
// membership is set to its queue.
func (t *truth) members(ctx context.Context) (onOld, onNew map[string][]sim.Member, err error) {
	read := func(c *simctl.Client) (map[string][]sim.Member, error) {
		queues, err := c.Queues(ctx)
		all := map[string][]sim.Member{}
		for _, q := range queues {
			for _, m := range q.Members {
				m.Label = q.Name + "/" + m.Label
				all[m.Person] = append(all[m.Person], m)
			}
		}
		return all, err
	}
	if onOld, err = read(t.old); err != nil {
		return nil, nil, err
	}
	onNew, err = read(t.new)
	return onOld, onNew, err
}

func (t *truth) changes(ctx context.Context, filter url.Values) ([]salesforcesim.Change, error) {
	var changes []salesforcesim.Change
	err := t.org.Do(ctx, "GET", "/sim/history?"+filter.Encode(), nil, &changes)
	return changes, err
}

// turn is a moment at which one of the two, softphone or route, changed sides.
type turn struct {
	at    time.Time
	route bool
	side  dualtone.Side
}

// longestSplit is the longest time in which anybody's softphone was on one side
// and their calls went to the other, and whose it was. Somebody who is split at
// the end has been so until now.
func (t *truth) longestSplit(ctx context.Context) (longest time.Duration, whose string, err error) {
	turns := t.routeTurns()
	changes, err := t.changes(ctx, callCenters(0))
	if err != nil {
		return 0, "", err
	}
	number := map[string]string{}
	for i, e := range t.people {
		number[t.up["salesforce"].Users[i]] = e.Number
	}
	for _, c := range changes {
		if c.Op == salesforcesim.Changed && c.Via != "setup" {
			turns[number[c.ID]] = append(turns[number[c.ID]], turn{at: c.At, side: t.sideOf(c.New)})
		}
	}
	for number, all := range turns {
		if d := splitTime(all, t.sbc.home[number]); d > longest {
			longest, whose = d, number
		}
	}
	return longest, whose, nil
}

// routeTurns are the moments at which each number's route changed sides, in their
// order.
func (t *truth) routeTurns() map[string][]turn {
	turns := map[string][]turn{}
	for _, seen := range t.sbc.sightings() {
		turns[seen.Number] = append(turns[seen.Number], turn{at: seen.At, route: true, side: seen.Side})
	}
	return turns
}

func (b *sbc) sightings() []routeSeen {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.seen)
}

// callCenters picks every change of a user's call center after one.
func callCenters(after int) url.Values {
	return url.Values{"object": {"User"}, "field": {"CallCenterId"}, "after": {strconv.Itoa(after)}}
}

// index is the place in the company of a Salesforce user; -1 for anybody else.
func (t *truth) index(user string) int { return slices.Index(t.up["salesforce"].Users, user) }

// went lists the employees whose softphone was on the new side at some time.
func (t *truth) went(ctx context.Context) (map[string]bool, error) {
	changes, err := t.changes(ctx, callCenters(0))
	if err != nil {
		return nil, err
	}
	went := map[string]bool{}
	for _, c := range changes {
		if i := t.index(c.ID); i >= 0 && t.sideOf(c.New) == dualtone.New {
			went[t.people[i].ID] = true
		}
	}
	return went, nil
}

func (t *truth) sideOf(center any) dualtone.Side {
	if center == t.up["salesforce"].CallCenters[1] {
		return dualtone.New
	}
	return dualtone.Old
}

// splitTime is the longest time between two turns in which softphone and route
// disagreed.
func splitTime(turns []turn, home dualtone.Side) time.Duration {
	slices.SortFunc(turns, func(a, b turn) int { return a.at.Compare(b.at) })
	softphone, route := home, home
	var since time.Time
	var longest time.Duration
	for _, t := range append(turns, turn{at: time.Now(), side: ""}) {
		if softphone != route {
			longest = max(longest, t.at.Sub(since))
		}
		since = t.at
		switch {
		case t.side == "":
		case t.route:
			route = t.side
		default:
			softphone = t.side
		}
	}
	return longest
}

// calls is the truth about all calls, and each kind of harm by itself.
type calls struct {
	Total      int `json:"total"`
	Answered   int `json:"answered"`
	Busy       int `json:"busy"`
	Abandoned  int `json:"abandoned"`
	Cut        int `json:"cut"`
	Nowhere    int `json:"ringing_nowhere"`
	DoubleRung int `json:"double_rung"`
	OnOld      int `json:"on_old"`
	OnNew      int `json:"on_new"`
	// Forwarded went through the old system to the new one, which took them.
	Forwarded int `json:"forwarded"`
}

// countCalls joins what both systems and the SBC know of each call.
func (t *truth) countCalls(ctx context.Context) (calls, error) {
	onOld, err := t.old.Calls(ctx)
	if err != nil {
		return calls{}, err
	}
	onNew, err := t.new.Calls(ctx)
	if err != nil {
		return calls{}, err
	}
	n := calls{OnOld: len(onOld), OnNew: len(onNew)}
	ring, taken := map[string]int{}, map[string]bool{}
	for _, c := range onNew {
		taken[c.ID] = true
	}
	for _, c := range slices.Concat(onOld, onNew) {
		switch {
		case c.State == sim.Cut:
			n.Cut++
		case c.ForwardedBy != "": // it counts where it went
			if taken[c.ID] {
				n.Forwarded++
			}
		case !c.Answered.IsZero():
			n.Answered++
		case c.State == sim.Abandoned:
			n.Abandoned++
		}
		if !c.Rang.IsZero() {
			ring[c.ID]++
		}
	}
	for _, rang := range ring {
		if rang > 1 {
			n.DoubleRung++
		}
	}
	t.sbc.mu.Lock()
	defer t.sbc.mu.Unlock()
	n.Total = len(t.sbc.delivery)
	for _, d := range t.sbc.delivery {
		switch {
		case d.Refused == "busy":
			n.Busy++
		case d.Refused != "":
			n.Nowhere++
		}
	}
	return n, nil
}

// differing lists the employees whose standing is not what it was.
func differing(before, now map[string]standing) []string {
	var ids []string
	for id, was := range before {
		if !same(was, now[id]) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// same compares two standings, whatever the order in which queues list members.
func same(a, b standing) bool {
	order := func(m []sim.Member) []sim.Member {
		return slices.SortedFunc(slices.Values(m), func(x, y sim.Member) int {
			return cmp.Or(strings.Compare(x.Label, y.Label), strings.Compare(x.Device, y.Device))
		})
	}
	a.OldQueues, b.OldQueues = order(a.OldQueues), order(b.OldQueues)
	return reflect.DeepEqual(a, b)
}
