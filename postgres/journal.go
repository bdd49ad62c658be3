package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
)

// line is an entry on its way into the journal.
type line struct {
	N        int               `json:"n"`
	At       *time.Time        `json:"at"`
	Switch   cutover.SwitchID  `json:"switch"`
	Person   dualtone.PersonID `json:"person"`
	Kind     cutover.EntryKind `json:"kind"`
	Action   int               `json:"action"`
	Attempt  int               `json:"attempt"`
	Step     cutover.Step      `json:"step,omitempty"`
	Facet    cutover.Facet     `json:"facet,omitempty"`
	State    cutover.State     `json:"state,omitempty"`
	Final    bool              `json:"final"`
	Text     string            `json:"text,omitempty"`
	Actor    string            `json:"actor,omitempty"`
	Reason   string            `json:"reason,omitempty"`
	Workflow string            `json:"workflow,omitempty"`
	Run      string            `json:"run,omitempty"`
	From     *cutover.Value    `json:"from,omitempty"`
	To       *cutover.Value    `json:"to,omitempty"`
	Now      *cutover.Value    `json:"now,omitempty"`
}

const (
	givenEntries = `
	SELECT * FROM json_to_recordset($1::json) AS e (
		n int, at timestamptz, switch text, person text, kind text, action smallint, attempt smallint,
		step text, facet text, state text, final boolean, text text,
		actor text, reason text, workflow text, run text, "from" jsonb, "to" jsonb, "now" jsonb)`
	// insertEntries counts held entries for each entry, where NOT EXISTS would
	// become a join that reads the whole journal.
	insertEntries = `
	INSERT INTO journal (at, switch, person, kind, action, attempt, step, facet, state, text,
		actor, reason, workflow, run, "from", "to", "now")
	SELECT coalesce(e.at, now()), switch, person, kind, action, attempt, step, facet, state, text,
		actor, reason, workflow, run, "from", "to", "now"
	FROM e
	WHERE 0 = (
		SELECT count(*) FROM journal j
		WHERE j.switch = e.switch AND j.at = e.at AND j.kind = e.kind
			AND j.action = e.action AND j.attempt = e.attempt
			AND (j.step, j.facet, j.state, j.text) IS NOT DISTINCT FROM (e.step, e.facet, e.state, e.text))`
)

// appendEntries appends the entries that the journal does not hold yet. It is
// for those that move nothing: most of them, and each is waited for. No one
// else is kept out, so the same call made twice in the same moment may leave an
// entry twice.
const appendEntries = `WITH e AS (` + givenEntries + `)` + insertEntries + ` ORDER BY n`

// recordEntries appends the entries that the journal does not hold yet, of
// which at most the last one reached a state, and moves its switch, and the
// person whose newest switch that is: forward ($4 holds the states before the
// new one) whatever the clocks say, and to a state on another branch ($5 holds
// those after the new one) if it was reached later. A switch in $2, of the
// person in $3, that is not kept stops the whole: then nothing is added.
const recordEntries = `
WITH e AS (` + givenEntries + `
), unknown AS (
	SELECT u.switch, u.person FROM unnest($2::text[], $3::text[]) AS u (switch, person)
	WHERE NOT EXISTS (SELECT FROM switches s WHERE s.id = u.switch AND s.person = u.person)
), added AS (` + insertEntries + ` AND NOT EXISTS (SELECT FROM unknown)
	ORDER BY n
	RETURNING switch, person, kind, state, text, at
), s AS (
	UPDATE switches w
	SET state = r.state, detail = coalesce(r.text, ''), reached = r.at,
		ended = CASE WHEN (SELECT bool_or(e.final) FROM e WHERE e.kind = 'state') THEN r.at END
	FROM added r
	WHERE r.kind = 'state' AND w.id = r.switch AND w.person = r.person
		AND (w.state = ANY($4) OR w.state <> ALL(coalesce($5::text[], '{}')) AND r.at >= w.reached)
	RETURNING w.*
), person AS (
	UPDATE people p SET` + personReached + `
	FROM s WHERE p.id = s.person AND p.switch = s.id
)
SELECT switch, person FROM unknown LIMIT 1`

// Record appends entries in order, in one transaction and one round trip.
func (s *Switches) Record(ctx context.Context, entries ...cutover.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	noun := fmt.Sprintf("journal of switch %s", entries[0].Switch)
	if !slices.ContainsFunc(entries, reachedState) {
		text, err := linesOf(entries)
		if err != nil {
			return fmt.Errorf("%s: %w", noun, err)
		}
		return again(ctx, noun, func() error {
			_, err := s.pool.Exec(ctx, appendEntries, text)
			return err
		})
	}
	return again(ctx, noun, func() error {
		var batch pgx.Batch
		unknown, err := s.queueEntries(&batch, entries)
		if err != nil {
			return err
		}
		err = s.pool.SendBatch(ctx, &batch).Close()
		if err == nil && unknown.Switch != "" {
			return fmt.Errorf("switch %s of person %s was never kept: %w", unknown.Switch, unknown.Person, dualtone.ErrNotFound)
		}
		return err
	})
}

