package format

import (
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// queueLog reads app_queue's log: epoch|call|queue|member|event|data1..data5. It
// alone knows who gave up waiting and how long an agent rang.
type queueLog struct {
	system string
	clock  clock
	supply [1]calllog.Supplement
}

func newQueueLog(o Options) *queueLog { return &queueLog{system: o.System, clock: newClock(o.Zone)} }

// queueEvent says which of an event's data are what; 0 for none, data1 is 1.
type queueEvent struct {
	event                      string
	means                      calllog.Disposition
	wait, ring, talk, transfer int
}

// queueEvents are those that say how a call fared in a queue. The wait of a call
// that was answered is in CONNECT, together with its ring: the other events count
// the two as one.
var queueEvents = []queueEvent{ //nolint:gochecknoglobals // A constant table.
	{event: "CONNECT", wait: 1, ring: 3},
	{event: "COMPLETEAGENT", means: calllog.Answered, talk: 2},
	{event: "COMPLETECALLER", means: calllog.Answered, talk: 2},
	{event: "TRANSFER", means: calllog.Answered, transfer: 1, talk: 4},
	{event: "BLINDTRANSFER", means: calllog.Answered, transfer: 1, talk: 4},
	{event: "ATTENDEDTRANSFER", means: calllog.Answered},
	{event: "ABANDON", means: calllog.AbandonedQueue, wait: 3},
	{event: "EXITWITHTIMEOUT", means: calllog.Deflected, wait: 3},
	{event: "EXITWITHKEY", means: calllog.Deflected, wait: 4},
	{event: "EXITEMPTY", means: calllog.Deflected, wait: 3},
	{event: "WITHDRAW", means: calllog.Deflected},
}

func queueTranslations() []Translation {
	var all []Translation
	for _, e := range queueEvents {
		if e.means != "" {
			all = append(all, Translation{Word: e.event, When: "in queue_log", Means: e.means})
		}
	}
	return all
}

const queueColumns = 5 // before the data

// looksLikeQueueLog reports whether a line begins as the queue log's do.
func looksLikeQueueLog(text string) bool {
	epoch, rest, ok := strings.Cut(text, "|")
	if !ok {
		return false
	}
	whole, _, _ := strings.Cut(epoch, ".")
	_, number := digits(whole)
	return number && strings.Count(rest, "|") >= queueColumns-2
}

// line reads a line of the file.
func (q *queueLog) line(text string, row *calllog.Row) {
	parts := strings.Split(text, "|")
	whole, part, _ := strings.Cut(parts[0], ".")
	seconds, ok := digits(whole)
	nanos, fine := fraction("." + part)
	if !ok || part != "" && !fine {
		row.Fault = fault("time", parts[0], "no seconds since 1970")
		return
	}
	q.event(time.Unix(seconds, nanos).UTC(), parts[1:], row)
}

// row reads a row of the table queue_log.
func (q *queueLog) row(columns map[string]string, row *calllog.Row) {
	l, ok := parseLocal(columns["time"])
	if !ok {
		row.Fault = fault("time", columns["time"], "no time such as 2006-01-02 15:04:05")
		return
	}
	at, ok := q.clock.when(l, epochOf(columns["callid"]))
	if !ok {
		row.Fault = fault("time", columns["time"], "clocks in "+q.clock.zone.String()+" never showed this time; is the zone right?")
		return
	}
	if row.Fault = q.clock.tooEarly("time", columns["time"], at, epochOf(columns["callid"])); row.Fault != nil {
		return
	}
	parts := []string{columns["callid"], columns["queuename"], columns["agent"], columns["event"]}
	for i := range 5 {
		parts = append(parts, columns["data"+strconv.Itoa(i+1)])
	}
	q.event(at, parts, row)
}

// event turns one that says how a call fared into a supplement to its leg; all
// others say nothing of a call.
func (q *queueLog) event(at time.Time, parts []string, row *calllog.Row) {
	call, queue, name := parts[0], parts[1], parts[3]
	e, ok := queueEventOf(name)
	if !ok {
		return
	}
	data := parts[queueColumns-1:]
	adds := calllog.Leg{Queue: dualtone.QueueID(queue), Disposition: e.means}
	if e.means != "" {
		adds.Cause = name
	}
	for _, d := range []struct {
		at   int
		into *time.Duration
	}{{e.wait, &adds.Wait}, {e.ring, &adds.Ring}, {e.talk, &adds.Talk}} {
		if d.at == 0 {
			continue
		}
		seconds, ok := digits(dataAt(data, d.at))
		if !ok {
			row.Fault = fault("data"+strconv.Itoa(d.at), dataAt(data, d.at), "no number of seconds, as "+name+" has there")
			return
		}
		*d.into = time.Duration(seconds) * time.Second
	}
	adds.Wait = max(0, adds.Wait-adds.Ring)
	if e.transfer != 0 {
		adds.Transfers, adds.TransferTo = 1, dataAt(data, e.transfer)
	}
	if name == "ATTENDEDTRANSFER" {
		adds.Transfers = 1
	}
	q.supply[0] = calllog.Supplement{
		ID:  calllog.LegID{System: q.system, Record: "queue_log/" + call + "/" + name + "/" + strconv.FormatInt(at.Unix(), 10)},
		Leg: calllog.Match{Channel: call, Queue: queue, At: at}, Adds: adds,
	}
	row.Supplements = q.supply[:]
}

func queueEventOf(name string) (queueEvent, bool) {
	for _, e := range queueEvents {
		if e.event == name {
			return e, true
		}
	}
	return queueEvent{}, false
}

func dataAt(data []string, i int) string {
	if i > len(data) {
		return ""
	}
	return data[i-1]
}
