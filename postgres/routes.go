package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
)

// routesChannel is where every new revision is announced.
const routesChannel = "dualtone_routes"

// Router keeps the routing table by revision. The changes of each revision are
// the truth; the table is their sum, into which large revisions are folded a
// moment after they have taken effect.
type Router struct {
	pool      *pgxpool.Pool
	countries []string
	few       int
	halve     int
	rest      func(context.Context, time.Duration) error
}

var _ routing.Router = (*Router)(nil)

// NewRouter returns the routing table of a database. It refuses changes that
// touch an emergency number of the countries; 112 and 911 always.
func NewRouter(pool *pgxpool.Pool, countries ...string) *Router {
	return &Router{pool: pool, countries: countries, few: few, halve: pass, rest: rest}
}

// Routes returns the active routes of the numbers, in their order.
func (s *Router) Routes(ctx context.Context, numbers []dualtone.Number) ([]routing.Route, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	return s.routes(ctx, `
			SELECT w.number, coalesce(l.person, r.person, '') AS person, coalesce(l.rule, r.rule, '') AS rule
			FROM unnest($1::text[]) WITH ORDINALITY AS w (number, n) LEFT JOIN routes r ON r.number = w.number`+loose(len(numbers))+`
			ORDER BY w.n`, numbers)
}

// Rules returns the active routes of the ranges and the default.
func (s *Router) Rules(ctx context.Context) ([]routing.Route, error) {
	return s.routes(ctx, leading)
}

// routes are those whose number, person and rule a statement tells.
func (s *Router) routes(ctx context.Context, sql string, args ...any) ([]routing.Route, error) {
	type found struct {
		Number dualtone.Number
		Person dualtone.PersonID
		Rule   string
	}
	var all []found
	err := again(ctx, "routes", func() (err error) {
		all, err = rows[found](ctx, s.pool, sql, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	routes, known := make([]routing.Route, len(all)), rules{}
	for i, r := range all {
		if routes[i], err = known.route(r.Number, r.Person, r.Rule); err != nil {
			return nil, err
		}
	}
	return routes, nil
}

// few is how many changes are stored number by number. More than that are stored
// in chunks, and are in effect before the table holds them.
const few = 100

// Apply makes all changes in one revision, or none.
func (s *Router) Apply(ctx context.Context, changes []routing.Change, why routing.Provenance) (routing.Revision, error) {
	want, err := wantedOf(changes, routing.NewChecker(s.countries...))
	if err != nil {
		return 0, err
	}
	return s.apply(ctx, want, why, "")
}

func (s *Router) apply(ctx context.Context, want []wanted, why routing.Provenance, lines string) (made routing.Revision, err error) {
	why.Reason = printable(why.Reason)
	err = again(ctx, "routes", func() (err error) {
		if len(want) > s.few {
			made, err = s.applyMany(ctx, want, why)
		} else {
			made, err = s.applyFew(ctx, want, why, lines)
		}
		return err
	})
	return made, err
}

// Flip appends entries that reached no state to the journal and makes the changes
// as Apply does, in one transaction where the changes are few. What the changes
// are refused for leaves the entries where they are.
func (s *Router) Flip(
	ctx context.Context, entries []cutover.Entry, changes []routing.Change, why routing.Provenance,
) (routing.Revision, error) {
	want, err := wantedOf(changes, routing.NewChecker(s.countries...))
	if err != nil || len(want) > s.few {
		if err := errors.Join(err, NewSwitches(s.pool).Record(ctx, entries...)); err != nil {
			return 0, err
		}
		return s.apply(ctx, want, why, "")
	}
	lines, err := linesOf(entries)
	if err != nil {
		return 0, fmt.Errorf("journal: %w", err)
	}
	return s.apply(ctx, want, why, lines)
}

// wanted is one change as it is stored.
type wanted struct {
	number, from, to, person string
}

func wantedOf(changes []routing.Change, check *routing.Checker) ([]wanted, error) {
	all := make([]wanted, 0, len(changes))
	var from, to spelling
	for _, change := range changes {
		number := cmp.Or(change.To.Number, change.From.Number)
		if err := errors.Join(from.read(change.From, number, nil), to.read(change.To, number, check)); err != nil {
			return nil, err
		}
		all = append(all, wanted{string(number), from.text, to.text, string(cmp.Or(change.To.Person, change.From.Person))})
	}
	return all, once(all)
}

// once refuses changes that change a number twice. Those of very many numbers are
// mostly in order.
func once(all []wanted) error {
	if slices.IsSortedFunc(all, byNumber) {
		for i := 1; i < len(all); i++ {
			if all[i].number == all[i-1].number {
				return twice(all[i])
			}
		}
		return nil
	}
	seen := make(map[string]bool, len(all))
	for _, w := range all {
		if seen[w.number] {
			return twice(w)
		}
		seen[w.number] = true
	}
	return nil
}

func twice(w wanted) error {
	return fmt.Errorf("route of %s is changed twice: %w", w.number, dualtone.ErrInvalid)
}

func byNumber(a, b wanted) int { return strings.Compare(a.number, b.number) }

// spelling is the text of one side of a change. Changes of very many numbers mostly
// say the same of all of them, so what was said of the one before is kept.
type spelling struct {
	text string
	of   []dualtone.Side
}

// read refuses one side of a change of a number. Without sides it need not repeat
// the number. What stands already is not checked again, so that it can always be
// taken away.
func (s *spelling) read(r routing.Route, number dualtone.Number, check *routing.Checker) (err error) {
	absent := len(r.Sides) == 0 && number != ""
	if absent && r.Terms == nil && (r.Number == "" || r.Number == number) {
		*s = spelling{}
		return nil
	}
	alike := r.Terms == nil && len(r.Sides) > 0 && slices.Equal(r.Sides, s.of)
	if r.Number != number || !alike && r.Plan().Validate() != nil {
		return fmt.Errorf("route of %q to %v in a change of %q: %w", r.Number, r.Sides, number, dualtone.ErrInvalid)
	}
	if check != nil {
		for _, p := range check.Check(r) {
			return fmt.Errorf("route of %s: %s %q: %s: %w", number, p.Column, p.Value, p.Problem, dualtone.ErrInvalid)
		}
	}
	if alike {
		return nil
	}
	*s = spelling{}
	if s.text, err = ruleText(r); err != nil {
		return fmt.Errorf("route of %s: %w: %w", number, err, dualtone.ErrInvalid)
	}
	if r.Terms == nil {
		s.of = r.Sides
	}
	return nil
}

// conflict says why a change cannot be made of a route that goes where have
// says.
func (w wanted) conflict(have string) string {
	if have == w.from {
		return fmt.Sprintf("route of %s goes to {%s} again, taken back since this run changed it from {%s} to {%s}", w.number, have, w.from, w.to)
	}
	return fmt.Sprintf("route of %s goes to {%s}, neither to {%s} nor to {%s}", w.number, have, w.from, w.to)
}
