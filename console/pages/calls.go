package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/reconcile"
	"github.com/dualtone/dualtone/console/chart"
)

// Calls is what systems recorded of calls, and apart from them.
type Calls interface {
	calllog.Log
	calllog.Supplements
}

// Book is the call log as pages read it.
type Book interface {
	Stitched
	calllog.Rulings
	// Ambiguous lists legs that fit several calls.
	Ambiguous(ctx context.Context, q calllog.AmbiguousQuery) ([]calllog.Ambiguity, error)
	// Kept returns how a day compared with the CRM's own log.
	Kept(ctx context.Context, q reconcile.Query) (reconcile.Reconciled, error)
	reconcile.Words
}

// Stitched are calls, and the legs that make them.
type Stitched interface {
	// Call returns a call by its name, or by one that it had before.
	Call(ctx context.Context, id calllog.CallID) (calllog.Call, error)
	// CallOf returns the call that a leg belongs to.
	CallOf(ctx context.Context, leg calllog.Place) (calllog.Call, error)
	Find(ctx context.Context, leg calllog.LegID) (calllog.Place, error)
	// Moves are the legs that came to a call from another one.
	Moves(ctx context.Context, id calllog.CallID) ([]calllog.Change, error)
}

// calls lists legs.
func (d *Desk) calls(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	asked := calllog.LegQuery{
		System: q.text("system"), Number: dualtone.Number(q.text("number")), Agent: dualtone.UserID(q.text("agent")),
		Queue: dualtone.QueueID(q.text("queue")), Site: q.text("site"), Direction: calllog.Direction(q.text("direction")),
		Disposition: calllog.Disposition(q.text("ended")), Limit: perPage + 1,
	}
	var err error
	if asked.From, err = day("from", q.text("from")); err != nil {
		return nil, err
	}
	if asked.To, err = day("to", q.text("to")); err != nil {
		return nil, err
	}
	if !asked.To.IsZero() {
		asked.To = asked.To.AddDate(0, 0, 1)
	}
	if asked.After, err = placeOf(q.text("after")); err != nil {
		return nil, err
	}
	found, err := d.Calls.Legs(r.Context(), asked)
	if err != nil {
		return nil, err
	}
	found, next := cut(q, found, perPage, func(k calllog.Kept) string { return placeText(k.Place()) })
	for i := range found {
		found[i].Mask()
	}
	return callsPage(p, q, found, next), nil
}

func callFilters() []string {
	return []string{"from", "to", "system", "number", "agent", "queue", "site", "direction", "ended"}
}

func day(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, fmt.Errorf("%s %q: want a day such as 2027-02-10: %w", name, text, dualtone.ErrInvalid)
	}
	return t, nil
}

// placeText writes a place so that an address can hold it.
func placeText(p calllog.Place) string {
	return p.Started.UTC().Format(time.RFC3339Nano) + "/" + p.System + "/" + p.Record
}

func placeOf(text string) (calllog.Place, error) {
	if text == "" {
		return calllog.Place{}, nil
	}
	started, leg, _ := strings.Cut(text, "/")
	system, record, _ := strings.Cut(leg, "/")
	at, err := time.Parse(time.RFC3339Nano, started)
	if err != nil || record == "" {
		return calllog.Place{}, fmt.Errorf("after %q: want what the page before said: %w", text, dualtone.ErrInvalid)
	}
	return calllog.Place{Started: at, LegID: calllog.LegID{System: system, Record: record}}, nil
}

// told is a call with what its legs say.
type told struct {
	calllog.Call

	legs  []calllog.Kept
	raw   []string // of each leg, as its system wrote it; empty where that is not shown
	moves []calllog.Change
	line  chart.Timeline
	// whole says that nothing is masked; unmasked and masked are the addresses of
	// this call in either way.
	whole            bool
	unmasked, masked templ.SafeURL
}

// call is the page of one call, by its name or by one of its legs.
func (d *Desk) call(r *http.Request, p page) (templ.Component, error) {
	ctx := r.Context()
	var c told
	var err error
	if id := r.PathValue("call"); id != "" {
		c.Call, err = d.Book.Call(ctx, calllog.CallID(id))
	} else {
		c.Call, err = d.callOfLeg(ctx, calllog.LegID{System: r.FormValue("system"), Record: r.FormValue("record")})
	}
	if err != nil {
		return nil, err
	}
	q := queryOf(r)
	c.unmasked, c.masked = templ.SafeURL(q.with("raw", "1")), templ.SafeURL(q.with("raw", ""))
	c.whole = q.text("raw") != "" && p.viewer.May(access.CallRaw)
	for _, m := range c.Members {
		kept, err := d.Calls.Leg(ctx, calllog.Place{Started: m.Started, LegID: m.Leg})
		switch {
		case errors.Is(err, dualtone.ErrNotFound):
			kept.LegID, kept.Started = m.Leg, m.Started // gone since the day was stitched
		case err != nil:
			return nil, err
		}
		raw := ""
		if c.whole {
			if raw, err = d.rawOf(ctx, kept); err != nil {
				return nil, err
			}
		} else {
			kept.Mask()
		}
		c.legs, c.raw = append(c.legs, kept), append(c.raw, raw)
	}
	if c.whole {
		err := d.Care.Audit(ctx, calllog.AuditEntry{
			Actor: p.viewer.Name, Action: "whole numbers", Reason: "looked at in the console", Detail: map[string]string{"call": string(c.ID)},
		})
		if err != nil {
			return nil, err
		}
	}
	if c.moves, err = d.Book.Moves(ctx, c.ID); err != nil {
		return nil, err
	}
	c.line = ladder(c)
	return callPage(p, c), nil
}

