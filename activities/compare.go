package activities

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/reconcile"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Comparison holds what dualtone knows against what the systems say: people one
// by one, and calls one by one.
type Comparison struct {
	// User reads everything about a person.
	User *User
	Crew rollout.Crew
	Log  *CallLog
	Days reconcile.Store
	Now  func() time.Time
}

// crmLag is how long after a call the CRM may take to have its record.
const crmLag = 15 * time.Minute

// calls compares the call log with the CRM's own for the days of a time, and reads
// which share of the calls of a stage's people nothing explains.
func (c *Comparison) calls(ctx context.Context, m rollout.Measure) (rollout.Reading, error) {
	r := rollout.Reading{Source: "the call log and the log of " + c.User.CRM.Name}
	if c.User.CRM.CallLog == nil {
		r.Missing = c.User.CRM.Name + " has no log of calls"
		return r, nil
	}
	people, err := cutover.Everybody(ctx, c.User.People, cutover.PeopleQuery{})
	if err != nil {
		return r, err
	}
	staff, err := c.staff(ctx, m, people)
	if err != nil {
		return r, err
	}
	for day := calllog.Day(m.From); day.Before(m.To); day = day.AddDate(0, 0, 1) {
		found, err := c.Day(ctx, day, people)
		if err != nil {
			return r, err
		}
		for i := range found.Items {
			item := &found.Items[i]
			if !staff[item.User] || item.At.Before(m.From) || item.At.After(m.To.Add(-crmLag)) {
				continue
			}
			r.Samples++
			if item.Verdict != reconcile.Both {
				r.Differences = append(r.Differences, difference(item))
			}
		}
	}
	if r.Samples == 0 {
		r.Missing = "no calls of the stage's people that both logs should have by now"
		return r, nil
	}
	r.Value = float64(open(r.Differences)) / float64(r.Samples)
	return r, nil
}

func difference(i *reconcile.Item) rollout.Difference {
	d := rollout.Difference{Key: i.Phone.Record, Explanation: i.Why}
	if d.Key == "" {
		d.Key = i.CRM
	}
	switch i.Verdict {
	case reconcile.PhoneOnly:
		d.Old, d.New = "in the call log", "not in the CRM"
	case reconcile.CRMOnly:
		d.Old, d.New = "not in the call log", "in the CRM"
	default:
		d.Old = i.What
	}
	return d
}

// staff are the CRM's users who are people of a stage.
func (c *Comparison) staff(ctx context.Context, m rollout.Measure, people []cutover.PersonState) (map[dualtone.UserID]bool, error) {
	of := map[dualtone.PersonID]dualtone.UserID{}
	for _, p := range people {
		of[p.ID] = p.Accounts.CRM
	}
	users, err := c.Crew.Users(ctx, rollout.UserQuery{Plan: m.Plan, Stage: m.Stage})
	staff := map[dualtone.UserID]bool{}
	for _, u := range users {
		if id := of[u.Person]; id != "" {
			staff[id] = true
		}
	}
	return staff, err
}

// Day compares the call log of a day with the CRM's own, and keeps what comes of
// it. Both are read for some hours more than the day.
func (c *Comparison) Day(ctx context.Context, day time.Time, people []cutover.PersonState) (reconcile.Reconciled, error) {
	for system := range c.Log.Sides {
		if _, err := c.Log.catchUp(ctx, system); err != nil {
			return reconcile.Reconciled{}, err
		}
	}
	from, to := day.Add(-calllog.StitchReach), day.Add(24*time.Hour+calllog.StitchReach)
	var logged []dualtone.LoggedCall
	for call, err := range c.User.CRM.CallLog.Calls(ctx, from, to) {
		if err != nil {
			return reconcile.Reconciled{}, wrap(err, "log of %s", c.User.CRM.Name)
		}
		logged = append(logged, call)
	}
	legs, err := c.Log.Border.Joined(ctx, from, to)
	if err != nil {
		return reconcile.Reconciled{}, err
	}
	r := reconcile.Day(day, c.handled(legs, people), logged)
	r.Made = c.Now()
	return r, c.Days.Keep(ctx, r)
}

// handled are the legs that agents had, with their users in the CRM.
func (c *Comparison) handled(legs []calllog.Joined, people []cutover.PersonState) []reconcile.Handled {
	users := map[dualtone.Side]map[dualtone.UserID]dualtone.UserID{dualtone.Old: {}, dualtone.New: {}}
	for _, p := range people {
		users[dualtone.Old][p.Accounts.Old] = p.Accounts.CRM
		users[dualtone.New][p.Accounts.New] = p.Accounts.CRM
	}
	var all []reconcile.Handled
	for _, l := range legs {
		if l.Agent == "" {
			continue
		}
		side := c.Log.Sides[l.System]
		all = append(all, reconcile.Handled{Trace: l.Trace, Side: side, User: users[side][l.Agent], StitchedTo: l.StitchedTo})
	}
	return all
}
