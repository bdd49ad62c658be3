package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/cutover"
)

// verified walks the whole chain.
func verified(ctx context.Context, a *Audit) (int64, error) {
	var c audit.Chain
	entries, err := a.Entries(ctx, audit.Query{})
	for _, e := range entries {
		if err := c.Next(e); err != nil {
			return 0, err
		}
	}
	serial, hash := c.Head()
	kept, want, headErr := a.Head(ctx)
	if headErr == nil && (kept != serial || want != hash) {
		return 0, fmt.Errorf("the chain ends at %d, and the head says %d", serial, kept)
	}
	return serial, errors.Join(err, headErr)
}

func TestEntriesOfManyWritersAtOnceAreOneChain(t *testing.T) {
	t.Parallel()
	a := NewAudit(newPool(t))
	const writers, each = 8, 20
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				ctx := audit.Because(t.Context(), audit.Cause{Actor: fmt.Sprintf("writer %d", w), Role: "operator", Reason: "ünïcode 🙂, \"quotes\" and\nlines"})
				e := audit.Entry{Action: "plan.start", Object: fmt.Sprintf("plan/%d", i), Outcome: audit.Changed, After: json.RawMessage(`{"a": [1.50, null],  "b":"ß"}`)}
				if err := a.Record(ctx, e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if n, err := verified(t.Context(), a); err != nil || n != writers*each {
		t.Errorf("%d entries, %v; want %d", n, err, writers*each)
	}
}

func TestAChangedEntryBreaksTheChain(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	a := NewAudit(pool)
	for i := range 3 {
		must(t, a.Record(t.Context(), audit.Entry{Actor: "kim", Action: "plan.start", Object: fmt.Sprint("plan/", i), Outcome: audit.Allowed}))
	}
	for _, change := range []string{
		`UPDATE audit SET actor = 'pat' WHERE serial = 2`, `DELETE FROM audit WHERE serial = 2`, `TRUNCATE audit`,
	} {
		if _, err := pool.Exec(t.Context(), change); err == nil {
			t.Errorf("%s: it was done", change)
		}
	}
	// Whoever owns the table can switch the trigger off; the chain tells.
	for change, want := range map[string]string{
		`UPDATE audit SET actor = 'pat' WHERE serial = 2`: "entry 2 was changed",
		`DELETE FROM audit WHERE serial = 2`:              "entry 2 is missing",
		`DELETE FROM audit WHERE serial = 3`:              "the chain ends at 2",
	} {
		tx, err := pool.Begin(t.Context())
		must(t, err)
		for _, sql := range []string{`ALTER TABLE audit DISABLE TRIGGER audit_append_only`, change} {
			_, err = tx.Exec(t.Context(), sql)
			must(t, err)
		}
		var c audit.Chain
		err = nil
		found, queryErr := rows[auditRow](t.Context(), tx, `SELECT serial, at, actor, role, via, action, object, outcome, reason,
			before::text, after::text, request, hash FROM audit ORDER BY serial`)
		must(t, queryErr)
		for _, r := range found {
			err = errors.Join(err, c.Next(r.entry()))
		}
		if serial, _ := c.Head(); err == nil && serial < 3 {
			err = fmt.Errorf("the chain ends at %d", serial)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", change, err, want)
		}
		must(t, tx.Rollback(t.Context()))
	}
}

func TestAGuardedAuditCannotBeChangedByTheProgramsUser(t *testing.T) {
	t.Parallel()
	admin := newPool(t)
	user := "program_" + strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))
	for _, sql := range []string{
		`CREATE ROLE ` + user + ` LOGIN PASSWORD 'x'`, `GRANT ALL ON SCHEMA public TO ` + user,
		`ALTER TABLE audit OWNER TO ` + user, `ALTER TABLE audit_head OWNER TO ` + user, `ALTER FUNCTION audit_append OWNER TO ` + user,
	} {
		_, err := admin.Exec(t.Context(), sql)
		must(t, err)
	}
	config := admin.Config().Copy()
	config.ConnConfig.User, config.ConnConfig.Password = user, "x"
	program, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(program.Close)
	a := NewAudit(program)
	entry := audit.Entry{Actor: "kim", Action: "plan.start", Outcome: audit.Allowed}
	must(t, a.Record(t.Context(), entry))
	if guarded, err := a.Guarded(t.Context()); err != nil || guarded {
		t.Errorf("guarded before it was: %v, %v", guarded, err)
	}
	if err := a.Guard(t.Context()); !errors.Is(err, dualtone.ErrDenied) {
		t.Errorf("the program guards itself: %v", err)
	}
	must(t, NewAudit(admin).Guard(t.Context()))
	must(t, NewAudit(admin).Guard(t.Context()))
	if guarded, err := a.Guarded(t.Context()); err != nil || !guarded {
		t.Errorf("guarded: %v, %v", guarded, err)
	}
	must(t, a.Record(t.Context(), entry))
	for _, sql := range []string{
		`ALTER TABLE audit DISABLE TRIGGER audit_append_only`, `UPDATE audit SET actor = 'pat'`, `DELETE FROM audit`, `TRUNCATE audit`,
		`INSERT INTO audit SELECT 99, at, actor, role, via, action, object, outcome, reason, before, after, request, hash FROM audit`,
		`UPDATE audit_head SET serial = 0, hash = ''`, `DROP TABLE audit`, `SET ROLE dualtone_auditor`,
		`CREATE OR REPLACE FUNCTION audit_append(actor text, role text, via text, action text, object text, outcome text, reason text, before json, after json, request text)
			RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'`,
	} {
		if _, err := program.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: it was done", sql)
		}
	}
	if n, err := verified(t.Context(), a); err != nil || n != 2 {
		t.Errorf("%d entries, %v", n, err)
	}
}

