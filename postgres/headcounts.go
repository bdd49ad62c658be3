package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
)

// headcount counts the people of groups by one dimension, $1, in one pass over the
// user list: by what it has a column for, or by an attribute, of which somebody may
// have several values. Who is going, $3, is looked up in a table of them and not
// searched for.
func headcount(by plan.Dimension) string {
	from := `jsonb_array_elements_text(CASE jsonb_typeof(p.attributes -> $1) WHEN 'array' THEN p.attributes -> $1 END)`
	switch by {
	case plan.BySite:
		from = `LATERAL (VALUES (p.site))`
	case plan.ByTeam:
		from = `LATERAL (VALUES (p.team))`
	default:
	}
	return `
	SELECT $1 AS by, g.value, count(*) AS people, count(*) FILTER (
		WHERE p.side = 'new' OR p.state <> ALL ($4) OR p.id IN (SELECT unnest($3::text[]))) AS "new"
	FROM people p, ` + from + ` AS g (value) WHERE g.value = ANY ($2) GROUP BY g.value`
}

type headcountRow struct {
	By     plan.Dimension
	Value  string
	People int
	New    int
}

// Headcounts counts the people of groups.
func (s *Rollouts) Headcounts(ctx context.Context, groups []plan.Group, going []dualtone.PersonID) ([]plan.Headcount, error) {
	values := map[plan.Dimension][]string{}
	for _, g := range groups {
		values[g.By] = append(values[g.By], g.Value)
	}
	var ended []cutover.State
	for _, state := range cutover.States() {
		if state.Final() {
			ended = append(ended, state)
		}
	}
	found := map[plan.Group]headcountRow{}
	err := again(ctx, "headcounts", func() error {
		var batch pgx.Batch
		for by, wanted := range values {
			batch.Queue(headcount(by), by, wanted, going, ended).Query(func(counted pgx.Rows) error {
				all, err := pgx.CollectRows(counted, pgx.RowToStructByName[headcountRow])
				for _, r := range all {
					found[plan.Group{By: r.By, Value: r.Value}] = r
				}
				return err
			})
		}
		return s.pool.SendBatch(ctx, &batch).Close()
	})
	counts := make([]plan.Headcount, len(groups))
	for i, g := range groups {
		counts[i] = plan.Headcount{Group: g, People: found[g].People, New: found[g].New}
	}
	return counts, err
}
