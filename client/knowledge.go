package client

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/calllog"
)

// Legs lists legs of calls, the latest first; numbers of people outside are masked.
func (c *Client) Legs(ctx context.Context, q calllog.LegQuery) ([]calllog.Kept, error) {
	query := asked{}.text("system", q.System).time("from", q.From).time("to", q.To).text("number", string(q.Number)).text("agent", string(q.Agent)).
		text("queue", string(q.Queue)).text("site", q.Site).text("direction", string(q.Direction)).text("disposition", string(q.Disposition)).
		text("call", q.Call).yes("oldest", q.Oldest).text("after", placeName(q.After))
	return items[calllog.Kept](ctx, c, "/legs", query, q.Limit)
}

func placeName(p calllog.Place) string {
	if p == (calllog.Place{}) {
		return ""
	}
	return p.Started.Format(time.RFC3339Nano) + "/" + p.System + "/" + p.Record
}

// Entries lists entries of the audit, oldest first; with Newest newest first.
func (c *Client) Entries(ctx context.Context, q audit.Query) ([]audit.Entry, error) {
	return items[audit.Entry](ctx, c, "/audit", auditQuery(q).number("after", q.After).yes("newest", q.Newest), q.Limit)
}

// VerifyAudit has the server walk along the whole chain.
func (c *Client) VerifyAudit(ctx context.Context) (w audit.Walked, err error) {
	return w, c.Get(ctx, "/audit/verify", nil, &w)
}

// ExportAudit opens every entry that a query selects as a file: jsonl, a document
// a line, or csv. Whoever calls it closes it.
func (c *Client) ExportAudit(ctx context.Context, q audit.Query, format string) (io.ReadCloser, error) {
	return c.Open(ctx, "/audit/export", map[string][]string(auditQuery(q).text("format", format)))
}

func auditQuery(q audit.Query) asked {
	query := asked{}.text("actor", q.Actor).text("action", q.Action).text("object", q.Object).time("since", q.Since).time("until", q.Until)
	return list(query, "outcome", q.Outcomes)
}

// Me is whose token the client shows.
type Me struct {
	Name  string   `json:"name"`
	Kind  string   `json:"kind"`
	Roles []string `json:"roles"`
	Via   string   `json:"via"`
	May   []string `json:"may"`
}

// Me asks the server whom it takes the client for.
func (c *Client) Me(ctx context.Context) (m Me, err error) {
	return m, c.Get(ctx, "/me", nil, &m)
}

// String is the actor with their roles.
func (m Me) String() string { return m.Name + " (" + strings.Join(m.Roles, ", ") + ")" }