func reachedState(e cutover.Entry) bool { return e.Kind == cutover.Reached }

// owned is a switch and whose it is.
type owned struct {
	Switch cutover.SwitchID
	Person dualtone.PersonID
}

// queueEntries makes one statement for the entries up to each that reached a
// state, since such a one builds on what those before it left. The switch that
// it returns is set when the batch is answered, if one was never kept.
func (s *Switches) queueEntries(batch *pgx.Batch, entries []cutover.Entry) (*owned, error) {
	var people, switches, owners []string
	for _, e := range entries {
		if !slices.Contains(people, string(e.Person)) {
			people = append(people, string(e.Person))
		}
		if reachedState(e) {
			switches, owners = append(switches, string(e.Switch)), append(owners, string(e.Person))
		}
	}
	batch.Queue(lockPeople, people)
	unknown := new(owned)
	for len(entries) > 0 {
		end := len(entries)
		if i := slices.IndexFunc(entries, reachedState); i >= 0 {
			end = i + 1
		}
		text, err := linesOf(entries[:end])
		if err != nil {
			return nil, err
		}
		state := entries[end-1].State
		batch.Queue(recordEntries, text, switches, owners, s.before[state], s.after[state]).Query(func(found pgx.Rows) error {
			missing, err := pgx.CollectRows(found, pgx.RowToStructByName[owned])
			if len(missing) > 0 {
				*unknown = missing[0]
			}
			return err
		})
		entries = entries[end:]
	}
	return unknown, nil
}

// linesOf writes entries as the statements take them.
func linesOf(entries []cutover.Entry) (string, error) {
	lines := make([]line, len(entries))
	for i, e := range entries {
		lines[i] = lineOf(i, e)
	}
	text, err := json.Marshal(lines)
	return string(text), err
}

func lineOf(n int, e cutover.Entry) line {
	return line{
		N: n, At: nullable(e.At), Switch: e.Switch, Person: e.Person, Kind: e.Kind, Action: e.Action, Attempt: e.Attempt,
		Step: e.Step, Facet: e.Facet, State: e.State, Final: e.State.Final(), Text: printable(e.Text),
		Actor: e.Actor, Reason: printable(e.Reason), Workflow: e.Workflow, Run: e.Run, From: e.From, To: e.To, Now: e.Now,
	}
}

type entryRow struct {
	Serial   int64
	At       time.Time
	Switch   cutover.SwitchID
	Person   dualtone.PersonID
	Kind     cutover.EntryKind
	Action   int
	Attempt  int
	Step     cutover.Step
	Facet    cutover.Facet
	State    cutover.State
	Text     string
	Actor    string
	Reason   string
	Workflow string
	Run      string
	From     *cutover.Value
	To       *cutover.Value
	Now      *cutover.Value
}

func (r entryRow) entry() cutover.Entry {
	return cutover.Entry{
		Serial: r.Serial, Switch: r.Switch, Person: r.Person, Action: r.Action, Step: r.Step, Facet: r.Facet, Kind: r.Kind,
		From: r.From, To: r.To, Now: r.Now, State: r.State, Text: r.Text, Attempt: r.Attempt,
		Provenance: routing.Provenance{Actor: r.Actor, Reason: r.Reason, Workflow: r.Workflow, Run: r.Run},
		At:         r.At.UTC(),
	}
}

const selectEntries = `
SELECT serial, at, switch, person, kind, action, attempt,
	coalesce(step, '') AS step, coalesce(facet, '') AS facet, coalesce(state, '') AS state, coalesce(text, '') AS text,
	coalesce(actor, '') AS actor, coalesce(reason, '') AS reason, coalesce(workflow, '') AS workflow, coalesce(run, '') AS run,
	"from", "to", "now"
FROM journal`

// Journal returns entries, oldest first. Across people an entry with a lower
// serial may still appear after one with a higher one was seen; within a
// person's journal none does.
func (s *Switches) Journal(ctx context.Context, q cutover.JournalQuery) ([]cutover.Entry, error) {
	var f filter
	f.equal("person", string(q.Person))
	f.equal("switch", string(q.Switch))
	f.equal("kind", string(q.Kind))
	if !q.Since.IsZero() {
		f.add("at >= %s", stored(q.Since))
	}
	if q.After > 0 {
		f.add("serial > %s", q.After)
	}
	sql := selectEntries + f.where() + " ORDER BY serial" + f.limit(q.Limit)
	var found []entryRow
	err := again(ctx, "journal", func() (err error) {
		found, err = rows[entryRow](ctx, s.pool, sql, f.args...)
		return err
	})
	entries := make([]cutover.Entry, len(found))
	for i, r := range found {
		entries[i] = r.entry()
	}
	return entries, err
}
