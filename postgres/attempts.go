package postgres

import (
	"context"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

type attemptRow struct {
	At     time.Time
	ID     string
	CallID string
	Caller string
	Called string
	Number string
	Result string
	Reason string
	Sess   string
	UUI    string
}

// Attempts lists the decisions that the routing plane took for calls from the
// carriers: one attempt for each SIP dialog, however often it was asked about.
// Calls that a phone system handed out are parts of a call that was counted when
// it came in.
func (s Stitches) Attempts(ctx context.Context, from, to time.Time) iter.Seq2[calllog.Attempt, error] {
	return func(yield func(calllog.Attempt, error) bool) {
		var found []attemptRow
		err := again(ctx, "decisions", func() error {
			rows, err := s.pool.Query(ctx, `
				SELECT at, id::text, call_id, caller, called, number, result, reason, session_id, user_to_user FROM route_decisions
				WHERE at >= $1 AND at < $2 AND ingress NOT IN ('old', 'new', 'internal')`, stored(from), stored(to))
			if err != nil {
				return err
			}
			found, err = pgx.CollectRows(rows, pgx.RowToStructByPos[attemptRow])
			return err
		})
		if err != nil {
			yield(calllog.Attempt{}, err)
			return
		}
		for _, r := range found {
			if !yield(r.attempt(), nil) {
				return
			}
		}
	}
}

func (r *attemptRow) attempt() calllog.Attempt {
	a := calllog.Attempt{
		ID: r.CallID, At: r.At.UTC(), Caller: r.Caller, Called: r.Called, Number: dualtone.Number(r.Number),
		Keys: []calllog.Key{{Kind: calllog.DecisionKey, Value: r.ID}},
	}
	if a.ID == "" {
		a.ID = r.ID
	}
	for _, k := range []calllog.Key{{Kind: calllog.SIPCallID, Value: r.CallID}, {Kind: calllog.SessionID, Value: r.Sess}, {Kind: calllog.UserToUser, Value: r.UUI}} {
		if k.Value != "" {
			a.Keys = append(a.Keys, k)
		}
	}
	if r.Result == "not_found" || r.Result == "loop" {
		a.Refused = r.Result
		if r.Reason != "" {
			a.Refused += ": " + r.Reason
		}
	}
	return a
}
