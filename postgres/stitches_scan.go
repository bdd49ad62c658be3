package postgres

import (
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

func userID(word string) dualtone.UserID { return dualtone.UserID(word) }

const traceColumns = `started_at, answered_at, ended_at, caller_number, called_number, dialed_number, diverted_number,
	system_id, agent_id, direction, disposition, record_id, call_key, caller, called, dialed, diverted, transfer_to, keys`

// traceRow is where traceColumns go, row after row. A day has a hundred thousand of
// them and more, so that nothing of it is made anew for each.
type traceRow struct {
	started, answered, ended                     pgtype.Timestamptz
	callerN, calledN, dialedN, divertedN         pgtype.Int8
	system                                       int32
	agent                                        pgtype.Int4
	direction, disposition                       pgtype.Int2
	record                                       string
	call, caller, called, dialed, diverted, sent pgtype.Text
	keys                                         []string

	fields       []any
	directions   []calllog.Direction
	dispositions []calllog.Disposition
}

func newTraceRow() *traceRow {
	r := &traceRow{directions: directions(), dispositions: dispositions()}
	r.fields = []any{
		&r.started, &r.answered, &r.ended, &r.callerN, &r.calledN, &r.dialedN, &r.divertedN,
		&r.system, &r.agent, &r.direction, &r.disposition, &r.record, &r.call, &r.caller, &r.called, &r.dialed, &r.diverted, &r.sent, &r.keys,
	}
	return r
}

// traceWords are the numbers of a trace's words.
type traceWords struct{ system, agent int32 }

// scan reads a row.
func (r *traceRow) scan(found pgx.Rows, t *calllog.Trace, w *traceWords) error {
	if err := found.Scan(r.fields...); err != nil {
		return err
	}
	*w = traceWords{r.system, r.agent.Int32}
	*t = calllog.Trace{
		LegID: calllog.LegID{Record: r.record}, Call: r.call.String,
		Started: r.started.Time.UTC(), Answered: r.answered.Time.UTC(), Ended: r.ended.Time.UTC(),
		Caller: end(r.caller, r.callerN), Called: end(r.called, r.calledN),
		Dialed: end(r.dialed, r.dialedN), Diverted: end(r.diverted, r.divertedN),
		TransferTo: r.sent.String, Keys: keysOf(r.keys),
	}
	if r.direction.Valid {
		t.Direction = decode(r.directions, &r.direction.Int16)
	}
	if r.disposition.Valid {
		t.Disposition = decode(r.dispositions, &r.disposition.Int16)
	}
	return nil
}

// end is one end of a call, without a name.
func end(raw pgtype.Text, number pgtype.Int8) calllog.Party {
	p := calllog.Party{Raw: raw.String}
	if !number.Valid {
		return p
	}
	var digits [24]byte
	if text := strconv.AppendInt(append(digits[:0], '+'), number.Int64, 10); string(text) == p.Raw {
		p.Number = dualtone.Number(p.Raw) // one text for both
	} else {
		p.Number = dualtone.Number(text)
	}
	return p
}

// The methods of joining are stored as numbers, which never change.
func methods() []calllog.Method {
	return []calllog.Method{
		"", calllog.First, calllog.ByPerson, calllog.SameCall, calllog.ByKey, calllog.ByDivert, calllog.ByNumbers,
	}
}
