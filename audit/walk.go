package audit

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/dualtone/dualtone/internal/spreadsheet"
)

// Kept is the audit where it is kept.
type Kept interface {
	Log
	// Guarded reports whether the user that this program signs in as can neither
	// change the audit nor switch off what keeps it from that.
	Guarded(ctx context.Context) (bool, error)
}

// Walked is what a walk along the chain has found.
type Walked struct {
	Entries int64  `json:"entries"`
	Hash    string `json:"hash"`
	Guarded bool   `json:"guarded"`
	// Fault is where the chain is broken; empty for nowhere.
	Fault string `json:"fault,omitempty"`
}

// Walk computes the hash of every entry anew, from the first to the last. A broken
// chain is no error: Fault tells it.
func Walk(ctx context.Context, log Kept) (w Walked, err error) {
	var chain Chain
	// The end first: what is added while it is read comes after it.
	end, hash, err := log.Head(ctx)
	if err != nil {
		return w, err
	}
	err = Each(ctx, log, Query{}, func(e Entry) error {
		if w.Fault != "" || e.Serial > end {
			return nil
		}
		if err := chain.Next(e); err != nil {
			w.Fault = err.Error()
		}
		return nil
	})
	if err != nil {
		return w, err
	}
	w.Entries, w.Hash = chain.Head()
	if w.Fault == "" && (w.Entries != end || w.Hash != hash) {
		w.Fault = fmt.Sprintf("it ends at entry %d and should at %d", w.Entries, end)
	}
	w.Guarded, err = log.Guarded(ctx)
	return w, err
}

// Each reads all entries that a query selects, oldest first.
func Each(ctx context.Context, log Log, q Query, do func(Entry) error) error {
	const atATime = 1000
	for q.Limit = atATime; ; {
		found, err := log.Entries(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range found {
			if err := do(e); err != nil {
				return err
			}
			q.After = e.Serial
		}
		if len(found) < q.Limit {
			return nil
		}
	}
}

// WriteLines writes all entries that a query selects, oldest first, a JSON document
// a line.
func WriteLines(ctx context.Context, log Log, q Query, out io.Writer) error {
	w := json.NewEncoder(out)
	return Each(ctx, log, q, func(e Entry) error { return w.Encode(e) })
}

// WriteCSV writes all entries that a query selects as a table for spreadsheets,
// oldest first.
func WriteCSV(ctx context.Context, log Log, q Query, out io.Writer) error {
	w := csv.NewWriter(out)
	if err := w.Write(columns()); err != nil {
		return err
	}
	if err := Each(ctx, log, q, func(e Entry) error { return w.Write(spreadsheet.Row(e.cells()...)) }); err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

func columns() []string {
	return []string{"serial", "at", "actor", "role", "via", "action", "object", "outcome", "reason", "before", "after", "request", "hash"}
}

func (e Entry) cells() []string {
	return []string{
		strconv.FormatInt(e.Serial, 10), e.At.Format(time.RFC3339Nano), e.Actor, e.Role, e.Via, e.Action, e.Object,
		string(e.Outcome), e.Reason, string(e.Before), string(e.After), e.Request, e.Hash,
	}
}
