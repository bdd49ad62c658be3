package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// RouteHistory asks for the history of the table, or of one number.
type RouteHistory struct {
	Number dualtone.Number
	// Before continues a page: only revisions older than it.
	Before routing.Revision
	Limit  int
}

// RouteRevision is one applied set of changes.
type RouteRevision struct {
	Revision routing.Revision `json:"revision"`
	routing.Provenance
	// At is since when the change is known.
	At      time.Time `json:"at"`
	Changes int       `json:"changes"`
	// Change is the asked number's.
	Change *routing.Change `json:"change,omitempty"`
}

type revisionRow struct {
	Revision routing.Revision
	Actor    string
	Reason   string
	Workflow string
	Run      string
	At       time.Time
	Changes  int
	changeRow
}

type changeRow struct {
	Number dualtone.Number
	Person dualtone.PersonID
	From   string
	To     string
}

func (known rules) change(r changeRow) (routing.Change, error) {
	from, err := known.route(r.Number, r.Person, r.From)
	if err != nil {
		return routing.Change{}, err
	}
	to, err := known.route(r.Number, r.Person, r.To)
	return routing.Change{From: from, To: to}, err
}

// changesOfNumber finds a number's changes: those of its own by one index, and
// chunks that may hold it by their ends.
const changesOfNumber = ` JOIN (
		SELECT revision, "from", "to", people[1] AS person FROM route_changes WHERE first = last AND first = %[1]s
		UNION ALL
		SELECT revision, "from", "to", people[array_position(numbers, %[1]s)] FROM route_changes
		WHERE first <> last AND first <= %[1]s AND last >= %[1]s AND %[1]s = ANY (numbers)
	) c USING (revision)`

// History returns revisions, the newest first.
func (s *Router) History(ctx context.Context, q RouteHistory) ([]RouteRevision, error) {
	var f filter
	columns := `(SELECT coalesce(sum(cardinality(numbers)), 0) FROM route_changes c WHERE c.revision = v.revision) AS changes,
		'' AS number, '' AS person, '' AS "from", '' AS "to"`
	join := ""
	if q.Number != "" {
		number := f.arg(string(q.Number)) + "::text"
		columns = `1 AS changes, ` + number + ` AS number, c.person, c."from", c."to"`
		join = fmt.Sprintf(changesOfNumber, number)
	}
	if q.Before > 0 {
		f.add("v.revision < %s", int64(q.Before))
	}
	sql := `SELECT v.revision, v.actor, v.reason, v.workflow, v.run, v.at, ` + columns +
		` FROM route_revisions v` + join + f.where() + ` ORDER BY v.revision DESC` + f.limit(q.Limit)
	found, err := rows[revisionRow](ctx, s.pool, sql, f.args...)
	if err != nil {
		return nil, wrap("history of routes", err)
	}
	all, known := make([]RouteRevision, len(found)), rules{}
	for i, r := range found {
		all[i] = RouteRevision{
			Revision: r.Revision, At: r.At.UTC(), Changes: r.Changes,
			Provenance: routing.Provenance{Actor: r.Actor, Reason: r.Reason, Workflow: r.Workflow, Run: r.Run},
		}
		if q.Number == "" {
			continue
		}
		c, err := known.change(r.changeRow)
		if err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		all[i].Change = &c
	}
	return all, nil
}

// Changes lists what makes the table of one revision that of another, by
// number. Either may be the older one.
func (s *Router) Changes(ctx context.Context, from, to routing.Revision) ([]routing.Change, error) {
	if from > to {
		changes, err := s.Changes(ctx, to, from)
		return routing.Reverse(changes), err
	}
	head, err := s.Active(ctx)
	if err != nil {
		return nil, err
	}
	if to > head || from < 0 {
		return nil, fmt.Errorf("route table: revision %d: the active one is %d: %w", max(from, to), head, dualtone.ErrNotFound)
	}
	found, err := rows[changeRow](ctx, s.pool, `
		WITH made AS (
			SELECT n.number, n.person, c."from", c."to", c.revision
			FROM route_changes c, unnest(c.numbers, c.people) n (number, person)
			WHERE c.revision > $1 AND c.revision <= $2
		)
		SELECT number, last.person, first."from", last."to"
		FROM (SELECT DISTINCT ON (number) number, "from" FROM made ORDER BY number, revision) first
		JOIN (SELECT DISTINCT ON (number) number, person, "to" FROM made ORDER BY number, revision DESC) last USING (number)
		WHERE first."from" <> last."to"
		ORDER BY number`, int64(from), int64(to))
	if err != nil {
		return nil, wrap("changes of routes", err)
	}
	all, known := make([]routing.Change, len(found)), rules{}
	for i, r := range found {
		if all[i], err = known.change(r); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Active is the revision of the active table.
func (s *Router) Active(ctx context.Context) (routing.Revision, error) {
	type one struct{ Revision routing.Revision }
	h, err := row[one](ctx, s.pool, `SELECT revision FROM route_head`)
	return h.Revision, wrap("route table", err)
}

// Back lists the changes that make the active table what it was at a revision.
// Applied, they are an earlier table rebased on the active one; whoever changes
// one of the numbers in between makes that a conflict.
func (s *Router) Back(ctx context.Context, to routing.Revision) ([]routing.Change, error) {
	head, err := s.Active(ctx)
	if err != nil {
		return nil, err
	}
	return s.Changes(ctx, head, to)
}
