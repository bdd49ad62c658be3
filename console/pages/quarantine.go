package pages

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
)

// Replay reads a row again and keeps what it says in a name; without one it only
// tries.
type Replay func(ctx context.Context, row *calllog.Quarantined, by string) (Reread, error)

// Reread is how a row was read again.
type Reread struct {
	Legs int64
	// Fault is what is still wrong with it; empty for nothing.
	Fault string
}

// quarantine lists rows that could not be read.
func (d *Desk) quarantine(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	after, _ := strconv.ParseInt(q.text("after"), 10, 64)
	found, err := d.Quarantine.Quarantined(r.Context(), calllog.QuarantineQuery{
		System: q.text("system"), State: calllog.QuarantineState(q.text("state")), Text: q.text("text"),
		After: calllog.QuarantineID(after), Limit: perPage + 1,
	})
	if err != nil {
		return nil, err
	}
	found, next := cut(q, found, perPage, func(x calllog.Quarantined) string { return strconv.FormatInt(int64(x.ID), 10) })
	corrected, err := d.corrected(r.Context())
	if err != nil {
		return nil, err
	}
	return quarantinePage(p, q, found, replayButton(p.viewer, len(corrected)), next), nil
}

// mostReplayed is how many rows are read again at a time.
const mostReplayed = 1000

// corrected are rows that somebody has corrected and nobody has read since.
func (d *Desk) corrected(ctx context.Context) ([]calllog.Quarantined, error) {
	return d.Quarantine.Quarantined(ctx, calllog.QuarantineQuery{State: calllog.Corrected, Limit: mostReplayed})
}

func replayButton(v Viewer, n int) button {
	b := button{
		id: "again", text: "Read the corrected ones again", class: "go", to: "/calls/quarantine", refused: v.refusal(access.CallRepair),
		effect: fmt.Sprintf("Reads %d rows as they were corrected. What can be read comes into the call log; what cannot stays here.", n),
	}
	if n == 0 && b.refused == "" {
		b.refused = "no row was corrected since; open one and correct it"
	}
	return b
}

// replayAll reads all corrected rows again.
func (d *Desk) replayAll(r *http.Request, p page) (templ.Component, error) {
	r, _, err := d.enter(r, access.CallRepair, "quarantine")
	if err != nil {
		return nil, err
	}
	rows, err := d.corrected(r.Context())
	if err != nil {
		return nil, err
	}
	var legs int64
	wrong := 0
	for i := range rows {
		read, err := d.Replay(r.Context(), &rows[i], p.viewer.Name)
		if err != nil {
			return nil, fmt.Errorf("row %d, after %d others were read: %w", rows[i].ID, i, err)
		}
		if read.Fault != "" {
			wrong++
		}
		legs += read.Legs
	}
	return nil, done303("/calls/quarantine", fmt.Sprintf("%d rows were read: %d legs came into the call log, %d rows are still wrong.", len(rows), legs, wrong))
}

func quarantineStates() []string {
	return []string{string(calllog.Waiting), string(calllog.Corrected), string(calllog.Released), string(calllog.Dismissed)}
}

// badRow shows one row with what is wrong with it, to whoever may see whole numbers.
func (d *Desk) badRow(r *http.Request, p page) (templ.Component, error) {
	id, err := rowID(r)
	if err != nil {
		return nil, err
	}
	row, err := d.Quarantine.Row(r.Context(), id)
	if err != nil {
		return nil, err
	}
	return badRowPage(p, row, nil, refusedRow(p.viewer, &row)), d.noteRow(r, p, row.ID)
}

// noteRow has the audit note who saw the whole numbers of a row.
func (d *Desk) noteRow(r *http.Request, p page, id calllog.QuarantineID) error {
	return d.Care.Audit(r.Context(), calllog.AuditEntry{
		Actor: p.viewer.Name, Action: "whole numbers", Reason: "looked at in the console", Detail: map[string]string{"row": strconv.FormatInt(int64(id), 10)},
	})
}

// refusedRow is why a viewer cannot correct a row; empty if they can.
func refusedRow(v Viewer, row *calllog.Quarantined) string {
	if row.State == calllog.Released {
		return "the row was read already"
	}
	return v.refusal(access.CallRepair)
}

func rowID(r *http.Request) (calllog.QuarantineID, error) {
	id, err := strconv.ParseInt(r.PathValue("row"), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("row %q: %w", r.PathValue("row"), dualtone.ErrNotFound)
	}
	return calllog.QuarantineID(id), nil
}

// fixRow tries, corrects, reads or dismisses a row.
func (d *Desk) fixRow(r *http.Request, p page) (templ.Component, error) {
	id, err := rowID(r)
	if err != nil {
		return nil, err
	}
	r, _, err = d.enter(r, access.CallRepair, "quarantine/"+r.PathValue("row"))
	if err != nil {
		return nil, err
	}
	fix := calllog.Fix{ID: id, By: p.viewer.Name, Why: strings.TrimSpace(r.PostFormValue("reason")), Dismiss: r.PostFormValue("do") == "dismiss"}
	if !fix.Dismiss {
		fix.Raw = []byte(r.PostFormValue("row"))
	}
	row, err := d.Quarantine.Row(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if r.PostFormValue("do") == "try" {
		row.Fixed = fix.Raw
		read, err := d.Replay(r.Context(), &row, "")
		p.title = "Row in quarantine"
		return badRowPage(p, row, &read, refusedRow(p.viewer, &row)), err
	}
	if fix.Why == "" {
		return nil, fmt.Errorf("a reason is needed; it stands beside the row: %w", dualtone.ErrInvalid)
	}
	if err := d.Quarantine.Fix(r.Context(), fix); err != nil {
		return nil, err
	}
	said := "The row is corrected, and to be read again."
	switch {
	case fix.Dismiss:
		said = "The row is dismissed."
	case r.PostFormValue("do") == "replay":
		row.Fixed = fix.Raw
		read, err := d.Replay(r.Context(), &row, p.viewer.Name)
		if err != nil {
			return nil, err
		}
		said = fmt.Sprintf("The row is read: %d legs came into the call log.", read.Legs)
		if read.Fault != "" {
			said = "The row is corrected and still cannot be read: " + read.Fault
		}
	}
	return nil, done303("/calls/quarantine", said)
}
