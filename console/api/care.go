package api

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/stitch"
)

func (a *API) care() {
	write(a, post("erase-person", "/log/erase", access.CallErase, "Take one person's numbers and names out of the call log; sums stay").lasting(), a.erase)
	write(a, post("retain-calls", "/log/retain", access.CallErase, "Remove what is older than its retention; sums stay").lasting(), a.retain)
	read(a, get("list-call-care", "/log/audit", access.AuditRead, "Who removed, erased or saw what of the call log, and why, the latest first"), a.cared)
	write(a, post("stitch-calls", "/log/stitch", access.CallRepair, "Put the legs of each call together, wherever legs came since").lasting(), a.stitch)
	read(a, get("list-clocks", "/log/clocks", access.CallRead, "How far the systems' clocks are apart, as measured from calls on both"), a.clocks)
}

// Cared is what was done to the call log, or would be.
type Cared[T any] struct {
	DryRun bool `json:"dry_run"`
	Done   T    `json:"done"`
}

func purpose(ctx context.Context, why Why, dry bool) calllog.Purpose {
	return calllog.Purpose{Actor: by(ctx, why).Actor, Reason: why.Reason, Dry: dry}
}

var errNoReason = invalid("it needs a reason, which stands in the audit")

// PersonErasure is one person who is taken out of the call log.
type PersonErasure struct {
	Why

	Number    dualtone.Number `json:"number,omitempty" maxLength:"40" doc:"A caller's number, such as +49301234567; either this or agent"`
	Agent     dualtone.UserID `json:"agent,omitempty" maxLength:"200" doc:"An agent's account"`
	Pseudonym bool            `json:"pseudonym,omitempty" doc:"Keep the calls together under a name that says nothing"`
	DryRun    bool            `json:"dry_run,omitempty" doc:"Count what it would touch, and change nothing"`
}

type personErasure struct{ Body PersonErasure }

// The number that is erased must not stay in the audit of its erasure.
func (o *personErasure) asked() (string, Why) { return "log/person", o.Body.Why }

func (a *API) erase(ctx context.Context, in *personErasure, _ access.Role) (*body[Cared[calllog.Erased]], error) {
	b := in.Body
	switch {
	case b.Reason == "":
		return nil, errNoReason
	case (b.Number == "") == (b.Agent == ""):
		return nil, invalid("say either number or agent")
	}
	done, err := a.Care.Erase(ctx, calllog.Erasure{Purpose: purpose(ctx, b.Why, b.DryRun), Number: b.Number, Agent: b.Agent, Pseudonym: b.Pseudonym})
	return bodyOf(Cared[calllog.Erased]{b.DryRun, done}, err)
}

// CallRetention is what is removed for its age.
type CallRetention struct {
	Why

	Kind   calllog.RetentionKind `json:"kind" enum:"legs,raw,quarantine,ledgers"`
	Days   int                   `json:"days" minimum:"1" maximum:"36500" doc:"How many days to keep"`
	DryRun bool                  `json:"dry_run,omitempty" doc:"Count what it would touch, and change nothing"`
}

type callRetention struct{ Body CallRetention }

func (o *callRetention) asked() (string, Why) { return "log/" + string(o.Body.Kind), o.Body.Why }

func (a *API) retain(ctx context.Context, in *callRetention, _ access.Role) (*body[Cared[calllog.Removed]], error) {
	b := in.Body
	if b.Reason == "" {
		return nil, errNoReason
	}
	done, err := a.Care.Retain(ctx, calllog.Retention{
		Purpose: purpose(ctx, b.Why, b.DryRun), Kind: b.Kind, Before: calllog.Day(a.Now()).AddDate(0, 0, -b.Days),
	})
	return bodyOf(Cared[calllog.Removed]{b.DryRun, done}, err)
}

type careList struct {
	Paging

	By     string `query:"by" maxLength:"200" doc:"Only what this person did"`
	Action string `query:"action" maxLength:"100" doc:"Only this, such as erase"`
}

func (a *API) cared(ctx context.Context, in *careList) (*Page[calllog.AuditEntry], error) {
	before, err := in.number()
	if err != nil {
		return nil, err
	}
	found, err := a.Care.Audited(ctx, calllog.AuditQuery{Actor: in.By, Action: in.Action, Before: before, Limit: in.more()})
	return paged("/log/audit", in.Paging, found, err, func(e calllog.AuditEntry) string { return serial(e.ID) })
}

// StitchOrder says which days are stitched.
type StitchOrder struct {
	Why

	Since  string `json:"since,omitempty" maxLength:"10" doc:"Only days from this one on"`
	DryRun bool   `json:"dry_run,omitempty" doc:"Say what it would come to, and keep nothing"`
}

type stitchOrder struct{ Body StitchOrder }

func (o *stitchOrder) asked() (string, Why) { return "log", o.Body.Why }

func (a *API) stitch(ctx context.Context, in *stitchOrder, _ access.Role) (*body[stitch.Done], error) {
	since, err := moment("since", in.Body.Since)
	if err != nil {
		return nil, err
	}
	run := stitch.Run
	if in.Body.DryRun {
		run = stitch.Try
	}
	return bodyOf(run(ctx, a.Stitches, since, nil))
}

type clockList struct {
	Paging

	From string `query:"from" maxLength:"10" doc:"From this day on; the last 30 days, if it is left out"`
	To   string `query:"to" maxLength:"10" doc:"To this day, included"`
}

func (a *API) clocks(ctx context.Context, in *clockList) (*Page[calllog.Clock], error) {
	from, err := moment("from", in.From)
	if err != nil {
		return nil, err
	}
	to, err := moment("to", in.To)
	if err != nil {
		return nil, err
	}
	if to.IsZero() {
		to = a.Now()
	}
	if from.IsZero() {
		from = to.AddDate(0, 0, -30)
	}
	found, err := a.Stitches.Clocks(ctx, calllog.Day(from), calllog.Day(to).Add(24*time.Hour))
	return cut("/log/clocks", in.Paging, found, err, func(c calllog.Clock) string {
		return c.Day.Format(time.DateOnly) + "/" + c.System + "/" + c.Against
	})
}