func (d *Desk) callOfLeg(ctx context.Context, leg calllog.LegID) (calllog.Call, error) {
	place, err := d.Book.Find(ctx, leg)
	if err != nil {
		return calllog.Call{}, err
	}
	return d.Book.CallOf(ctx, place)
}

func (d *Desk) rawOf(ctx context.Context, k calllog.Kept) (string, error) {
	raw, err := d.Calls.Raw(ctx, k)
	if errors.Is(err, dualtone.ErrNotFound) {
		return "not kept any more", nil
	}
	return string(raw), err
}

// ladder draws the legs of a call below each other: ringing, talking, on hold.
func ladder(c told) chart.Timeline {
	t := chart.Timeline{ID: "legs", Title: "Legs of the call", Text: "Each leg from its start to its end: waiting and ringing, then talking.", Exact: true}
	for _, l := range c.legs {
		if t.From.IsZero() || l.Started.Before(t.From) {
			t.From = l.Started
		}
		if l.Ended.After(t.To) {
			t.To = l.Ended
		}
		row := chart.Row{Name: l.System}
		answered := l.Answered
		if answered.IsZero() {
			answered = l.Ended
		}
		if answered.After(l.Started) {
			row.Spans = append(row.Spans, chart.Span{From: l.Started, To: answered, Kind: "f-warn", Text: "waiting and ringing"})
		}
		if l.Ended.After(answered) {
			row.Spans = append(row.Spans, chart.Span{From: answered, To: l.Ended, Kind: "f-good", Text: "talking"})
		}
		t.Rows = append(t.Rows, row)
	}
	pad := max(t.To.Sub(t.From)/20, time.Second)
	t.From, t.To = t.From.Add(-pad), t.To.Add(pad)
	return t
}

// reconciled lists what a day of the log and the CRM's own do not agree about.
func (d *Desk) reconciled(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	on, err := day("day", q.text("day"))
	if err != nil {
		return nil, err
	}
	if on.IsZero() {
		on = calllog.Day(d.Now()).AddDate(0, 0, -1)
	}
	passed, _ := strconv.Atoi(q.text("after"))
	found, err := d.Book.Kept(r.Context(), reconcile.Query{
		Day: on, User: dualtone.UserID(q.text("user")), Verdict: reconcile.Verdict(q.text("verdict")),
		OpenOnly: q.text("open") != "", After: passed, Limit: perPage + 1,
	})
	if errors.Is(err, dualtone.ErrNotFound) {
		return reconciledPage(p, q, on, nil, ""), nil
	}
	if err != nil {
		return nil, err
	}
	next := ""
	if len(found.Items) > perPage {
		found.Items, next = found.Items[:perPage], q.with("after", strconv.Itoa(passed+perPage))
	}
	return reconciledPage(p, q, on, &found, next), nil
}

// sayButton says why a difference is none that matters, or takes that back; nothing
// can be said of what a rule explains.
func sayButton(v Viewer, on time.Time, i *reconcile.Item) []button {
	b := button{
		id: "say-" + i.Key()[:12], to: "/calls/reconcile", reason: true, refused: v.refusal(access.CallDecide),
		hidden: []hidden{{"day", on.Format(time.DateOnly)}, {"crm", i.CRM}},
	}
	if i.Phone != (calllog.LegID{}) {
		b.hidden = append(b.hidden, hidden{"leg", legText(i.Phone)})
	}
	switch {
	case i.Said != nil:
		b.text, b.effect = "Take back", "1 difference is open again."
		b.hidden = append(b.hidden, hidden{"withdraw", "1"})
	case i.Open():
		b.text, b.effect = "Explain", "1 difference is open no more, for as long as the same differs. The reason is what explains it."
	default:
		return nil
	}
	return []button{b}
}

// sayOf keeps what somebody says of a difference.
func (d *Desk) sayOf(r *http.Request, p page) (templ.Component, error) {
	on, err := day("day", r.PostFormValue("day"))
	if err != nil {
		return nil, err
	}
	w := reconcile.Word{
		Said: reconcile.Said{Actor: p.viewer.Name, Reason: strings.TrimSpace(r.PostFormValue("reason")), At: d.Now()},
		Day:  on, CRM: r.PostFormValue("crm"), Withdraw: r.PostFormValue("withdraw") != "",
	}
	if leg := r.PostFormValue("leg"); leg != "" {
		if w.Phone, err = legOf(leg); err != nil {
			return nil, err
		}
	}
	r, _, err = d.enter(r, access.CallDecide, "reconciliation/"+on.Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	if _, err := d.Book.Say(r.Context(), w); err != nil {
		return nil, err
	}
	told := "The difference is explained."
	if w.Withdraw {
		told = "What was said of the difference is taken back."
	}
	return nil, done303("/calls/reconcile?day="+on.Format(time.DateOnly), told)
}