func TestTheProgramWorksInTheSchemaThatItsOwnerHandsOver(t *testing.T) {
	t.Parallel()
	owner := newPool(t)
	const user = "program_handed_over"
	must(t, HandOver(t.Context(), owner, user))
	must(t, HandOver(t.Context(), owner, user))
	_, err := owner.Exec(t.Context(), `ALTER ROLE `+user+` PASSWORD 'x'`)
	must(t, err)
	config := owner.Config().Copy()
	config.ConnConfig.User, config.ConnConfig.Password = user, "x"
	program, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(program.Close)
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "kim"})
	must(t, NewPeople(program).Import(ctx, []dualtone.Person{{ID: "E1", Name: "Ann"}}, cutover.Import{Actor: "kim"}))
	if guarded, err := NewAudit(program).Guarded(t.Context()); err != nil || !guarded {
		t.Errorf("guarded: %v, %v", guarded, err)
	}
	for _, sql := range []string{
		`UPDATE audit SET actor = 'pat'`, `DELETE FROM audit`, `TRUNCATE audit`, `DROP TABLE audit`, `DROP SCHEMA public CASCADE`,
		`ALTER TABLE audit OWNER TO ` + user, `INSERT INTO audit_head (one, serial, hash) VALUES (true, 0, '')`,
	} {
		if _, err := program.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: it was done", sql)
		}
	}
	// What the program makes at work: a table of a month's calls.
	if _, err := program.Exec(t.Context(), `CREATE TABLE call_legs_2031_05 PARTITION OF call_legs FOR VALUES FROM ('2031-05-01') TO ('2031-06-01')`); err != nil {
		t.Errorf("a month of calls: %v", err)
	}
	if err := HandOver(t.Context(), program, user); !errors.Is(err, dualtone.ErrDenied) {
		t.Errorf("the program hands over: %v", err)
	}
}

func TestAChangeAndItsEntryStandOrFallTogether(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "kim", Role: "admin", Reason: "first list", Request: "r1"})
	list := []dualtone.Person{{ID: "E1", Name: "Ann"}, {ID: "E2", Name: "Bob"}}
	must(t, NewPeople(pool).Import(ctx, list, cutover.Import{Actor: "kim", Source: "users.csv"}))
	must(t, NewPeople(pool).Import(ctx, list, cutover.Import{Actor: "kim", Source: "users.csv"})) // changes nothing
	if err := NewPeople(pool).Import(ctx, []dualtone.Person{{ID: "E3", Name: "Cid"}}, cutover.Import{}); err != nil {
		t.Errorf("the cause stands for it: %v", err)
	}
	if err := NewPeople(pool).Import(t.Context(), []dualtone.Person{{ID: "E4", Name: "Dan"}}, cutover.Import{}); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("nobody stands for it: %v", err)
	}
	if _, err := NewPeople(pool).Person(t.Context(), "E4"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("a change without an entry stands: %v", err)
	}
	must(t, NewCohorts(pool).Create(ctx, cutover.Cohort{Name: "wave-1", Actor: "pat"}, []dualtone.PersonID{"E1"}))
	entries, err := NewAudit(pool).Entries(t.Context(), audit.Query{})
	must(t, err)
	if len(entries) != 3 || string(entries[0].After) != `{"changed":2,"source":"users.csv"}` || entries[0].Request != "r1" ||
		entries[0].Reason != "first list" || entries[2].Actor != "pat" || entries[2].Object != "cohort/wave-1" {
		t.Errorf("entries: %+v", entries)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
