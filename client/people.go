package client

import (
	"context"
	"maps"
	"net/http"
	"net/url"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/people"
)

// List reads the pages of a list up to a limit, all of it for none.
func List[T any](ctx context.Context, c *Client, path string, query url.Values, limit int) ([]T, error) {
	q := asked{}
	maps.Copy(q, query)
	return items[T](ctx, c, path, q, limit)
}

// items reads the pages of a list up to a limit, all of it for none.
func items[T any](ctx context.Context, c *Client, path string, q asked, limit int) ([]T, error) {
	var all []T
	for {
		want := largest
		if limit > 0 {
			want = min(largest, limit-len(all))
		}
		query := maps.Clone(url.Values(q))
		query.Set("limit", asked{}.number("n", int64(want)).first())
		var got page[T]
		if err := c.Get(ctx, path, query, &got); err != nil {
			return nil, err
		}
		all = append(all, got.Items...)
		if got.Next == "" || limit > 0 && len(all) >= limit {
			return all, nil
		}
		q.text("after", got.Next)
	}
}

func (q asked) first() string { return url.Values(q).Get("n") }

// Person is one person and where they are; ErrNotFound.
func (c *Client) Person(ctx context.Context, id dualtone.PersonID) (p cutover.PersonState, err error) {
	return p, c.Get(ctx, path("users", string(id)), nil, &p)
}

// People lists people in the order of their ids.
func (c *Client) People(ctx context.Context, q cutover.PeopleQuery) ([]cutover.PersonState, error) {
	query := asked{}.text("text", q.Text).text("side", string(q.Side)).text("state", string(q.State)).text("site", q.Site).text("team", q.Team).
		text("cohort", q.Cohort).text("unmatched", string(q.Unmatched)).text("after", string(q.After))
	for key, value := range q.Attributes {
		url.Values(query).Add("attribute", key+"="+value)
	}
	return items[cutover.PersonState](ctx, c, "/users", query, q.Limit)
}

// UserList is a user list that is taken in.
type UserList struct {
	CSV       string `json:"csv"`
	Source    string `json:"source,omitempty"`
	WriteGood bool   `json:"write_good,omitempty"`
	DryRun    bool   `json:"dry_run,omitempty"`
}

// Imported is what an import found and did.
type Imported struct {
	Rows    int            `json:"rows"`
	Good    int            `json:"good"`
	Written int            `json:"written"`
	New     int            `json:"new"`
	Known   int            `json:"known"`
	Faults  []people.Fault `json:"faults"`
}

// ImportPeople checks a user list and takes it in.
func (c *Client) ImportPeople(ctx context.Context, l UserList) (out Imported, err error) {
	return out, c.Send(ctx, http.MethodPost, "/users", l, &out)
}

// Journal lists what was written on the systems, oldest first.
func (c *Client) Journal(ctx context.Context, q cutover.JournalQuery) ([]cutover.Entry, error) {
	query := asked{}.text("user", string(q.Person)).text("switch", string(q.Switch)).text("kind", string(q.Kind)).time("since", q.Since).number("after", q.After)
	return items[cutover.Entry](ctx, c, "/journal", query, q.Limit)
}

// Cohort is one cohort and how far it is; ErrNotFound.
func (c *Client) Cohort(ctx context.Context, name string) (out cutover.Cohort, err error) {
	return out, c.Get(ctx, path("cohorts", name), nil, &out)
}

// Cohorts lists cohorts in the order of their names.
func (c *Client) Cohorts(ctx context.Context, q cutover.CohortQuery) ([]cutover.Cohort, error) {
	return items[cutover.Cohort](ctx, c, "/cohorts", asked{}.text("text", q.Text).text("after", q.After), q.Limit)
}

// Members pages through a cohort in its order.
func (c *Client) Members(ctx context.Context, q cutover.MemberQuery) ([]cutover.Member, error) {
	query := list(asked{}.text("side", string(q.Side)).number("after", int64(q.After)).yes("reverse", q.Reverse), "state", q.States)
	return items[cutover.Member](ctx, c, path("cohorts", q.Cohort, "members"), query, q.Limit)
}

// CreateCohort makes a cohort with its members in order.
func (c *Client) CreateCohort(ctx context.Context, made cutover.Cohort, members []dualtone.PersonID) error {
	body := map[string]any{"name": made.Name, "note": made.Note, "users": members}
	return c.Send(ctx, http.MethodPost, "/cohorts", body, nil)
}
