package audit

import (
	"context"
	"fmt"
	"time"
)

// Walked is what a walk along the whole chain has found.
type Walked struct {
	Entries int64 `json:"entries"`
	// Hash is the last one. Kept elsewhere, it proves later that none was changed.
	Hash string `json:"hash"`
	// Guarded: the program's own user of the database cannot change the audit.
	Guarded bool `json:"guarded"`
	// Fault says where the chain is broken; empty where it is not.
	Fault string `json:"fault,omitempty"`
}

// Walk computes the hash of every entry anew, from the first to what was the last
// when it began.
func Walk(ctx context.Context, log Log) (w Walked, err error) {
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
	return w, nil
}

// Each reads all entries that a query selects, a part at a time.
func Each(ctx context.Context, log Log, q Query, do func(Entry) error) error {
	const part = 1000
	for q.Limit = part; ; {
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
		if len(found) < part {
			return nil
		}
	}
}

// Columns are the names of an entry's cells.
func Columns() []string {
	return []string{"serial", "at", "actor", "role", "via", "action", "object", "outcome", "reason", "before", "after", "request", "hash"}
}

// Cells are an entry as a row of a table.
func (e Entry) Cells() []string {
	return []string{
		fmt.Sprint(e.Serial), e.At.Format(time.RFC3339Nano), e.Actor, e.Role, e.Via, e.Action, e.Object,
		string(e.Outcome), e.Reason, string(e.Before), string(e.After), e.Request, e.Hash,
	}
}
