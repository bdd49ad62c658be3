package asterisk

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// tableRecords reads the table cdr, and queue_log where it is given, in a
// database that Asterisk writes to.
type tableRecords struct{ records }

// tablePosition is how far both tables are read: the time of the last row.
type tablePosition struct{ cdr, queue string }

// Records reads rows in the order of their time, calls first and then the queue
// log. Rows are written late, in batches, so it begins a while before the cursor
// and repeats what lies between.
func (r tableRecords) Records(ctx context.Context, after dualtone.Cursor) iter.Seq2[dualtone.Record, error] {
	return func(yield func(dualtone.Record, error) bool) {
		at, err := parseTablePosition(after)
		if err != nil {
			yield(dualtone.Record{}, err)
			return
		}
		if err := r.Pace(ctx, r.name); err != nil {
			yield(dualtone.Record{}, err)
			return
		}
		more := true
		once := func(rec dualtone.Record, err error) bool {
			rec.Next = at.cursor()
			more = yield(rec, err) && err == nil
			return more
		}
		r.calls(ctx, &at, once)
		if more && r.Config.Records.QueueTable != "" {
			r.queueLog(ctx, &at, once)
		}
	}
}

// calls reads the calls' table and moves the position on.
func (r tableRecords) calls(ctx context.Context, at *tablePosition, yield func(dualtone.Record, error) bool) {
	table := r.table(at.cdr)
	for columns, err := range r.walk(ctx, table) {
		var rec dualtone.Record
		if err == nil {
			at.cdr = second(columns[table.By])
			rec, err = r.row(columns, table.By)
		}
		if !yield(rec, err) {
			return
		}
	}
}

// queueLog reads the queue log's table and moves the position on.
func (r tableRecords) queueLog(ctx context.Context, at *tablePosition, yield func(dualtone.Record, error) bool) {
	for columns, err := range r.walk(ctx, r.queueTable(at.queue)) {
		if err != nil {
			yield(dualtone.Record{}, err)
			return
		}
		at.queue = second(columns["time"])
		if rec, ok := r.queueRow(columns); ok && !yield(rec, nil) {
			return
		}
	}
}

func (r tableRecords) walk(ctx context.Context, table systems.Table) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for columns, err := range r.Rows(ctx, table) {
			if err != nil {
				err = fmt.Errorf("asterisk: %w", err)
			}
			if !yield(columns, err) {
				return
			}
		}
	}
}

// table is the one of the calls. FreePBX has no column for the end: a row
// appears when the call that began then is over.
func (r tableRecords) table(from string) systems.Table {
	c := r.Config.Records
	t := systems.Table{Database: c.Database, Name: first(c.Table, "cdr"), By: "end"}
	late := r.late()
	if r.FreePBX {
		t.By, late = "calldate", late+12*time.Hour
	}
	t.From = earlier(from, late)
	return t
}

func (r tableRecords) queueTable(from string) systems.Table {
	c := r.Config.Records
	return systems.Table{Database: c.Database, Name: c.QueueTable, By: "time", From: earlier(from, r.late())}
}

func (r tableRecords) late() time.Duration {
	if late := r.Config.Records.Late; late != 0 {
		return late
	}
	return 10 * time.Minute
}

// earlier is a text of a time some while before another; empty stays empty.
func earlier(text string, by time.Duration) string {
	at, err := time.Parse(time.DateTime, text)
	if err != nil {
		return ""
	}
	return at.Add(-by).Format(time.DateTime)
}

// second cuts what is finer off the text of a time.
func second(text string) string { return text[:min(len(text), len(time.DateTime))] }

func (r tableRecords) row(columns row, by string) (dualtone.Record, error) {
	rec := r.record(columns)
	if rec.ID == "" {
		return rec, fmt.Errorf("asterisk: a row of the CDR table has no uniqueid: %w", dualtone.ErrInvalid)
	}
	if strings.HasSuffix(rec.ID, "/") {
		rec.ID += columns["channel"] + "/" + columns[by]
	}
	raw, err := json.Marshal(columns)
	rec.Raw = raw
	return rec, err
}

// queueRow reads a row of the queue log as the line that the file would have.
func (r tableRecords) queueRow(columns row) (dualtone.Record, bool) {
	at := r.time(columns["time"])
	if at.IsZero() {
		return dualtone.Record{}, false
	}
	line := []string{
		strconv.FormatInt(at.Unix(), 10), columns["callid"], columns["queuename"], columns["agent"], columns["event"],
		columns["data1"], columns["data2"], columns["data3"], columns["data4"], columns["data5"],
	}
	rec, ok := r.queueRecord([]byte(strings.Join(line, "|")))
	if !ok {
		return rec, false
	}
	raw, err := json.Marshal(columns)
	rec.Raw = raw
	return rec, err == nil
}

// cursor names the queue log's time only once there is one.
func (p tablePosition) cursor() dualtone.Cursor {
	text := "table " + p.cdr
	if p.queue != "" {
		text += "|" + p.queue
	}
	return dualtone.Cursor(text)
}

func parseTablePosition(c dualtone.Cursor) (tablePosition, error) {
	if c == "" {
		return tablePosition{}, nil
	}
	text, ok := strings.CutPrefix(string(c), "table ")
	cdr, queue, _ := strings.Cut(text, "|")
	if !ok || !isTime(cdr) || !isTime(queue) {
		return tablePosition{}, fmt.Errorf("asterisk: cursor %q is none of a CDR table: %w", c, dualtone.ErrInvalid)
	}
	return tablePosition{cdr, queue}, nil
}

// isTime accepts no time too: none was read yet.
func isTime(text string) bool {
	_, err := time.Parse(time.DateTime, text)
	return err == nil || text == ""
}
