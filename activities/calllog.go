package activities

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/account"
	"github.com/dualtone/dualtone/report"
)

// CallLog is the unified call log as plans look at it.
type CallLog struct {
	Legs    calllog.Log
	Rollups report.Rollups
	Border  Border
	// Records bring the log up to date before it is looked at; nil takes it as it is.
	Records Catcher
	// Sides says on which side each system is.
	Sides map[string]dualtone.Side
}

// Border knows the calls that reached the company, and what the log holds of them.
type Border interface {
	calllog.Attempts
	// Joined lists legs with the calls that they belong to.
	Joined(ctx context.Context, from, to time.Time) ([]calllog.Joined, error)
}

// Catcher brings into the log what systems recorded.
type Catcher interface {
	// CatchUp reads a system's records up to the newest. False where no connector
	// hands them over, so that the log may be behind.
	CatchUp(ctx context.Context, system string) (bool, error)
}

func (l *CallLog) catchUp(ctx context.Context, system string) (bool, error) {
	if l.Records == nil {
		return false, nil
	}
	return l.Records.CatchUp(ctx, system)
}

// quarter is by what sums are kept.
const quarter = 15 * time.Minute

// figures sums up what a system did in a time: whole quarter hours are summed up
// already, of those that are cut the legs are looked at.
func (l *CallLog) figures(ctx context.Context, system string, from, to time.Time) (report.Figures, error) {
	first, last := from.Truncate(quarter), to.Truncate(quarter)
	if first.Before(from) {
		first = first.Add(quarter)
	}
	if !first.Before(last) {
		return l.counted(ctx, system, from, to)
	}
	sum, err := l.counted(ctx, system, from, first)
	if err != nil {
		return sum, err
	}
	tail, err := l.counted(ctx, system, last, to)
	if err != nil {
		return sum, err
	}
	sum.Add(&tail)
	answer, err := l.Rollups.Sums(ctx, report.Ask{Times: []time.Time{first, last}, Facet: report.ByQueue})
	for i := range answer.Sums {
		if s := &answer.Sums[i]; s.System == system && !s.Once {
			sum.Add(s.Figures)
		}
	}
	return sum, err
}

// counted sums up the legs of a time.
func (l *CallLog) counted(ctx context.Context, system string, from, to time.Time) (report.Figures, error) {
	var sum report.Figures
	err := l.each(ctx, calllog.LegQuery{System: system, From: from, To: to}, func(leg *calllog.Leg) {
		f := report.Of(leg)
		sum.Add(&f)
	})
	return sum, err
}

// each goes over the legs that a query selects, oldest first.
func (l *CallLog) each(ctx context.Context, q calllog.LegQuery, do func(*calllog.Leg)) error {
	if !q.From.Before(q.To) {
		return nil
	}
	q.Oldest, q.Limit = true, 5000
	for {
		page, err := l.Legs.Legs(ctx, q)
		if err != nil {
			return err
		}
		for i := range page {
			do(&page[i].Leg)
		}
		if len(page) < q.Limit {
			return nil
		}
		q.After = page[len(page)-1].Place()
	}
}

// around is how far the border's clock and a system's may be apart.
const around = 10 * time.Minute

// Account books the attempts of a time under what became of them: those to some
// numbers, or all where none are named.
func (l *CallLog) Account(ctx context.Context, numbers map[dualtone.Number]bool, from, to time.Time) (account.Accounting, error) {
	var attempts []calllog.Attempt
	for attempt, err := range l.Border.Attempts(ctx, from, to) {
		if err != nil {
			return account.Accounting{}, err
		}
		if numbers == nil || numbers[attempt.Number] {
			attempts = append(attempts, attempt)
		}
	}
	legs, err := l.Border.Joined(ctx, from.Add(-around), to.Add(around))
	return account.Of(attempts, l.calls(legs)), err
}

func (l *CallLog) calls(legs []calllog.Joined) []account.Call {
	byID := map[calllog.CallID]int{}
	var all []account.Call
	for _, leg := range legs {
		n, ok := byID[leg.StitchedTo]
		if !ok {
			n = len(all)
			byID[leg.StitchedTo] = n
			all = append(all, account.Call{ID: leg.StitchedTo})
		}
		all[n].Legs = append(all[n].Legs, account.Leg{Trace: leg.Trace, Side: l.Sides[leg.System]})
	}
	return all
}
