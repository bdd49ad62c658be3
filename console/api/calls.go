package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/account"
	"github.com/dualtone/dualtone/calllog/reconcile"
)

// Calls is the call log.
type Calls interface {
	Legs(ctx context.Context, q calllog.LegQuery) ([]calllog.Kept, error)
	Leg(ctx context.Context, at calllog.Place) (calllog.Kept, error)
	Versions(ctx context.Context, at calllog.Place) ([]calllog.Kept, error)
	calllog.Supplements
	calllog.Quarantine
}

// Stitches is which legs are one call, and what the CRM says of them.
type Stitches interface { //nolint:interfacebloat // calls, what is doubted of them, and what people said
	Call(ctx context.Context, id calllog.CallID) (calllog.Call, error)
	CallOf(ctx context.Context, leg calllog.Place) (calllog.Call, error)
	Find(ctx context.Context, leg calllog.LegID) (calllog.Place, error)
	Ambiguous(ctx context.Context, q calllog.AmbiguousQuery) ([]calllog.Ambiguity, error)
	Moves(ctx context.Context, id calllog.CallID) ([]calllog.Change, error)
	calllog.Rulings
	Clocks(ctx context.Context, from, to time.Time) ([]calllog.Clock, error)
	Kept(ctx context.Context, q reconcile.Query) (reconcile.Reconciled, error)
	reconcile.Words
	calllog.Stitches
}

func (a *API) callLog() {
	read(a, get("list-legs", "/legs", access.CallRead, "Legs of calls, the latest first; numbers of people outside are masked"), a.legs)
	read(a, get("list-leg-versions", "/legs/versions", access.CallRead, "Every version of a leg"), a.versions)
	read(a, get("get-call", "/calls/{call}", access.CallRead, "One call, its legs and why they are one"), a.call)
	read(a, get("get-reconciliation", "/reconciliations/{day}", access.CallRead, "A day's comparison with the CRM, as it is kept"), a.reconciled)
	write(a, post("reconcile-day", "/reconciliations/{day}", access.CallRepair, "Read the CRM's log of a day again and compare anew").lasting(), a.reconcileDay)
	write(a, post("explain-call", "/reconciliations/{day}/explanations", access.CallDecide, "Say why a difference from the CRM is none that matters, or take that back").storedAtOnce(), a.explainCall)
}

type legList struct {
	Paging

	System      string              `query:"system" maxLength:"100"`
	From        string              `query:"from" maxLength:"40" doc:"Started at this day or time or later"`
	To          string              `query:"to" maxLength:"40" doc:"Started before"`
	Number      dualtone.Number     `query:"number" maxLength:"40"`
	Agent       dualtone.UserID     `query:"agent" maxLength:"200"`
	Queue       dualtone.QueueID    `query:"queue" maxLength:"200"`
	Site        string              `query:"site" maxLength:"200"`
	Direction   calllog.Direction   `query:"direction" enum:"inbound,outbound,internal"`
	Disposition calllog.Disposition `query:"disposition" maxLength:"40"`
	Call        string              `query:"call" maxLength:"300" doc:"The system's own key of a call"`
	Oldest      bool                `query:"oldest"`
}

func (a *API) legs(ctx context.Context, in *legList) (*Page[calllog.Kept], error) {
	from, err := moment("from", in.From)
	if err != nil {
		return nil, err
	}
	to, err := moment("to", in.To)
	if err != nil {
		return nil, err
	}
	after, err := place(in.After)
	if err != nil {
		return nil, err
	}
	found, err := a.Calls.Legs(ctx, calllog.LegQuery{
		System: in.System, From: from, To: to, Number: in.Number, Agent: in.Agent, Queue: in.Queue, Site: in.Site,
		Direction: in.Direction, Disposition: in.Disposition, Call: in.Call, Oldest: in.Oldest, After: after, Limit: in.more(),
	})
	for i := range found {
		found[i].Mask()
	}
	return paged("/legs", in.Paging, found, err, func(k calllog.Kept) string { return k.Place().Name() })
}

