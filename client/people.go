package client

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/people"
	"github.com/dualtone/dualtone/routing"
)

// List reads the pages of a list up to a limit, all of it for none.
func List[T any](ctx context.Context, c *Client, path string, q Query, limit int) ([]T, error) {
	query := url.Values{}
	maps.Copy(query, q)
	var all []T
	for {
		want := largest
		if limit > 0 {
			want = min(largest, limit-len(all))
		}
		query.Set("limit", strconv.Itoa(want))
		var got page[T]
		if err := c.Get(ctx, path, query, &got); err != nil {
			return nil, err
		}
		all = append(all, got.Items...)
		if got.Next == "" || limit > 0 && len(all) >= limit {
			return all, nil
		}
		query.Set("after", got.Next)
	}
}

// Person is one person and where they are; ErrNotFound.
func (c *Client) Person(ctx context.Context, id dualtone.PersonID) (p cutover.PersonState, err error) {
	return p, c.Get(ctx, path("users", string(id)), nil, &p)
}

// People lists people in the order of their ids.
func (c *Client) People(ctx context.Context, q cutover.PeopleQuery) ([]cutover.PersonState, error) {
	query := Query{}.Text("text", q.Text).Text("side", string(q.Side)).Text("state", string(q.State)).Text("site", q.Site).Text("team", q.Team).
		Text("cohort", q.Cohort).Text("unmatched", string(q.Unmatched)).Text("after", string(q.After))
	for key, value := range q.Attributes {
		query.Values().Add("attribute", key+"="+value)
	}
	for _, id := range q.IDs {
		query.Values().Add("id", string(id))
	}
	return List[cutover.PersonState](ctx, c, "/users", query, q.Limit)
}

// UserList is a user list that is taken in.
type UserList struct {
	CSV        string `json:"csv"`
	Source     string `json:"source,omitempty"`
	WriteGood  bool   `json:"write_good,omitempty"`
	AllowStray bool   `json:"allow_stray,omitempty"`
	DryRun     bool   `json:"dry_run,omitempty"`
}

// Imported is what an import found and did.
type Imported struct {
	Rows    int             `json:"rows"`
	Good    int             `json:"good"`
	Written int             `json:"written"`
	New     int             `json:"new"`
	Known   int             `json:"known"`
	Faults  []people.Fault  `json:"faults"`
	Strays  []routing.Stray `json:"strays"`
}

// ImportPeople checks a user list and takes it in.
func (c *Client) ImportPeople(ctx context.Context, l UserList) (out Imported, err error) {
	return out, c.Send(ctx, http.MethodPost, "/users", l, &out)
}

// Journal lists what was written on the systems, oldest first.
func (c *Client) Journal(ctx context.Context, q cutover.JournalQuery) ([]cutover.Entry, error) {
	query := Query{}.Text("user", string(q.Person)).Text("switch", string(q.Switch)).Text("kind", string(q.Kind)).Time("since", q.Since).Number("after", q.After)
	return List[cutover.Entry](ctx, c, "/journal", query, q.Limit)
}

// Cohort is one cohort and how far it is; ErrNotFound.
func (c *Client) Cohort(ctx context.Context, name string) (out cutover.Cohort, err error) {
	return out, c.Get(ctx, path("cohorts", name), nil, &out)
}

// Cohorts lists cohorts in the order of their names.
func (c *Client) Cohorts(ctx context.Context, q cutover.CohortQuery) ([]cutover.Cohort, error) {
	return List[cutover.Cohort](ctx, c, "/cohorts", Query{}.Text("text", q.Text).Text("after", q.After), q.Limit)
}

// Members pages through a cohort in its order.
func (c *Client) Members(ctx context.Context, q cutover.MemberQuery) ([]cutover.Member, error) {
	query := list(Query{}.Text("side", string(q.Side)).Text("retry", string(q.Retry)).Number("after", int64(q.After)).Yes("reverse", q.Reverse), "state", q.States)
	return List[cutover.Member](ctx, c, path("cohorts", q.Cohort, "members"), query, q.Limit)
}

// CreateCohort makes a cohort with its members in order.
func (c *Client) CreateCohort(ctx context.Context, made cutover.Cohort, members []dualtone.PersonID) error {
	body := map[string]any{"name": made.Name, "note": made.Note, "users": members}
	return c.Send(ctx, http.MethodPost, "/cohorts", body, nil)
}
