package asterisk

import (
	"bytes"
	"strconv"
	"time"

	"github.com/dualtone/dualtone"
)

// queueEnd says in which field of the queue log's line an event has the seconds
// that it took, for the events that end a call's time in a queue.
type queueEnd struct{ waited, talked int }

// queueEnds are those events. The CDR of a call that was given up in the queue
// says ANSWERED, since the queue answered it; only this log knows better.
func queueEnds(event string) (queueEnd, bool) {
	switch event {
	case "COMPLETEAGENT", "COMPLETECALLER":
		return queueEnd{waited: 5, talked: 6}, true
	case "ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY":
		return queueEnd{waited: 7}, true
	case "EXITWITHKEY":
		return queueEnd{waited: 8}, true
	case "WITHDRAW":
		return queueEnd{}, true
	default:
		return queueEnd{}, false
	}
}

// queueRecord reads a line of queue_log: epoch|call|queue|member|event|data...
// It reports false for a line that ends no call.
func (r records) queueRecord(text []byte) (dualtone.Record, bool) {
	parts := bytes.Split(text, []byte("|"))
	field := func(i int) string {
		if i <= 0 || i >= len(parts) {
			return ""
		}
		return string(parts[i])
	}
	end, ok := queueEnds(field(4))
	epoch, err := strconv.ParseInt(string(parts[0]), 10, 64)
	if !ok || err != nil {
		return dualtone.Record{}, false
	}
	rec := dualtone.Record{
		ID:          "queue_log/" + field(1) + "/" + field(4) + "/" + string(parts[0]),
		Call:        field(1),
		Queue:       dualtone.QueueID(field(2)),
		End:         time.Unix(epoch, 0).UTC(),
		Talk:        seconds(field(end.talked)),
		Disposition: field(4),
	}
	rec.Start = rec.End.Add(-rec.Talk - seconds(field(end.waited)))
	if end.talked > 0 {
		rec.Answer = rec.End.Add(-rec.Talk)
		rec.User = r.userOf(field(3))
	}
	return rec, true
}
