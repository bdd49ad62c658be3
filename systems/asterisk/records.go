package asterisk

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// records reads call records where Asterisk leaves them; the manager interface
// keeps none.
type records struct {
	directory

	zone *time.Location
}

// openRecords returns nil when the settings name no records.
func openRecords(d directory) (systems.Records, error) {
	c := d.Records
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, fmt.Errorf("records: zone: %w: %w", dualtone.ErrInvalid, err)
	}
	r := records{directory: d, zone: zone}
	switch {
	case c.File != "" && c.Database != "":
		return nil, fmt.Errorf("records: either a file or a database: %w", dualtone.ErrInvalid)
	case c.File != "":
		return fileRecords{r}, nil
	case c.Database != "" && d.Rows == nil:
		return nil, fmt.Errorf("records: this program reads no databases of phone systems: %w", dualtone.ErrInvalid)
	case c.Database != "":
		return tableRecords{r}, nil
	default:
		return nil, nil //nolint:nilnil // No records is what such settings give.
	}
}

// fileRecords reads cdr-csv's file, and queue_log where it is given.
type fileRecords struct{ records }

// position is how far both files are read.
type position struct{ cdr, queue mark }

// Records reads the CDR file and then the queue log, each from where the cursor
// says.
func (r fileRecords) Records(ctx context.Context, after dualtone.Cursor) iter.Seq2[dualtone.Record, error] {
	return func(yield func(dualtone.Record, error) bool) {
		at, err := parsePosition(after)
		if err != nil {
			yield(dualtone.Record{}, err)
			return
		}
		if err := r.Pace(ctx, r.name); err != nil {
			yield(dualtone.Record{}, err)
			return
		}
		for rec, err := range r.both(at) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(dualtone.Record{}, err)
				return
			}
			if !yield(rec, nil) {
				return
			}
		}
	}
}

func (r fileRecords) both(at position) iter.Seq2[dualtone.Record, error] {
	return func(yield func(dualtone.Record, error) bool) {
		for l, err := range logfile(r.Config.Records.File).lines(at.cdr) {
			at.cdr = l.next
			if !yield(r.keep(r.cdr(l), l, at), err) || err != nil {
				return
			}
		}
		if r.QueueLog() == "" {
			return
		}
		for l, err := range r.QueueLog().lines(at.queue) {
			at.queue = l.next
			rec, ok := r.queueRecord(l.text)
			if err == nil && !ok {
				continue
			}
			if !yield(r.keep(rec, l, at), err) || err != nil {
				return
			}
		}
	}
}

// QueueLog is the queue log, which may not be given.
func (r fileRecords) QueueLog() logfile { return logfile(r.Config.Records.QueueLog) }

// cdr reads a line. One that cannot be read is a record too, for it was a call.
func (r fileRecords) cdr(l line) dualtone.Record {
	parsed, err := parseCDR(l.text)
	if err != nil {
		return dualtone.Record{Disposition: "unreadable"}
	}
	return r.record(parsed)
}

// keep adds to a record what comes from its place.
func (fileRecords) keep(rec dualtone.Record, l line, next position) dualtone.Record {
	if rec.ID == "" || strings.HasSuffix(rec.ID, "/") {
		// Without a sequence one call has rows that nothing but their place tells apart.
		rec.ID += l.at.file + ":" + strconv.FormatInt(l.at.offset, 10)
	}
	rec.Raw = bytes.Clone(l.text)
	rec.Next = next.cursor()
	return rec
}

func (p position) cursor() dualtone.Cursor {
	return dualtone.Cursor("files " + p.cdr.String() + " " + p.queue.String())
}

// String writes a mark into a cursor.
func (m mark) String() string { return m.file + ":" + strconv.FormatInt(m.offset, 10) }

func parsePosition(c dualtone.Cursor) (position, error) {
	if c == "" {
		return position{}, nil
	}
	parts := strings.Split(string(c), " ")
	if len(parts) == 3 && parts[0] == "files" {
		cdr, ok := parseMark(parts[1])
		queue, ok2 := parseMark(parts[2])
		if ok && ok2 {
			return position{cdr, queue}, nil
		}
	}
	return position{}, fmt.Errorf("asterisk: cursor %q is none of a CDR file: %w", c, dualtone.ErrInvalid)
}

func parseMark(text string) (mark, bool) {
	file, offset, ok := strings.Cut(text, ":")
	n, err := strconv.ParseInt(offset, 10, 64)
	if _, bad := hex.DecodeString(file); !ok || err != nil || bad != nil || n < 0 {
		return mark{}, false
	}
	return mark{file, n}, true
}
