package pages

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
)

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
	return quarantinePage(p, q, found, next), nil
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
	return badRowPage(p, row), nil
}

func rowID(r *http.Request) (calllog.QuarantineID, error) {
	id, err := strconv.ParseInt(r.PathValue("row"), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("row %q: %w", r.PathValue("row"), dualtone.ErrNotFound)
	}
	return calllog.QuarantineID(id), nil
}

// fixRow corrects or dismisses a row. A corrected one is read again by the next
// replay.
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
	if fix.Why == "" {
		return nil, fmt.Errorf("a reason is needed; it stands beside the row: %w", dualtone.ErrInvalid)
	}
	if !fix.Dismiss {
		fix.Raw = []byte(r.PostFormValue("row"))
	}
	if err := d.Quarantine.Fix(r.Context(), fix); err != nil {
		return nil, err
	}
	said := "The row is corrected; dualtone calls quarantine replay reads it again."
	if fix.Dismiss {
		said = "The row is dismissed."
	}
	return nil, done303("/calls/quarantine", said)
}
