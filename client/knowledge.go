package client

import (
	"context"
	"io"
	"strings"

	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/calllog"
)

// Legs lists legs of calls, the latest first; numbers of people outside are masked.
func (c *Client) Legs(ctx context.Context, q calllog.LegQuery) ([]calllog.Kept, error) {
	query := Query{}.Text("system", q.System).Time("from", q.From).Time("to", q.To).Text("number", string(q.Number)).Text("agent", string(q.Agent)).
		Text("queue", string(q.Queue)).Text("site", q.Site).Text("direction", string(q.Direction)).Text("disposition", string(q.Disposition)).
		Text("call", q.Call).Yes("oldest", q.Oldest).Text("after", q.After.Name())
	return List[calllog.Kept](ctx, c, "/legs", query, q.Limit)
}

// Entries lists entries of the audit, oldest first; with Newest newest first.
func (c *Client) Entries(ctx context.Context, q audit.Query) ([]audit.Entry, error) {
	return List[audit.Entry](ctx, c, "/audit", auditQuery(q).Number("after", q.After).Yes("newest", q.Newest), q.Limit)
}

// VerifyAudit has the server walk along the whole chain.
func (c *Client) VerifyAudit(ctx context.Context) (w audit.Walked, err error) {
	return w, c.Get(ctx, "/audit/verify", nil, &w)
}

// ExportAudit opens every entry that a query selects as a file: jsonl, a document
// a line, or csv. Whoever calls it closes it.
func (c *Client) ExportAudit(ctx context.Context, q audit.Query, format string) (io.ReadCloser, error) {
	return c.Open(ctx, "/audit/export", map[string][]string(auditQuery(q).Text("format", format)))
}

func auditQuery(q audit.Query) Query {
	query := Query{}.Text("actor", q.Actor).Text("action", q.Action).Text("object", q.Object).Time("since", q.Since).Time("until", q.Until)
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
