package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
)

// staging holds the people of one change while it is checked and applied.
const staging = `
CREATE TEMP TABLE staged (
	id text COLLATE "C" PRIMARY KEY, name text, email text, federation_id text, extension text, site text, team text,
	crm_id text, old_id text, new_id text, numbers text[], attributes jsonb
) ON COMMIT DROP`

// personDocument is what the history keeps of a person.
const personDocument = `
	jsonb_strip_nulls(jsonb_build_object('name', p.name, 'email', nullif(p.email, ''),
		'federation_id', nullif(p.federation_id, ''), 'extension', nullif(p.extension, ''),
		'site', nullif(p.site, ''), 'team', nullif(p.team, ''),
		'crm', p.crm_id, 'old', p.old_id, 'new', p.new_id, 'attributes', nullif(p.attributes, '{}'),
		'numbers', (SELECT jsonb_agg(n.number ORDER BY n.position) FROM person_numbers n WHERE n.person = p.id)))`

// Taking accounts and numbers away before any is given lets people swap theirs
// in one change.
const (
	keepBefore = `CREATE TEMP TABLE was ON COMMIT DROP AS
		SELECT p.id, ` + personDocument + ` AS doc FROM people p JOIN staged s ON s.id = p.id`
	releaseAccounts = `
		UPDATE people p SET
			crm_id = CASE WHEN s.crm_id IS NULL OR s.crm_id = p.crm_id THEN p.crm_id END,
			old_id = CASE WHEN s.old_id IS NULL OR s.old_id = p.old_id THEN p.old_id END,
			new_id = CASE WHEN s.new_id IS NULL OR s.new_id = p.new_id THEN p.new_id END
		FROM staged s
		WHERE p.id = s.id AND (s.crm_id <> p.crm_id OR s.old_id <> p.old_id OR s.new_id <> p.new_id)`
	releaseNumbers = `DELETE FROM person_numbers n USING staged s WHERE n.person = s.id`
	putPeople      = `
		INSERT INTO people AS p (id, name, email, federation_id, extension, site, team, crm_id, old_id, new_id, attributes)
		SELECT s.id, s.name, s.email, s.federation_id, s.extension, s.site, s.team, s.crm_id, s.old_id, s.new_id,
			(SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(coalesce(k.attributes, '{}') || s.attributes) WHERE value <> '[]')
		FROM staged s LEFT JOIN people k ON k.id = s.id ORDER BY s.id
		ON CONFLICT (id) DO UPDATE SET
			name = excluded.name, email = excluded.email, federation_id = excluded.federation_id,
			extension = excluded.extension, site = excluded.site, team = excluded.team, attributes = excluded.attributes,
			crm_id = coalesce(excluded.crm_id, p.crm_id),
			old_id = coalesce(excluded.old_id, p.old_id),
			new_id = coalesce(excluded.new_id, p.new_id)`
	putNumbers = `
		INSERT INTO person_numbers (number, person, position)
		SELECT n.number, s.id, n.position FROM staged s, unnest(s.numbers) WITH ORDINALITY AS n (number, position)`
	putAccounts = `
		UPDATE people p SET crm_id = coalesce(s.crm_id, p.crm_id), old_id = coalesce(s.old_id, p.old_id),
			new_id = coalesce(s.new_id, p.new_id)
		FROM staged s WHERE p.id = s.id`
	keepChanges = `
		INSERT INTO people_changes (person, kind, actor, source, before, after)
		SELECT p.id, $1, $2, $3, was.doc, now.doc
		FROM staged s JOIN people p ON p.id = s.id LEFT JOIN was ON was.id = p.id, LATERAL (SELECT ` + personDocument + ` AS doc) now
		WHERE was.doc IS DISTINCT FROM now.doc
		ORDER BY p.id`
)

// Import inserts people or replaces what is known of them. Their side, their
// state, the accounts that are not given and what the list lacks stay. ErrConflict, naming both
// people, when an account or a number belongs to somebody else.
func (s *People) Import(ctx context.Context, people []dualtone.Person, why cutover.Import) error {
	var kept []string
	for _, column := range why.Lacks {
		sql := keepLacking(column)
		if sql == "" {
			return fmt.Errorf("import: no column %q can be lacking: %w", column, dualtone.ErrInvalid)
		}
		kept = append(kept, sql)
	}
	return s.change(ctx, people, why, changeKind{"import", append(kept, releaseNumbers), []string{putPeople, putNumbers}})
}

