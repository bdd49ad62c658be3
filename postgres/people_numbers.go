package postgres

import (
	"context"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

var _ routing.Residents = (*People)(nil)

// Residents returns whose numbers these are and where those people are, everybody's for
// none, in the order of the numbers.
func (s *People) Residents(ctx context.Context, numbers []dualtone.Number) ([]routing.Resident, error) {
	var f filter
	if len(numbers) > 0 {
		f.add("n.number = ANY(%s)", numbers)
	}
	sql := `SELECT n.person, n.number, p.side FROM person_numbers n JOIN people p ON p.id = n.person` + f.where() + ` ORDER BY n.number COLLATE "C"`
	var found []routing.Resident
	err := again(ctx, "numbers of people", func() (err error) {
		found, err = rows[routing.Resident](ctx, s.pool, sql, f.args...)
		return err
	})
	return found, err
}
