package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// offer is a time in which a system rang somebody.
type offer struct {
	leg      calllog.LegID
	from, to time.Time
}

// sameOffer is how long two systems must have rang somebody at the same time: no
// two clocks agree better.
const sameOffer = 2 * time.Second

// doubleOffers counts how often both systems rang one of the stage's people at the
// same time. While a person is being switched their calls may go to both; such
// ringing is not counted.
func (g *Measures) doubleOffers(ctx context.Context, s plan.Systems, m rollout.Measure) (rollout.Reading, error) {
	r := rollout.Reading{Source: fmt.Sprintf("call logs of %s and %s, and the journal", s.Old, s.New)}
	crew, err := g.Compare.crew(ctx, m)
	if err != nil {
		return r, err
	}
	offers := map[dualtone.Side]map[dualtone.PersonID][]offer{}
	for side, system := range map[dualtone.Side]string{dualtone.Old: s.Old, dualtone.New: s.New} {
		account := map[dualtone.UserID]dualtone.PersonID{}
		for _, p := range crew {
			account[p.Accounts.On(side)] = p.ID
		}
		delete(account, "")
		offers[side] = map[dualtone.PersonID][]offer{}
		err := g.Log.each(ctx, calllog.LegQuery{System: system, From: m.From, To: m.To}, func(l *calllog.Leg) {
			if o, rang := offerOf(l); rang && account[l.Agent] != "" {
				r.Samples++
				offers[side][account[l.Agent]] = append(offers[side][account[l.Agent]], o)
			}
		})
		if err != nil {
			return r, wrap(err, "call log of %s", system)
		}
	}
	if r.Samples == 0 {
		r.Missing = "no call that is recorded rang any of the stage's people"
		return r, nil
	}
	for _, p := range crew {
		for _, twice := range overlaps(offers[dualtone.Old][p.ID], offers[dualtone.New][p.ID]) {
			during, err := g.switched(ctx, p.ID, twice.at)
			if err != nil {
				return r, err
			}
			if during {
				continue
			}
			r.Value++
			r.Differences = append(r.Differences, rollout.Difference{
				Key: fmt.Sprintf("%s %s", p.ID, twice.at.UTC().Format(time.RFC3339)),
				Old: "rang for " + twice.old.Record, New: "rang for " + twice.new.Record,
			})
		}
	}
	return r, nil
}

// offerOf is when a leg rang its agent; false where it did not, or where its record
// does not tell ringing from waiting in a queue.
func offerOf(l *calllog.Leg) (offer, bool) {
	o := offer{leg: l.LegID, from: l.Started.Add(l.Wait), to: l.Ended}
	if !l.Answered.IsZero() {
		o.to = l.Answered
	}
	switch {
	case l.Agent == "", l.Direction == calllog.Outbound, l.Disposition == calllog.Deflected:
		return o, false
	case l.Ring > 0:
		o.from = o.to.Add(-l.Ring)
	case l.Queue != "" && l.Wait == 0:
		return o, false
	}
	return o, o.from.Before(o.to)
}

// twice is a moment at which two legs rang the same person.
type twice struct {
	at       time.Time
	old, new calllog.LegID
}

// overlaps finds the offers of both sides that were made at the same time; both are
// in the order of their starts.
func overlaps(before, after []offer) []twice {
	var all []twice
	for _, o := range before {
		for _, n := range after {
			from, to := latest(o.from, n.from), o.to
			if n.to.Before(to) {
				to = n.to
			}
			if to.Sub(from) >= sameOffer {
				all = append(all, twice{from, o.leg, n.leg})
			}
		}
	}
	return all
}

// switched reports whether a person was being switched at a moment.
func (g *Measures) switched(ctx context.Context, id dualtone.PersonID, at time.Time) (bool, error) {
	entries, err := g.Compare.User.Switches.Journal(ctx, cutover.JournalQuery{Person: id, Kind: cutover.Reached})
	if err != nil {
		return false, wrap(err, "journal of %s", id)
	}
	last := map[cutover.SwitchID]cutover.State{}
	for _, e := range entries {
		if !e.At.After(at) {
			last[e.Switch] = e.State
		}
	}
	for _, state := range last {
		if !state.Final() {
			return true, nil
		}
	}
	return false, nil
}

// crew are the people of the stage that is measured.
func (c *Comparison) crew(ctx context.Context, m rollout.Measure) ([]dualtone.Person, error) {
	people, err := cutover.Everybody(ctx, c.User.People, cutover.PeopleQuery{})
	if err != nil {
		return nil, err
	}
	users, err := c.Crew.Users(ctx, rollout.UserQuery{Plan: m.Plan, Stage: m.Stage})
	if err != nil {
		return nil, err
	}
	in := make(map[dualtone.PersonID]bool, len(users))
	for _, u := range users {
		in[u.Person] = true
	}
	var crew []dualtone.Person
	for i := range people {
		if in[people[i].ID] {
			crew = append(crew, people[i].Person)
		}
	}
	return crew, nil
}
