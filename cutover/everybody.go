package cutover

import "context"

// Everybody reads all whom a query selects, a page after the other; the query's own
// page is not looked at.
func Everybody(ctx context.Context, people People, q PeopleQuery) ([]PersonState, error) {
	const page = 1000
	var all []PersonState
	for q.After, q.Limit = "", page; ; {
		found, err := people.List(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if len(found) < page {
			return all, nil
		}
		q.After = found[page-1].ID
	}
}
