package api

import (
	"context"
	"fmt"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

func (a *API) quarantineRows() {
	read(a, get("list-quarantine", "/quarantine", access.CallRead, "Rows that could not be read, without what they say; the oldest first"), a.quarantine)
	read(a, get("get-quarantined", "/quarantine/{row}", access.CallRaw, "One row as it was received; numbers are masked unless a reason for whole ones is given"), a.quarantined)
	read(a, get("list-unmatched", "/unmatched", access.CallRead, "What was recorded apart from a call that is not in the log, in the order in which it was read"), a.unmatched)
	write(a, post("fix-quarantined", "/quarantine/{row}/fix", access.CallRepair, "Correct a row, or dismiss it").storedAtOnce(), a.fixRow)
	write(a, post("replay-quarantine", "/quarantine/replay", access.CallRepair, "Read rows again: the given ones, or all that were corrected"), a.replay)
}

type quarantineList struct {
	Paging

	System string                  `query:"system" maxLength:"100"`
	Ingest calllog.IngestID        `query:"ingest" maxLength:"100"`
	State  calllog.QuarantineState `query:"state" enum:"waiting,corrected,released,dismissed"`
	Text   string                  `query:"text" maxLength:"200" doc:"Searched in reason, column and row"`
}

func (a *API) quarantine(ctx context.Context, in *quarantineList) (*Page[calllog.Quarantined], error) {
	after, err := in.number()
	if err != nil {
		return nil, err
	}
	found, err := a.Calls.Quarantined(ctx, calllog.QuarantineQuery{
		System: in.System, Ingest: in.Ingest, State: in.State, Text: in.Text, After: calllog.QuarantineID(after), Limit: in.more(),
	})
	for i := range found { // a row holds whole numbers
		found[i].Raw, found[i].Fixed = nil, nil
	}
	return paged("/quarantine", in.Paging, found, err, func(q calllog.Quarantined) string { return serial(int64(q.ID)) })
}

type unmatchedList struct {
	Paging

	System string           `query:"system" maxLength:"100"`
	Ingest calllog.IngestID `query:"ingest" maxLength:"100"`
}

func (a *API) unmatched(ctx context.Context, in *unmatchedList) (*Page[calllog.Unmatched], error) {
	after, err := calllog.ParseUnmatchedPlace(in.After)
	if err != nil {
		return nil, err
	}
	found, err := a.Calls.Unmatched(ctx, calllog.UnmatchedQuery{System: in.System, Ingest: in.Ingest, After: after, Limit: in.more()})
	return paged("/unmatched", in.Paging, found, err, func(u calllog.Unmatched) string { return u.Place().String() })
}

// QuarantineRow is a row in quarantine, with its texts as texts.
type QuarantineRow struct {
	calllog.Quarantined

	Raw   string `json:"raw"`
	Fixed string `json:"fixed,omitempty"`
}

// RowOf is a row, its numbers masked unless they may be seen whole.
func RowOf(r calllog.Quarantined, whole bool) QuarantineRow {
	out := QuarantineRow{Quarantined: r, Raw: string(r.Raw), Fixed: string(r.Fixed)}
	if !whole {
		out.Raw, out.Fixed = calllog.MaskText(out.Raw), calllog.MaskText(out.Fixed)
		out.Fault.Value, out.Fault.Reason, out.Why = calllog.MaskText(out.Fault.Value), calllog.MaskText(out.Fault.Reason), calllog.MaskText(out.Why)
	}
	return out
}

// RowPath names a row in quarantine.
type RowPath struct {
	Row int64 `path:"row" minimum:"1"`
}

type oneRow struct {
	RowPath

	Whole string `query:"whole_numbers" maxLength:"500" doc:"Why whole numbers are needed; it is kept with who saw them"`
}

func (a *API) quarantined(ctx context.Context, in *oneRow) (*body[QuarantineRow], error) {
	r, err := a.Calls.Row(ctx, calllog.QuarantineID(in.Row))
	if err != nil {
		return nil, err
	}
	if in.Whole != "" {
		err = a.Care.Audit(ctx, calllog.AuditEntry{
			Actor: by(ctx, Why{}).Actor, Action: "whole numbers", Reason: in.Whole,
			Detail: map[string]string{"command": "api quarantine", "legs": "1"},
		})
	}
	return bodyOf(RowOf(r, in.Whole != ""), err)
}

// Fix is a correction of a row, or its dismissal.
type Fix struct {
	Why

	Row     string `json:"row,omitempty" maxLength:"1000000" doc:"The corrected row, under one with the columns' names where its format has such"`
	Dismiss bool   `json:"dismiss,omitempty" doc:"It is no record of a call"`
	DryRun  bool   `json:"dry_run,omitempty" doc:"Show the row and change nothing"`
}

type rowFix struct {
	RowPath

	Body Fix
}

func (o *rowFix) asked() (string, Why) { return "quarantine/" + serial(o.Row), o.Body.Why }

func (a *API) fixRow(ctx context.Context, in *rowFix, _ access.Role) (*body[QuarantineRow], error) {
	switch {
	case (in.Body.Row == "") == !in.Body.Dismiss:
		return nil, invalid("give either row or dismiss")
	case in.Body.Reason == "":
		return nil, invalid("a reason is needed: others will want to know why")
	}
	fix := calllog.Fix{
		ID: calllog.QuarantineID(in.Row), Raw: []byte(in.Body.Row), Dismiss: in.Body.Dismiss, By: by(ctx, in.Body.Why).Actor, Why: in.Body.Reason,
	}
	if !in.Body.DryRun {
		if err := a.Calls.Fix(ctx, fix); err != nil {
			return nil, err
		}
	}
	r, err := a.Calls.Row(ctx, fix.ID)
	return bodyOf(RowOf(r, false), err)
}

// Replay is which rows are read again.
type Replay struct {
	Why

	Rows    []int64                 `json:"rows,omitempty" maxItems:"1000" doc:"These; without any, those in state"`
	State   calllog.QuarantineState `json:"state,omitempty" enum:"corrected,waiting" default:"corrected" doc:"waiting reads those that nobody touched, as after a setting was mended"`
	System  string                  `json:"system,omitempty" maxLength:"100"`
	Format  string                  `json:"format,omitempty" maxLength:"100" doc:"As which format they are read; that of their file if it is left out"`
	Zone    string                  `json:"zone,omitempty" maxLength:"60"`
	Country string                  `json:"country,omitempty" maxLength:"2"`
	Limit   int                     `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"1000" doc:"How many at most"`
	DryRun  bool                    `json:"dry_run,omitempty" doc:"Read them, say what they would be, and keep nothing"`
}

type replayOrder struct{ Body Replay }

func (o *replayOrder) asked() (string, Why) { return "quarantine", o.Body.Why }

// Replayed is what became of a row.
type Replayed struct {
	ID   calllog.QuarantineID `json:"id"`
	Legs int                  `json:"legs"`
	// Reason is why it still cannot be read.
	Reason string `json:"reason,omitempty"`
}

func (a *API) replay(ctx context.Context, in *replayOrder, _ access.Role) (*body[Items[Replayed]], error) {
	rows, err := a.toReplay(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	out := Items[Replayed]{Items: []Replayed{}}
	for i := range rows {
		one, err := a.replayRow(ctx, &in.Body, &rows[i])
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, one)
	}
	if !in.Body.DryRun {
		_, err = a.Settler.Settle(ctx)
	}
	return bodyOf(out, err)
}

func (a *API) toReplay(ctx context.Context, in *Replay) ([]calllog.Quarantined, error) {
	if len(in.Rows) == 0 {
		if in.State == "" {
			in.State = calllog.Corrected
		}
		return a.Calls.Quarantined(ctx, calllog.QuarantineQuery{System: in.System, State: in.State, Limit: max(in.Limit, 1)})
	}
	rows := make([]calllog.Quarantined, len(in.Rows))
	for i, id := range in.Rows {
		var err error
		if rows[i], err = a.Calls.Row(ctx, calllog.QuarantineID(id)); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (a *API) replayRow(ctx context.Context, in *Replay, r *calllog.Quarantined) (Replayed, error) {
	kind := in.Format
	if kind == "" {
		kind = r.Source.Format
	}
	reading, err := a.Reading(r.Source.System, kind, in.Zone, in.Country)
	if err != nil {
		return Replayed{}, err
	}
	form, err := format.Named(kind)
	if err != nil {
		return Replayed{}, err
	}
	text := r.Raw
	if len(r.Fixed) > 0 {
		text = r.Fixed
	}
	row, err := reading.Again(form, text)
	if err != nil {
		return Replayed{}, fmt.Errorf("row %d: %w", r.ID, err)
	}
	done := Replayed{ID: r.ID, Legs: len(row.Legs) + len(row.Supplements)}
	if row.Fault != nil {
		done.Reason = row.Fault.Reason
	}
	if in.DryRun {
		return done, nil
	}
	_, err = a.Calls.Release(ctx, r.ID, row, by(ctx, in.Why).Actor)
	return done, err
}
