package pages

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

// closedMonth is a month that was closed or opened again.
type closedMonth struct {
	cost.Closing

	last bool // of its plan, so that it can be opened again
}

// months lists what was done to months, newest first.
func (d *Desk) months(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	all, err := d.Months.List(r.Context(), q.text("plan"))
	if err != nil {
		return nil, err
	}
	last := map[string]finance.Month{}
	byPlan := map[string][]cost.Closing{}
	for _, c := range all {
		byPlan[c.Plan] = append(byPlan[c.Plan], c)
	}
	for name, of := range byPlan {
		if closed := cost.Closed(of); len(closed) > 0 {
			last[name] = closed[len(closed)-1].Month
		}
	}
	var shown []closedMonth
	told := map[string]bool{} // plans of which the last closed month was shown
	for _, c := range slices.Backward(all) {
		is := c.Kind == cost.Close && last[c.Plan] == c.Month && !told[c.Plan]
		told[c.Plan] = told[c.Plan] || is
		shown = append(shown, closedMonth{c, is})
	}
	month := finance.MonthOf(d.Now().UTC()) - 1
	if name := q.text("plan"); last[name] != 0 {
		month = last[name] + 1
	}
	return monthsPage(p, q, shown, month), nil
}

// monthOrder reads which month is meant.
func monthOrder(r *http.Request) (cost.ClosingKind, control.MonthOrder, error) {
	o := control.MonthOrder{Plan: strings.TrimSpace(r.FormValue("plan"))}
	kind := cost.ClosingKind(r.FormValue("do"))
	if kind != cost.Close && kind != cost.Reopen {
		return kind, o, fmt.Errorf("do %q: want close or reopen: %w", kind, dualtone.ErrInvalid)
	}
	var err error
	if o.Month, err = finance.ParseMonth(r.FormValue("month")); err != nil {
		return kind, o, err
	}
	if text := r.FormValue("known_at"); text != "" {
		if o.KnownAt, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return kind, o, fmt.Errorf("known_at %q: want what the preview said: %w", text, dualtone.ErrInvalid)
		}
	}
	return kind, o, nil
}

// previewMonth shows what closing a month, or opening it again, is going to do.
func (d *Desk) previewMonth(r *http.Request, p page) (templ.Component, error) {
	kind, o, err := monthOrder(r)
	if err != nil {
		return nil, err
	}
	found, err := d.Months.Preview(r.Context(), kind, o)
	if several, ok := errors.AsType[*cost.SeveralError](err); ok {
		plans, unread := d.Plans.Store.Plans(r.Context(), rollout.PlanQuery{Limit: mostOffered})
		if unread != nil {
			return nil, unread
		}
		o.Plan = meant(plans, several.Plans)
		found, err = d.Months.Preview(r.Context(), kind, o)
	}
	found.Kind = kind
	if errors.Is(err, dualtone.ErrConflict) {
		return monthPage(p, found, monthButton(p.viewer, found, dualtone.Said(err)), false), nil
	}
	if err != nil {
		return nil, err
	}
	return monthPage(p, found, monthButton(p.viewer, found, ""), true), nil
}

// monthButton does what was looked at, and nothing else: once more has become
// known, it is to be looked at again.
func monthButton(v Viewer, m control.MonthPreview, why string) button {
	b := button{
		id: "month", text: "Close " + m.Month.String(), class: "go", to: "/reports/months", reason: true,
		effect: fmt.Sprintf("The figures of %s stay as they are for ever: %d seat-days, %s paid twice. What becomes known later stands in the next month, as a correction. %d charges have no invoice yet.",
			m.Month, m.Figures.SeatDays, m.Figures.Overlap, m.Figures.Unbilled),
		hidden: []hidden{{"plan", m.Plan}, {"month", m.Month.String()}, {"do", string(m.Kind)}, {"known_at", m.KnownAt.Format(time.RFC3339Nano)}},
	}
	if m.Kind == cost.Reopen {
		b.text, b.class = "Reopen "+m.Month.String(), "danger"
		b.effect = "The figures follow what is known again. What was closed stays readable as it was."
		if m.Reopened != nil {
			b.effect = fmt.Sprintf("The month goes from %s paid twice to %s, as far as is known now. What was closed stays readable as it was.", m.Figures.Overlap, m.Reopened.Overlap)
		}
	}
	if b.refused = v.refusal(access.ReportClose); b.refused == "" {
		b.refused = why
	}
	return b
}

// closeMonth closes a month or opens it again.
func (d *Desk) closeMonth(r *http.Request, p page) (templ.Component, error) {
	kind, o, err := monthOrder(r)
	if err != nil {
		return nil, err
	}
	r, _, err = d.enter(r, access.ReportClose, "month/"+o.Plan+"/"+o.Month.String())
	if err != nil {
		return nil, err
	}
	if o.Why, err = whyOf(r, p.viewer); err != nil {
		return nil, err
	}
	do, told := d.Months.Close, "is closed. Its figures stay."
	if kind == cost.Reopen {
		do, told = d.Months.Reopen, "is open again."
	}
	done, err := do(r.Context(), o)
	if err != nil {
		return nil, err
	}
	return nil, done303("/reports/months?"+url.Values{"plan": {done.Plan}}.Encode(), fmt.Sprintf("%s of plan %s %s", done.Month, done.Plan, told))
}

// reportOf leads to the report of a month as it was closed.
func reportOf(c cost.Closing) templ.SafeURL {
	return templ.SafeURL("/reports/cost/overlap?" + url.Values{
		"plan": {c.Plan}, "month": {c.Month.String()}, "as_of": {c.Month.Last().String()}, "known_at": {c.KnownAt.Format(time.RFC3339Nano)},
	}.Encode())
}

// previewOf leads to what an order to a month would do.
func previewOf(c cost.Closing, kind cost.ClosingKind) templ.SafeURL {
	return templ.SafeURL("/reports/months/preview?" + url.Values{"plan": {c.Plan}, "month": {c.Month.String()}, "do": {string(kind)}}.Encode())
}
