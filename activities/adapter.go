package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/reconcile"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/report"
)

// adapterErrors is the share of the calls of a stage's people at which the adapter
// failed, of those for which that is recorded: the screen pop failed, or an agent
// answered and the CRM has no record of the call, with nothing to explain it.
func (g *Measures) adapterErrors(ctx context.Context, system string, m rollout.Measure) (rollout.Reading, error) {
	crm := g.Compare.User.CRM
	r := rollout.Reading{Source: fmt.Sprintf("call log of %s and the log of %s", system, crm.Name)}
	crew, err := g.Compare.crew(ctx, m)
	if err != nil {
		return r, err
	}
	side := g.Log.Sides[system]
	agents := map[dualtone.UserID]bool{}
	for _, p := range crew {
		agents[p.Accounts.On(side)] = true
	}
	delete(agents, "")
	failed := map[string]string{} // what failed, by the record of the leg; empty for nothing
	err = g.Log.each(ctx, calllog.LegQuery{System: system, From: m.From, To: m.To}, func(l *calllog.Leg) {
		if l.Pop == "" || !agents[l.Agent] {
			return
		}
		failed[l.Record] = ""
		if l.Pop == calllog.PopFail {
			failed[l.Record] = "the screen pop failed"
		}
	})
	if err != nil {
		return r, wrap(err, "call log of %s", system)
	}
	if crm.CallLog != nil {
		if err := g.unlogged(ctx, side, agents, m, failed); err != nil {
			return r, err
		}
	}
	for _, record := range slices.Sorted(maps.Keys(failed)) {
		if what := failed[record]; what != "" {
			r.Value++
			r.Differences = append(r.Differences, rollout.Difference{Key: record, New: what})
		}
	}
	if r.Samples = len(failed); r.Samples == 0 {
		r.Missing = "no call of the stage's people of which the screen pop or the CRM's record is known by now"
		return r, nil
	}
	r.Value /= float64(r.Samples)
	return r, nil
}

// unlogged notes the calls that an agent answered and that the CRM has no record of.
func (g *Measures) unlogged(ctx context.Context, side dualtone.Side, agents map[dualtone.UserID]bool, m rollout.Measure, failed map[string]string) error {
	people, err := cutover.Everybody(ctx, g.Compare.User.People, cutover.PeopleQuery{})
	if err != nil {
		return err
	}
	staff := map[dualtone.UserID]bool{}
	for _, p := range people {
		if agents[p.Accounts.On(side)] && p.Accounts.CRM != "" {
			staff[p.Accounts.CRM] = true
		}
	}
	for day := calllog.Day(m.From); day.Before(m.To); day = day.AddDate(0, 0, 1) {
		found, err := g.Compare.Day(ctx, day, people)
		if err != nil {
			return err
		}
		for i := range found.Items {
			item := &found.Items[i]
			inTime := !item.At.Before(m.From) && !item.At.After(m.To.Add(-crmLag))
			if item.Side != side || item.Phone.Record == "" || !staff[item.User] || !inTime || item.Why != "" {
				continue
			}
			if item.Verdict == reconcile.PhoneOnly {
				failed[item.Phone.Record] = strings.TrimPrefix(failed[item.Phone.Record]+"; answered, and not in the CRM", "; ")
			} else if _, known := failed[item.Phone.Record]; !known {
				failed[item.Phone.Record] = ""
			}
		}
	}
	return nil
}

// unmapped counts the rows of a system's records that wait in quarantine because
// nobody has said what their word for how a call ended means.
func (g *Measures) unmapped(ctx context.Context, system string, m rollout.Measure) (rollout.Reading, error) {
	r := rollout.Reading{Source: "call log of " + system + " and its quarantine"}
	words := map[string]int{}
	for q := (calllog.QuarantineQuery{System: system, State: calllog.Waiting, Text: calllog.UnknownEnd, Limit: 1000}); ; {
		page, err := g.Quarantine.Quarantined(ctx, q)
		if err != nil {
			return r, wrap(err, "quarantine of %s", system)
		}
		for i := range page {
			row := &page[i]
			if row.Fault.Untranslated() && !row.At.Before(m.From) && row.At.Before(m.To) {
				words[row.Fault.Value]++
				r.Samples++
			}
		}
		if len(page) < q.Limit {
			break
		}
		q.After = page[len(page)-1].ID
	}
	sum, err := g.Log.counted(ctx, system, m.From, m.To)
	if err != nil {
		return r, wrap(err, "call log of %s", system)
	}
	for _, word := range slices.Sorted(maps.Keys(words)) {
		r.Value++
		r.Differences = append(r.Differences, rollout.Difference{Key: word, New: fmt.Sprintf("stands in %d rows in quarantine; nobody has said what it means", words[word])})
	}
	if r.Samples += int(sum[report.Legs]); r.Samples == 0 {
		r.Missing = "no calls on " + system
	}
	return r, nil
}
