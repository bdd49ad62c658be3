package asterisksim

import (
	"strconv"
	"strings"
	"time"
)

// CDR is one call detail record, with the columns of Asterisk's cdr table. A
// call leaves several: one for what the caller's channel did, one more for each
// transfer, and one for each Local channel through which a queue rang a member.
// UniqueID and Sequence together name a record, LinkedID the call.
type CDR struct {
	AccountCode, Src, Dst, DContext, CLID string
	Channel, DstChannel                   string
	LastApp, LastData                     string
	Start                                 time.Time
	Answer                                time.Time // zero if nobody answered
	End                                   time.Time
	Duration, BillSec                     int // whole seconds, cut off
	Disposition, AMAFlags                 string
	UniqueID, UserField                   string
	PeerAccount, LinkedID                 string
	Sequence                              int
}

// csvTime is how cdr-csv writes a time.
const csvTime = "2006-01-02 15:04:05"

// csv is the record as a line of cdr-csv/Master.csv, with the optional columns
// uniqueid, userfield, peeraccount, linkedid and sequence.
func (c CDR) csv(zone *time.Location) string {
	var b strings.Builder
	for _, s := range []string{
		c.AccountCode, c.Src, c.Dst, c.DContext, c.CLID, c.Channel, c.DstChannel,
		c.LastApp, c.LastData, c.Start.In(zone).Format(csvTime),
	} {
		b.WriteString(quoted(s) + ",")
	}
	if !c.Answer.IsZero() {
		b.WriteString(quoted(c.Answer.In(zone).Format(csvTime)))
	}
	b.WriteString("," + quoted(c.End.In(zone).Format(csvTime)) + ",")
	b.WriteString(strconv.Itoa(c.Duration) + "," + strconv.Itoa(c.BillSec) + ",")
	for _, s := range []string{c.Disposition, c.AMAFlags, c.UniqueID, c.UserField, c.PeerAccount, c.LinkedID} {
		b.WriteString(quoted(s) + ",")
	}
	b.WriteString(strconv.Itoa(c.Sequence) + "\n")
	return b.String()
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// callerRecord tells what the caller's channel did since it was last sent to
// somebody.
func (l *live) callerRecord(at time.Time) CDR {
	c := CDR{
		Src: l.call.From, Dst: l.caller.exten, DContext: l.caller.context, CLID: l.call.From,
		Channel: l.caller.name, LastApp: l.caller.app, LastData: l.caller.data,
		Start: l.legStart, UniqueID: l.caller.uniqueid, LinkedID: l.caller.linkedid, Sequence: l.sequence,
	}
	// The Queue application answers: a caller who gave up in it was answered.
	if l.caller.app == "Queue" {
		c.Answer = l.legStart
	}
	if l.leg != nil {
		c.DstChannel = l.leg.far().name
		if c.Answer.IsZero() {
			c.Answer = l.leg.answered
		}
	}
	return c.ended(at)
}

// innerRecord tells what the far half of a Local channel did.
func (l *live) innerRecord(at time.Time) CDR {
	g := l.leg
	return CDR{
		Src: l.call.From, Dst: g.exten, DContext: g.inner.context, CLID: l.call.From,
		Channel: g.inner.name, DstChannel: g.phone.name, LastApp: g.inner.app, LastData: g.inner.data,
		Start: g.rang, Answer: g.answered,
		UniqueID: g.inner.uniqueid, LinkedID: g.inner.linkedid, Sequence: g.inner.sequence,
	}.ended(at)
}

// ended fills in what follows from the end.
func (c CDR) ended(at time.Time) CDR {
	c.End, c.AMAFlags, c.Disposition = at, "DOCUMENTATION", "NO ANSWER"
	c.Duration = int(seconds(at.Sub(c.Start)))
	if !c.Answer.IsZero() {
		c.Disposition = "ANSWERED"
		c.BillSec = int(seconds(at.Sub(c.Answer)))
	}
	return c
}

// record writes a record and tells those who watch.
func (d *desk) record(at time.Time, c CDR) {
	d.records.write(c)
	answer := ""
	if !c.Answer.IsZero() {
		answer = c.Answer.In(d.records.zone).Format(csvTime)
	}
	d.tell(at, "cdr", "Cdr", block{
		line("AccountCode", c.AccountCode), line("Source", c.Src), line("Destination", c.Dst),
		line("DestinationContext", c.DContext), line("CallerID", c.CLID), line("Channel", c.Channel),
		line("DestinationChannel", c.DstChannel), line("LastApplication", c.LastApp), line("LastData", c.LastData),
		line("StartTime", c.Start.In(d.records.zone).Format(csvTime)), line("AnswerTime", answer),
		line("EndTime", c.End.In(d.records.zone).Format(csvTime)), number("Duration", c.Duration),
		number("BillableSeconds", c.BillSec), line("Disposition", c.Disposition),
		line("AMAFlags", c.AMAFlags), line("UniqueID", c.UniqueID), line("UserField", c.UserField),
	})
}
