package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
)

func (a *API) audits() {
	read(a, get("list-audit", "/audit", access.AuditRead, "Who did what, when and why"), a.listAudit)
	read(a, get("verify-audit", "/audit/verify", access.AuditRead, "Walk along the whole chain and tell where it is broken"), a.verifyAudit)
	export := get("export-audit", "/audit/export", access.AuditExport, "Every entry, oldest first, as a file that is written while it is read")
	export.stream = true
	read(a, export, a.exportAudit)
}

// AuditFilter selects entries of the audit.
type AuditFilter struct {
	Actor   string          `query:"actor" maxLength:"200"`
	Action  string          `query:"action" maxLength:"60" doc:"plan.start, or plan. for all of plans"`
	Object  string          `query:"object" maxLength:"300"`
	Outcome []audit.Outcome `query:"outcome"`
	Since   string          `query:"since" maxLength:"40"`
	Until   string          `query:"until" maxLength:"40"`
}

func (f *AuditFilter) query() (q audit.Query, err error) {
	q = audit.Query{Actor: f.Actor, Action: f.Action, Object: f.Object, Outcomes: f.Outcome}
	if q.Since, err = moment("since", f.Since); err != nil {
		return q, err
	}
	q.Until, err = moment("until", f.Until)
	return q, err
}

type auditList struct {
	AuditFilter
	Paging

	Newest bool `query:"newest" doc:"The newest first"`
}

func (a *API) listAudit(ctx context.Context, in *auditList) (*Page[audit.Entry], error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	if q.After, err = in.number(); err != nil {
		return nil, err
	}
	q.Newest, q.Limit = in.Newest, in.more()
	found, err := a.Audit.Entries(ctx, q)
	return paged("/audit", in.Paging, found, err, func(e audit.Entry) string { return serial(e.Serial) })
}

func (a *API) verifyAudit(ctx context.Context, _ *struct{}) (*body[audit.Walked], error) {
	w, err := audit.Walk(ctx, a.Audit)
	return bodyOf(w, err)
}

type auditExport struct {
	AuditFilter

	Format string `query:"format" enum:"jsonl,csv" default:"jsonl" doc:"A JSON document a line, or CSV for spreadsheets"`
}

// exportAudit writes entries as they are read, so that an audit of any size costs
// no memory. One that breaks off has no last line end.
func (a *API) exportAudit(ctx context.Context, in *auditExport) (*huma.StreamResponse, error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		_, w := humago.Unwrap(c)
		w.Header().Set("Content-Disposition", `attachment; filename="audit.`+in.Format+`"`)
		w.Header().Set("Content-Type", map[string]string{"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}[in.Format])
		write := audit.WriteLines
		if in.Format == "csv" {
			write = audit.WriteCSV
		}
		if err := write(ctx, a.Audit, q, patient{w, http.NewResponseController(w)}); err != nil {
			panic(http.ErrAbortHandler) // so that the client sees that it is not whole
		}
	}}, nil
}

// patient writes what is taken within a while, part by part; the whole may last.
type patient struct {
	out  io.Writer
	conn *http.ResponseController
}

func (p patient) Write(b []byte) (int, error) {
	_ = p.conn.SetWriteDeadline(time.Now().Add(partWithin))
	return p.out.Write(b)
}
