package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

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
// for those that move nothing: most of them, and each is waited for.
const appendEntries = `WITH e AS (` + givenEntries + `)` + insertEntries + ` ORDER BY n`

// recordEntries appends the entries that the journal does not hold yet, and
// moves switches and people to the last state that a new entry reached, all in
// one statement and so in one transaction and one round trip. An entry for a
// switch that is not kept stops the whole: then nothing is added.
const recordEntries = `
WITH e AS (` + givenEntries + `
), unknown AS (
	SELECT e.switch, e.person FROM e
	WHERE e.kind = 'state' AND NOT EXISTS (SELECT FROM switches s WHERE s.id = e.switch AND s.person = e.person)
), added AS (` + insertEntries + ` AND NOT EXISTS (SELECT FROM unknown)
	ORDER BY n
	RETURNING serial, switch, person, kind, state, text, at
), reached AS (
	SELECT DISTINCT ON (switch, person) * FROM added WHERE kind = 'state' ORDER BY switch, person, serial DESC
), s AS (
	UPDATE switches w
	SET state = r.state, detail = coalesce(r.text, ''), ended = CASE WHEN final.is THEN r.at END
	FROM reached r, LATERAL (SELECT bool_or(e.final) AS is FROM e WHERE e.state = r.state) final
	WHERE w.id = r.switch AND w.person = r.person
	RETURNING w.id, w.person, w."to", w.state, w.detail, w.actions, r.at
), person AS (
	UPDATE people p SET since = s.at,` + personReached + `
	FROM s WHERE p.id = s.person AND p.switch = s.id
)
SELECT switch, person FROM unknown LIMIT 1`

// Record appends entries in order, in one transaction. Entries that the
// journal holds already (same switch, time, kind, action, attempt and words)
// are left out and move nothing, so a call may be repeated. A late entry of a
// switch that is no longer the person's current one moves the switch, never
// the person. ErrNotFound, with nothing written, when a switch that reached a
// state was never kept.
func (s *Switches) Record(ctx context.Context, entries ...cutover.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	lines := make([]line, len(entries))
	for i, e := range entries {
		lines[i] = line{
			N: i, At: nullable(e.At), Switch: e.Switch, Person: e.Person, Kind: e.Kind, Action: e.Action, Attempt: e.Attempt,
			Step: e.Step, Facet: e.Facet, State: e.State, Final: e.State.Final(), Text: printable(e.Text),
			Actor: e.Actor, Reason: printable(e.Reason), Workflow: e.Workflow, Run: e.Run, From: e.From, To: e.To, Now: e.Now,
		}
	}
	noun := fmt.Sprintf("journal of switch %s", entries[0].Switch)
	text, err := json.Marshal(lines)
	if err != nil {
		return fmt.Errorf("%s: %w", noun, err)
	}
	if !slices.ContainsFunc(entries, func(e cutover.Entry) bool { return e.Kind == cutover.Reached }) {
		return again(ctx, noun, func() error {
			_, err := s.pool.Exec(ctx, appendEntries, string(text))
			return err
		})
	}
	type key struct {
		Switch cutover.SwitchID
		Person dualtone.PersonID
	}
	var unknown []key
	err = again(ctx, noun, func() (err error) {
		unknown, err = rows[key](ctx, s.pool, recordEntries, string(text))
		return err
	})
	if err == nil && len(unknown) > 0 {
		return fmt.Errorf("journal: switch %s of person %s was never kept: %w", unknown[0].Switch, unknown[0].Person, dualtone.ErrNotFound)
	}
	return err
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
