package api

import (
	"context"
	"time"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/routing"
)

// DecisionQuery selects decisions; empty fields select all.
type DecisionQuery struct {
	CallID, Number, Caller, Edge, Result string
	Revision                             routing.Revision
	Since, Until                         time.Time
	// Before continues a page: the time and the id of its last.
	Before string
	Limit  int
}

// Decision is what an edge decided of a call.
type Decision struct {
	At          time.Time        `json:"at"`
	ID          string           `json:"id"`
	Edge        string           `json:"edge"`
	Revision    routing.Revision `json:"revision"`
	Result      string           `json:"result"`
	CallID      string           `json:"call_id"`
	Caller      string           `json:"caller"`
	Called      string           `json:"called"`
	Number      string           `json:"number"`
	Ingress     string           `json:"ingress"`
	Peer        string           `json:"peer"`
	Scope       string           `json:"scope"`
	Rule        string           `json:"rule"`
	Owner       string           `json:"owner"`
	Reason      string           `json:"reason"`
	Targets     string           `json:"targets"`
	Emergency   bool             `json:"emergency"`
	SessionID   string           `json:"session_id"`
	UserToUser  string           `json:"user_to_user"`
	Diversion   string           `json:"diversion"`
	HistoryInfo string           `json:"history_info"`
}

// Mask hides the numbers of people outside: who called, and who forwarded.
func (d *Decision) Mask() {
	for _, text := range []*string{&d.Caller, &d.UserToUser, &d.Diversion, &d.HistoryInfo} {
		*text = calllog.MaskText(*text)
	}
}

type decisionList struct {
	Paging

	Call     string `query:"call" maxLength:"300" doc:"Only this Call-ID"`
	Number   string `query:"number" maxLength:"60" doc:"Only calls to this number, in E.164"`
	Caller   string `query:"from" maxLength:"60" doc:"Only calls of this caller, as the wire had it"`
	Edge     string `query:"edge" maxLength:"100" doc:"Only edges whose name begins like this"`
	Result   string `query:"result" enum:"routed,not_found,loop,no_table"`
	Revision int64  `query:"revision" minimum:"0"`
	Since    string `query:"since" maxLength:"40"`
	Until    string `query:"until" maxLength:"40"`
}

func (a *API) decisions(ctx context.Context, in *decisionList) (*Page[Decision], error) {
	q := DecisionQuery{
		CallID: in.Call, Number: in.Number, Caller: in.Caller, Edge: in.Edge, Result: in.Result, Revision: routing.Revision(in.Revision),
		Before: in.After, Limit: in.more(),
	}
	var err error
	if q.Since, err = moment("since", in.Since); err != nil {
		return nil, err
	}
	if q.Until, err = moment("until", in.Until); err != nil {
		return nil, err
	}
	found, err := a.Decisions(ctx, q)
	for i := range found {
		found[i].Mask()
	}
	return paged("/decisions", in.Paging, found, err, func(d Decision) string { return d.At.UTC().Format(time.RFC3339Nano) + "/" + d.ID })
}
