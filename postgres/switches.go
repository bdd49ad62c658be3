package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
)

// Switches keeps switches and the journal.
type Switches struct {
	pool *pgxpool.Pool
	// before holds the states that lead to a state, after those that it leads to.
	before, after map[cutover.State][]string
}

var _ cutover.Switches = (*Switches)(nil)

// NewSwitches returns the switches of a database.
func NewSwitches(pool *pgxpool.Pool) *Switches {
	s := &Switches{pool: pool, before: map[cutover.State][]string{}, after: map[cutover.State][]string{}}
	for _, from := range cutover.States() {
		for _, to := range from.Later() {
			s.before[to] = append(s.before[to], string(from))
			s.after[from] = append(s.after[from], string(to))
		}
	}
	return s
}

const switchColumns = `id, person, "to", undoes, cohort, pass, actor, reason, workflow, run, state, detail, started, ended, accounts, before, actions`

type switchRow struct {
	ID       cutover.SwitchID
	Person   dualtone.PersonID
	To       dualtone.Side
	Undoes   cutover.SwitchID
	Cohort   string
	Pass     string
	Actor    string
	Reason   string
	Workflow string
	Run      string
	State    cutover.State
	Detail   string
	Started  time.Time
	Ended    *time.Time
	Accounts *dualtone.Accounts
	Before   cutover.Image
	Actions  []cutover.Action
}

func (r switchRow) switched() cutover.Switch {
	var accounts dualtone.Accounts
	if r.Accounts != nil {
		accounts = *r.Accounts
	}
	return cutover.Switch{
		ID: r.ID, Person: r.Person, To: r.To, Undoes: r.Undoes, Cohort: r.Cohort, Pass: r.Pass,
		Provenance: routing.Provenance{Actor: r.Actor, Reason: r.Reason, Workflow: r.Workflow, Run: r.Run},
		State:      r.State, Detail: r.Detail, Started: r.Started.UTC(), Ended: utc(r.Ended),
		Accounts: accounts, Before: r.Before, Actions: r.Actions,
	}
}

// lockPeople lets one writer at a time at the switches of a person until its
// transaction is over. The statements after it see all that was committed
// before, since every statement looks anew.
const lockPeople = `SELECT FROM people WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`

// personReached moves a person with their switch: "s" is the switch with its
// new state. on_new puts the person on the new side, restored on the old one;
// after restore_drift the person stays where they were, and what stood stands.
// A switch that found nothing to do stands only where no other does, so that a
// way back still finds what to take back. A move of somebody on the old side stands as
// long as anything that it wrote may: it may be broken off at any time.
const personReached = `
	state = s.state, switch = s.id, detail = s.detail, since = s.reached,
	side = CASE WHEN s.state = 'on_new' THEN 'new' WHEN s.state = 'restored' THEN 'old' ELSE p.side END,
	stands = CASE
		WHEN s.state = 'on_new' AND (s.actions IS NOT NULL OR p.stands IS NULL) THEN s.id
		WHEN s.state = 'restored' AND s."to" = 'old' THEN NULL
		WHEN s.state IN ('planned', 'deferred', 'skipped', 'failed_clean', 'restored') THEN nullif(p.stands, s.id)
		WHEN s."to" = 'new' AND s.actions IS NOT NULL AND p.side = 'old' THEN s.id
		ELSE p.stands END`

// keepSwitch inserts unless the switch, or another of the same pass, is there, or
// the person was left out of the stage that sends them to the new side; with the
// journal's first entry of it. It reads what is held, or in its place a switch without
// an id that says why they were left out. The part about what is held is blind to a row that
// another transaction commits while the insert waits for it; then it returns none.
// The person's place in the stage is locked as it is read, so that whoever marks it
// in the same moment came before, or waits and finds that they are captured.
const keepSwitch = `
WITH place AS (
	SELECT state, detail FROM plan_users
	WHERE $3 = 'new' AND person = $2 AND plan || '/' || stage = $5
	FOR NO KEY UPDATE
), s AS (
	INSERT INTO switches (` + switchColumns + `, reached)
	SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::jsonb, $16::jsonb, $17::jsonb, $13
	WHERE NOT EXISTS (SELECT FROM switches WHERE id = $1)
		AND NOT EXISTS (SELECT FROM switches WHERE person = $2 AND pass = $6 AND pass <> '')
		AND NOT EXISTS (SELECT FROM place WHERE state = 'skipped')
	ON CONFLICT DO NOTHING
	RETURNING *
), person AS (
	UPDATE people p SET` + personReached + `
	FROM s WHERE p.id = s.person
), entry AS (
	INSERT INTO journal (at, switch, person, kind, state, text, actor, reason, workflow, run)
	SELECT started, id, person, 'state', state, nullif(detail, ''),
		nullif(actor, ''), nullif(reason, ''), nullif(workflow, ''), nullif(run, '')
	FROM s
)
SELECT ` + switchColumns + ` FROM s
UNION ALL
SELECT ` + switchColumns + ` FROM switches WHERE id = $1
UNION ALL
SELECT '', $2, $3, $4, $5, $6, $7, $8, $9, $10, state, detail, $13, NULL, NULL, NULL, NULL
FROM place WHERE state = 'skipped' AND NOT EXISTS (SELECT FROM switches WHERE id = $1)`