func place(text string) (calllog.Place, error) {
	if text == "" {
		return calllog.Place{}, nil
	}
	started, leg, _ := strings.Cut(text, "/")
	at, err := time.Parse(time.RFC3339Nano, started)
	if err != nil {
		return calllog.Place{}, invalid("after is no place of such a list")
	}
	id, err := legID(leg)
	return calllog.Place{Started: at, LegID: id}, err
}

func legID(text string) (calllog.LegID, error) {
	system, record, ok := strings.Cut(text, "/")
	if !ok || system == "" || record == "" {
		return calllog.LegID{}, invalid("a leg is named as SYSTEM/RECORD")
	}
	return calllog.LegID{System: system, Record: record}, nil
}

type oneLeg struct {
	Paging

	Leg string `query:"leg" required:"true" maxLength:"300" doc:"SYSTEM/RECORD"`
}

func (a *API) versions(ctx context.Context, in *oneLeg) (*Page[calllog.Kept], error) {
	id, err := legID(in.Leg)
	if err != nil {
		return nil, err
	}
	at, err := a.Stitches.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	found, err := a.Calls.Versions(ctx, at)
	for i := range found {
		found[i].Mask()
	}
	return cut("/legs/versions", in.Paging, found, err, func(k calllog.Kept) string { return strconv.Itoa(k.Version) })
}

// Call is a call with its legs.
type Call struct {
	calllog.Call

	Legs  []calllog.Kept   `json:"legs"`
	Moves []calllog.Change `json:"moves,omitempty" doc:"What was decided otherwise before"`
}

type oneCall struct {
	Call string `path:"call" maxLength:"300" doc:"The call's name, or one of its legs as SYSTEM/RECORD"`
}

func (a *API) call(ctx context.Context, in *oneCall) (*body[Call], error) {
	found, err := a.findCall(ctx, in.Call)
	if err != nil {
		return nil, err
	}
	out := Call{Call: found, Legs: []calllog.Kept{}}
	for _, m := range found.Members {
		leg, err := a.Calls.Leg(ctx, calllog.Place{Started: m.Started, LegID: m.Leg})
		if dualtone.Kind(err) == "not_found" {
			leg.LegID, leg.Started = m.Leg, m.Started // gone since the day was stitched
		} else if err != nil {
			return nil, err
		}
		leg.Mask()
		out.Legs = append(out.Legs, leg)
	}
	out.Moves, err = a.Stitches.Moves(ctx, found.ID)
	out.maskReasons()
	return bodyOf(out, err)
}

// maskReasons masks the numbers in the reasons for which legs are one call: keys
// hold some, and people write them.
func (c *Call) maskReasons() {
	for i := range c.Members {
		c.Members[i].Join.Why = calllog.MaskText(c.Members[i].Join.Why)
	}
	for i := range c.Moves {
		c.Moves[i].Why = calllog.MaskText(c.Moves[i].Why)
	}
}

func (a *API) findCall(ctx context.Context, name string) (calllog.Call, error) {
	call, err := a.Stitches.Call(ctx, calllog.CallID(name))
	if dualtone.Kind(err) != "not_found" {
		return call, err
	}
	leg, wrong := legID(name)
	if wrong != nil {
		return call, err
	}
	at, err := a.Stitches.Find(ctx, leg)
	if err != nil {
		return call, err
	}
	return a.Stitches.CallOf(ctx, at)
}

type reconciledDay struct {
	Paging

	DayPath

	User    dualtone.UserID   `query:"user" maxLength:"200" doc:"Only this person, by their id or by that of their user in the CRM"`
	Verdict reconcile.Verdict `query:"verdict" enum:"both,phone_only,crm_only,differs"`
	Open    bool              `query:"open" doc:"Only differences that nothing explains"`
}

// DayPath names a day in a path.
type DayPath struct {
	Day string `path:"day" maxLength:"10" doc:"The day, UTC"`
}

