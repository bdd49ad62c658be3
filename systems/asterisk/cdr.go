package asterisk

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// The columns of cdr-csv in their order. The last five are there when cdr.conf
// has loguniqueid, loguserfield and newcdrcolumns.
var columns = []string{ //nolint:gochecknoglobals // A constant list.
	"accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata",
	"start", "answer", "end", "duration", "billsec", "disposition", "amaflags",
	"uniqueid", "userfield", "peeraccount", "linkedid", "sequence",
}

// row is one call detail record by the names of its columns.
type row map[string]string

// parseCDR reads a line of cdr-csv.
func parseCDR(text []byte) (row, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	fields, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("cdr: %w: %w", dualtone.ErrInvalid, err)
	}
	if len(fields) < 16 || len(fields) > len(columns) {
		return nil, fmt.Errorf("cdr of %d columns: %w", len(fields), dualtone.ErrInvalid)
	}
	parsed := row{}
	for i, f := range fields {
		parsed[columns[i]] = f
	}
	return parsed, nil
}

// record names the fields of a row that every system has. The user is whom the
// call reached, or else who placed it.
func (r records) record(c row) dualtone.Record {
	rec := dualtone.Record{
		Call:        c["linkedid"],
		From:        c["src"],
		To:          c["dst"],
		User:        r.userOf(c["dstchannel"], c["channel"]),
		Start:       r.time(first(c["start"], c["calldate"])),
		Answer:      r.time(c["answer"]),
		End:         r.time(c["end"]),
		Disposition: c["disposition"],
	}
	if rec.Call == "" {
		rec.Call = c["uniqueid"]
	}
	if c["uniqueid"] != "" {
		rec.ID = c["uniqueid"] + "/" + c["sequence"]
	}
	if strings.EqualFold(c["lastapp"], "Queue") {
		rec.Queue = queueArgument(c["lastdata"])
	}
	// The times are cut to seconds, so that their difference is not the duration.
	rec.Talk = seconds(c["billsec"])
	if rec.End.IsZero() && !rec.Start.IsZero() {
		rec.End = rec.Start.Add(seconds(c["duration"]))
	}
	if rec.Answer.IsZero() && rec.Talk > 0 {
		rec.Answer = rec.End.Add(-rec.Talk)
	}
	return rec
}

// userOf returns whose phone the first of the channels is that is a person's.
func (r records) userOf(channels ...string) dualtone.UserID {
	for _, channel := range channels {
		if id := extensionOfChannel(channel); id != "" && r.people.MatchString(id) {
			return dualtone.UserID(id)
		}
	}
	return ""
}

func (r records) time(text string) time.Time {
	if len(text) > len(time.DateTime) {
		text = text[:len(time.DateTime)]
	}
	t, err := time.ParseInLocation(time.DateTime, text, r.zone)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func seconds(text string) time.Duration {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n) * time.Second
}
