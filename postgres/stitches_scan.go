package postgres

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

func userID(word string) dualtone.UserID { return dualtone.UserID(word) }

// traceWords are the numbers of a trace's words.
type traceWords struct{ system, agent int32 }

func scanTrace(found pgx.Rows, t *calllog.Trace, w *traceWords) error {
	var (
		answered, ended                          *time.Time
		callerN, calledN, dialedN, divertedN     *int64
		agent                                    *int32
		direction, disposition                   *int16
		call, caller, called, dialed, div, sentN *string
		keys                                     []string
	)
	err := found.Scan(&t.Started, &answered, &ended, &callerN, &calledN, &dialedN, &divertedN,
		&w.system, &agent, &direction, &disposition, &t.Record, &call, &caller, &called, &dialed, &div, &sentN, &keys)
	if err != nil {
		return err
	}
	w.agent = of(agent)
	t.Started, t.Answered, t.Ended = t.Started.UTC(), utc(answered), utc(ended)
	t.Call, t.TransferTo, t.Keys = of(call), of(sentN), keysOf(keys)
	t.Direction, t.Disposition = decode(directions(), direction), decode(dispositions(), disposition)
	t.Caller, t.Called = party(caller, callerN, nil), party(called, calledN, nil)
	t.Dialed, t.Diverted = party(dialed, dialedN, nil), party(div, divertedN, nil)
	return nil
}

// The methods of joining are stored as numbers, which never change.
func methods() []calllog.Method {
	return []calllog.Method{
		"", calllog.First, calllog.ByPerson, calllog.SameCall, calllog.ByKey, calllog.ByDivert, calllog.ByNumbers,
	}
}
