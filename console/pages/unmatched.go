package pages

import (
	"net/http"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone/calllog"
)

// unmatched lists what was recorded apart from a call that is not in the log.
func (d *Desk) unmatched(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	asked := calllog.UnmatchedQuery{System: q.text("system"), Ingest: calllog.IngestID(q.text("ingest")), Limit: perPage + 1}
	var err error
	if asked.After, err = calllog.ParseUnmatchedPlace(q.text("after")); err != nil {
		return nil, err
	}
	found, err := d.Calls.Unmatched(r.Context(), asked)
	if err != nil {
		return nil, err
	}
	found, next := cut(q, found, perPage, func(u calllog.Unmatched) string { return u.Place().String() })
	return unmatchedPage(p, q, found, d.Now(), next), nil
}