// Keep stores a new switch and journals its state, or returns the one that is
// held under its id. A new switch is its person's newest one from then on.
func (s *Switches) Keep(ctx context.Context, w cutover.Switch) (cutover.Switch, error) {
	accounts, err := document(w.Accounts, w.Accounts == dualtone.Accounts{})
	if err != nil {
		return cutover.Switch{}, fmt.Errorf("switch %s: accounts: %w", w.ID, err)
	}
	before, err := document(w.Before, w.Before == nil)
	if err != nil {
		return cutover.Switch{}, fmt.Errorf("switch %s: before-image: %w", w.ID, err)
	}
	actions, err := document(w.Actions, len(w.Actions) == 0)
	if err != nil {
		return cutover.Switch{}, fmt.Errorf("switch %s: actions: %w", w.ID, err)
	}
	var held []switchRow
	err = again(ctx, fmt.Sprintf("switch %s of person %s", w.ID, w.Person), func() error {
		// The statements travel together and share one transaction.
		var batch pgx.Batch
		batch.Queue(lockPeople, []string{string(w.Person)})
		batch.Queue(keepSwitch,
			w.ID, w.Person, w.To, w.Undoes, w.Cohort, w.Pass, w.Actor, printable(w.Reason), w.Workflow, w.Run,
			w.State, printable(w.Detail), stored(w.Started), nullable(w.Ended), accounts, before, actions,
		).Query(func(found pgx.Rows) (err error) {
			held, err = pgx.CollectRows(found, pgx.RowToStructByName[switchRow])
			return err
		})
		return s.pool.SendBatch(ctx, &batch).Close()
	})
	switch {
	case err != nil:
		return cutover.Switch{}, err
	case len(held) == 0:
		there, err := s.Switch(ctx, w.ID)
		if errors.Is(err, dualtone.ErrNotFound) {
			return there, fmt.Errorf("person %s was switched in this pass of cohort %s already: %w", w.Person, w.Cohort, dualtone.ErrConflict)
		}
		return there, err
	case held[0].Person != w.Person:
		return cutover.Switch{}, fmt.Errorf("switch %s of person %s: held for person %s: %w",
			w.ID, w.Person, held[0].Person, dualtone.ErrConflict)
	case held[0].ID == "":
		return cutover.Switch{}, &cutover.LeftOutError{Person: w.Person, Why: held[0].Detail}
	default:
		return held[0].switched(), nil
	}
}

// Switch returns one switch.
func (s *Switches) Switch(ctx context.Context, id cutover.SwitchID) (cutover.Switch, error) {
	return s.one(ctx, fmt.Sprintf("switch %s", id), `SELECT `+switchColumns+` FROM switches WHERE id = $1`, id)
}

// Latest returns the switch that a way back would take back.
func (s *Switches) Latest(ctx context.Context, person dualtone.PersonID) (cutover.Switch, error) {
	return s.one(ctx, fmt.Sprintf("switch of person %s that stands", person), `
		SELECT `+switchColumns+` FROM switches
		WHERE (id, person) = (SELECT stands, id FROM people WHERE id = $1)`, person)
}

func (s *Switches) one(ctx context.Context, noun, sql string, args ...any) (cutover.Switch, error) {
	var found switchRow
	err := again(ctx, noun, func() (err error) {
		found, err = row[switchRow](ctx, s.pool, sql, args...)
		return err
	})
	if err != nil {
		return cutover.Switch{}, err
	}
	return found.switched(), nil
}