// keepLacking takes what is known of a column in the place of what the list says;
// empty of a column that every list has.
func keepLacking(column string) string {
	switch column {
	case "email", "federation_id", "extension", "site", "team":
		return fmt.Sprintf("UPDATE staged s SET %[1]s = p.%[1]s FROM people p WHERE p.id = s.id", column)
	case "numbers":
		return `UPDATE staged s SET numbers = n.all FROM (
			SELECT person, array_agg(number ORDER BY position) AS all FROM person_numbers GROUP BY person) n WHERE n.person = s.id`
	default:
		return ""
	}
}

// Match stores accounts. One that is not given stays as it was. ErrNotFound
// names people who are not in the user list, ErrConflict both people who claim
// an account.
func (s *People) Match(ctx context.Context, accounts map[dualtone.PersonID]dualtone.Accounts, why cutover.Import) error {
	people := make([]dualtone.Person, 0, len(accounts))
	for id, a := range accounts {
		people = append(people, dualtone.Person{ID: id, Accounts: a})
	}
	return s.change(ctx, people, why, changeKind{"match", nil, []string{putAccounts}})
}

// Place notes where people work who were never switched; see cutover.People. It
// stands in the history of the user list.
func (s *People) Place(ctx context.Context, sides map[dualtone.PersonID]dualtone.Side, why cutover.Import) (int, error) {
	var ids, where []string
	for id, side := range sides {
		ids, where = append(ids, string(id)), append(where, string(side))
	}
	var moved int
	err := again(ctx, "sides", func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if err := tx.QueryRow(ctx, putSides, ids, where, why.Actor, why.Source).Scan(&moved); err != nil {
				return err
			}
			return notePeople(ctx, tx, "match", moved, why)
		})
	})
	return moved, err
}

// putSides notes where people work, and tells how many were noted elsewhere.
const putSides = `
WITH placed AS (
	UPDATE people p SET side = s.side
	FROM unnest($1::text[], $2::text[]) AS s (id, side)
	WHERE p.id = s.id AND p.switch IS NULL AND p.side <> s.side
	RETURNING p.id, p.side
), history AS (
	INSERT INTO people_changes (person, kind, actor, source, before, after)
	SELECT id, 'match', $3, $4, jsonb_build_object('side', CASE side WHEN 'new' THEN 'old' ELSE 'new' END),
		jsonb_build_object('side', side)
	FROM placed ORDER BY id
)
SELECT count(*) FROM placed`

// changeKind is one way to change the user list: what it takes away before the
// claims are checked, and what it puts then.
type changeKind struct {
	name         string
	release, put []string
}

func (s *People) change(ctx context.Context, people []dualtone.Person, why cutover.Import, kind changeKind) error {
	if len(people) == 0 {
		return nil
	}
	people = slices.Clone(people)
	slices.SortFunc(people, func(a, b dualtone.Person) int { return strings.Compare(string(a.ID), string(b.ID)) })
	for i, p := range people {
		if p.ID == "" {
			return fmt.Errorf("%s: a person without an id (%q): %w", kind.name, p.Name, dualtone.ErrInvalid)
		}
		if i > 0 && people[i-1].ID == p.ID {
			return fmt.Errorf("%s: person %s is in it twice: %w", kind.name, p.ID, dualtone.ErrInvalid)
		}
	}
	work := func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if err := stage(ctx, tx, people); err != nil {
				return err
			}
			return applyStaged(ctx, tx, why, kind)
		})
	}
	return again(ctx, kind.name, func() error {
		err := work()
		if violates(err, uniqueViolation) {
			// Somebody else claimed it after the check: check again, which names them.
			err = work()
		}
		return err
	})
}

func stage(ctx context.Context, tx pgx.Tx, people []dualtone.Person) error {
	if _, err := tx.Exec(ctx, staging); err != nil {
		return err
	}
	columns := []string{
		"id", "name", "email", "federation_id", "extension", "site", "team", "crm_id", "old_id", "new_id", "numbers",
		"attributes",
	}
	source := pgx.CopyFromSlice(len(people), func(i int) ([]any, error) {
		p := people[i]
		return []any{
			string(p.ID), p.Name, p.Email, p.FederationID, p.Extension, p.Site, p.Team,
			given(p.Accounts.CRM), given(p.Accounts.Old), given(p.Accounts.New), distinct(p.Numbers),
			stagedAttributes(p.Attributes),
		}, nil
	})
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"staged"}, columns, source); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "ANALYZE staged")
	return err
}

