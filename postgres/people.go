package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// People keeps the company's user list.
type People struct {
	pool *pgxpool.Pool
}

var _ cutover.People = (*People)(nil)

// NewPeople returns the user list of a database.
func NewPeople(pool *pgxpool.Pool) *People { return &People{pool: pool} }

// personColumns reads a person from the table people as p.
const personColumns = `
	p.id, p.name, p.email, p.federation_id, p.extension, p.site, p.team,
	coalesce(p.crm_id, '') AS crm_id, coalesce(p.old_id, '') AS old_id, coalesce(p.new_id, '') AS new_id,
	p.side, coalesce(p.state, '') AS state, coalesce(p.switch, '') AS switch, p.detail, p.since, p.attributes,
	ARRAY(SELECT n.number FROM person_numbers n WHERE n.person = p.id ORDER BY n.position) AS numbers`

type personRow struct {
	ID           dualtone.PersonID
	Name         string
	Email        string
	FederationID string
	Extension    string
	Site         string
	Team         string
	CRMID        dualtone.UserID `db:"crm_id"`
	OldID        dualtone.UserID `db:"old_id"`
	NewID        dualtone.UserID `db:"new_id"`
	Side         dualtone.Side
	State        cutover.State
	Switch       cutover.SwitchID
	Detail       string
	Since        *time.Time
	Attributes   dualtone.Attributes
	Numbers      []dualtone.Number
}

func (r personRow) person() cutover.PersonState {
	p := cutover.PersonState{
		Person: dualtone.Person{
			ID: r.ID, Name: r.Name, Email: r.Email, FederationID: r.FederationID, Extension: r.Extension,
			Site: r.Site, Team: r.Team, Accounts: dualtone.Accounts{CRM: r.CRMID, Old: r.OldID, New: r.NewID},
		},
		Side: r.Side, State: r.State, Switch: r.Switch, Detail: r.Detail, Since: utc(r.Since),
	}
	if len(r.Numbers) > 0 {
		p.Numbers = r.Numbers
	}
	if len(r.Attributes) > 0 {
		p.Attributes = r.Attributes
	}
	return p
}

// Person returns one person with where they are.
func (s *People) Person(ctx context.Context, id dualtone.PersonID) (cutover.PersonState, error) {
	var found personRow
	err := again(ctx, fmt.Sprintf("person %s", id), func() (err error) {
		found, err = row[personRow](ctx, s.pool, `SELECT `+personColumns+` FROM people p WHERE p.id = $1`, id)
		return err
	})
	if err != nil {
		return cutover.PersonState{}, err
	}
	return found.person(), nil
}

// List returns people in the order of their ids, byte by byte.
func (s *People) List(ctx context.Context, q cutover.PeopleQuery) ([]cutover.PersonState, error) {
	var f filter
	if len(q.IDs) > 0 {
		f.add("p.id = ANY(%s)", q.IDs)
	}
	if len(q.Numbers) > 0 {
		f.add("p.id IN (SELECT person FROM person_numbers WHERE number = ANY(%s))", q.Numbers)
	}
	if a := q.Accounts; a != (dualtone.Accounts{}) {
		f.conditions = append(f.conditions, fmt.Sprintf("(p.crm_id = %s OR p.old_id = %s OR p.new_id = %s)", f.arg(a.CRM), f.arg(a.Old), f.arg(a.New)))
	}
	f.equal("p.side", string(q.Side))
	f.equal("coalesce(p.state, 'planned')", string(q.State))
	f.equal("p.site", q.Site)
	f.equal("p.team", q.Team)
	for name, value := range q.Attributes {
		f.add("p.attributes @> %s", dualtone.Attributes{name: {value}})
	}
	if q.Cohort != "" {
		f.add("EXISTS (SELECT FROM cohort_members m WHERE m.cohort = %s AND m.person = p.id)", q.Cohort)
	}
	if q.Text != "" {
		f.add("(p.id ILIKE %s OR p.name ILIKE %s OR p.email ILIKE %s OR p.extension ILIKE %s)", contains(q.Text))
	}
	const unmatched = "(p.crm_id IS NULL OR p.old_id IS NULL OR p.new_id IS NULL)"
	switch q.Unmatched {
	case cutover.Either:
	case cutover.Only:
		f.conditions = append(f.conditions, unmatched)
	case cutover.Except:
		f.conditions = append(f.conditions, "NOT "+unmatched)
	default:
		return nil, fmt.Errorf("people: selection %q: %w", q.Unmatched, dualtone.ErrInvalid)
	}
	if q.After != "" {
		f.add("p.id > %s", q.After)
	}
	sql := `SELECT ` + personColumns + ` FROM people p` + f.where() + ` ORDER BY p.id` + f.limit(q.Limit)
	var found []personRow
	err := again(ctx, "people", func() (err error) {
		found, err = rows[personRow](ctx, s.pool, sql, f.args...)
		return err
	})
	people := make([]cutover.PersonState, len(found))
	for i, r := range found {
		people[i] = r.person()
	}
	return people, err
}
