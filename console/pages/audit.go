package pages

import (
	"io"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone/audit"
)

func auditFilters() []string { return []string{"who", "action", "object", "outcome", "from", "to"} }

// auditQuery reads from an address which entries are asked for.
func auditQuery(q *query) (audit.Query, error) {
	asked := audit.Query{Actor: q.text("who"), Action: q.text("action"), Object: q.text("object")}
	if o := q.text("outcome"); o != "" {
		asked.Outcomes = []audit.Outcome{audit.Outcome(o)}
	}
	var err error
	if asked.Since, err = day("from", q.text("from")); err != nil {
		return asked, err
	}
	if asked.Until, err = day("to", q.text("to")); err != nil {
		return asked, err
	}
	if !asked.Until.IsZero() {
		asked.Until = asked.Until.AddDate(0, 0, 1)
	}
	return asked, nil
}

// audited lists who did what, the newest first.
func (d *Desk) audited(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	asked, err := auditQuery(q)
	if err != nil {
		return nil, err
	}
	asked.Newest, asked.Limit = true, perPage+1
	asked.After, _ = strconv.ParseInt(q.text("after"), 10, 64)
	found, err := d.Audit.Entries(r.Context(), asked)
	if err != nil {
		return nil, err
	}
	found, next := cut(q, found, perPage, func(e audit.Entry) string { return strconv.FormatInt(e.Serial, 10) })
	return auditPage(p, q, found, next), nil
}

// walkAudit computes the whole chain anew.
func (d *Desk) walkAudit(r *http.Request, p page) (templ.Component, error) {
	found, err := audit.Walk(r.Context(), d.Audit)
	if err != nil {
		return nil, err
	}
	return walkedPage(p, found), nil
}

// auditCSV is what a list selects, all of it, oldest first.
func (d *Desk) auditCSV(r *http.Request) (file, error) {
	asked, err := auditQuery(queryOf(r))
	return file{name: "audit.csv", kind: csvKind, write: func(out io.Writer) error {
		return audit.WriteCSV(r.Context(), d.Audit, asked, out)
	}}, err
}

func outcomeTone(o audit.Outcome) tone {
	switch o {
	case audit.Denied:
		return bad
	case audit.Changed:
		return good
	default:
		return going
	}
}