func (p DayPath) day() (time.Time, error) {
	day, err := time.Parse(time.DateOnly, p.Day)
	if err != nil {
		return day, invalid("a day is written as 2027-02-10")
	}
	return day, nil
}

type dayOrder struct {
	DayPath

	Body ScheduleOrder
}

func (o *dayOrder) asked() (string, Why) { return "reconciliation/" + o.Day, o.Body.Why }

func (a *API) reconcileDay(ctx context.Context, in *dayOrder, _ access.Role) (*body[reconcile.Reconciled], error) {
	day, err := in.day()
	if err != nil {
		return nil, err
	}
	if !in.Body.DryRun {
		if err := a.Compare(ctx, day); err != nil {
			return nil, err
		}
	}
	return bodyOf(a.Stitches.Kept(ctx, reconcile.Query{Day: day, OpenOnly: true, Limit: reconciledItems}))
}

// CallExplained is what somebody says of a difference.
type CallExplained struct {
	Why

	Leg      string `json:"leg,omitempty" maxLength:"300" doc:"The leg, SYSTEM/RECORD; missing where only the CRM has the call"`
	CRM      string `json:"crm,omitempty" maxLength:"100" doc:"The record in the CRM; missing where only the phone system has the call"`
	Withdraw bool   `json:"withdraw,omitempty" doc:"Take back what was said, so that it is open again"`
	DryRun   bool   `json:"dry_run,omitempty" doc:"Say what would become of it, and keep nothing"`
}

type callExplained struct {
	DayPath

	Body CallExplained
}

func (o *callExplained) asked() (string, Why) { return "reconciliation/" + o.Day, o.Body.Why }

func (a *API) explainCall(ctx context.Context, in *callExplained, _ access.Role) (*body[reconcile.Item], error) {
	day, err := in.day()
	if err != nil {
		return nil, err
	}
	w := reconcile.Word{
		Said: reconcile.Said{Actor: by(ctx, in.Body.Why).Actor, Reason: in.Body.Reason, At: a.Now()},
		Day:  day, CRM: in.Body.CRM, Withdraw: in.Body.Withdraw, Dry: in.Body.DryRun,
	}
	if in.Body.Leg != "" {
		if w.Phone, err = legID(in.Body.Leg); err != nil {
			return nil, err
		}
	}
	return bodyOf(a.Stitches.Say(ctx, w))
}

// reconciledItems are how many open differences a comparison tells at once.
const reconciledItems = 100

// ReconciledPage is a day's comparison with some of its calls. Next continues them;
// empty at the end.
type ReconciledPage struct {
	reconcile.Reconciled

	Next string `json:"next"`
}

type reconciledPage struct {
	Link string `header:"Link" doc:"The next page, rel=next; missing at the end"`
	Body ReconciledPage
}

func (a *API) reconciled(ctx context.Context, in *reconciledDay) (*reconciledPage, error) {
	day, err := in.day()
	if err != nil {
		return nil, err
	}
	after, err := in.number()
	if err != nil {
		return nil, err
	}
	q := reconcile.Query{
		Day: day, User: in.User, Verdict: in.Verdict, OpenOnly: reconcile.OpenOnly(in.Open), After: int(after), Limit: in.more(),
	}
	if p, err := a.People.Person(ctx, dualtone.PersonID(in.User)); err == nil {
		q.User = p.Accounts.CRM
	}
	kept, err := a.Stitches.Kept(ctx, q)
	position := q.After
	items, err := paged("/reconciliations/"+in.Day, in.Paging, kept.Items, err, func(reconcile.Item) string { return strconv.Itoa(position + in.Limit) })
	if err != nil {
		return nil, err
	}
	kept.Items = items.Body.Items
	return &reconciledPage{Link: items.Link, Body: ReconciledPage{Reconciled: kept, Next: items.Body.Next}}, nil
}

// Accounting is what became of every attempt of a time.
type Accounting struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	account.Accounting
}