// stagedAttributes are written as {} when none is given, and as [] where there
// are no values, which takes what was known away.
func stagedAttributes(given dualtone.Attributes) dualtone.Attributes {
	all := dualtone.Attributes{}
	for name, values := range given {
		all[name] = append([]string{}, values...)
	}
	return all
}

func given(id dualtone.UserID) *string {
	if id == "" {
		return nil
	}
	s := string(id)
	return &s
}

func distinct(numbers []dualtone.Number) []string {
	var all []string
	for _, n := range numbers {
		if !slices.Contains(all, string(n)) {
			all = append(all, string(n))
		}
	}
	return all
}

func applyStaged(ctx context.Context, tx pgx.Tx, why cutover.Import, kind changeKind) error {
	if kind.name == "match" {
		if err := needKnown(ctx, tx); err != nil {
			return err
		}
	}
	for _, sql := range append([]string{keepBefore, releaseAccounts}, kind.release...) {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := checkClaims(ctx, tx); err != nil {
		return err
	}
	for _, sql := range kind.put {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	kept, err := tx.Exec(ctx, keepChanges, kind.name, why.Actor, why.Source)
	if err != nil {
		return err
	}
	return notePeople(ctx, tx, kind.name, int(kept.RowsAffected()), why)
}

// notePeople has the audit note a change of the user list. What was and is known of
// each stands in the list's own history.
func notePeople(ctx context.Context, q querier, kind string, changedPeople int, why cutover.Import) error {
	if changedPeople == 0 {
		return nil
	}
	e, err := changed("people."+kind, "people", nil, map[string]any{"changed": changedPeople, "source": why.Source})
	if err != nil {
		return err
	}
	e.Actor = why.Actor
	return note(ctx, q, e)
}

func needKnown(ctx context.Context, tx pgx.Tx) error {
	found, err := tx.Query(ctx, `SELECT id FROM staged s WHERE NOT EXISTS (SELECT FROM people p WHERE p.id = s.id) ORDER BY id`)
	if err != nil {
		return err
	}
	missing, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("not in the user list: %s: %w", enumerate(missing), dualtone.ErrNotFound)
	}
	return err
}

// claims finds every account and number that two people would have: another
// row of the change, or somebody in the list.
const claims = `
WITH wanted AS (
	SELECT 'CRM account' AS noun, crm_id AS value, id FROM staged WHERE crm_id IS NOT NULL
	UNION ALL SELECT 'account on the old side', old_id, id FROM staged WHERE old_id IS NOT NULL
	UNION ALL SELECT 'account on the new side', new_id, id FROM staged WHERE new_id IS NOT NULL
	UNION ALL SELECT 'number', n, id FROM staged, unnest(numbers) n
), held AS (
	SELECT 'CRM account' AS noun, p.crm_id AS value, p.id FROM people p JOIN staged s ON s.crm_id = p.crm_id
	UNION ALL SELECT 'account on the old side', p.old_id, p.id FROM people p JOIN staged s ON s.old_id = p.old_id
	UNION ALL SELECT 'account on the new side', p.new_id, p.id FROM people p JOIN staged s ON s.new_id = p.new_id
	UNION ALL SELECT 'number', n.number, n.person FROM person_numbers n
		WHERE n.number IN (SELECT unnest(numbers) FROM staged)
)
SELECT noun, value, array_agg(DISTINCT id ORDER BY id) AS people
FROM (SELECT * FROM wanted UNION ALL SELECT * FROM held) claim
GROUP BY noun, value HAVING count(DISTINCT id) > 1
ORDER BY noun, value`

func checkClaims(ctx context.Context, tx pgx.Tx) error {
	type claim struct {
		Noun, Value string
		People      []string
	}
	found, err := rows[claim](ctx, tx, claims)
	if err != nil || len(found) == 0 {
		return err
	}
	texts := make([]string, len(found))
	for i, c := range found {
		texts[i] = fmt.Sprintf("%s %s belongs to person %s", c.Noun, c.Value, strings.Join(c.People, " and to person "))
	}
	return fmt.Errorf("%s: %w", enumerate(texts), dualtone.ErrConflict)
}

// enumerate lists the first few of many.
func enumerate(all []string) string { return plan.Some(all, 10) }
