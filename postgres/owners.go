package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
)

// handedOver are the statements that give a role what it does not own yet of the
// schema, all but the audit. The sequence of an identity column follows its table.
const handedOver = `
	SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, $1::text) FROM pg_class c
	WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
		AND c.relname NOT IN ('audit', 'audit_head') AND pg_get_userbyid(c.relowner) <> $1::text
		AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')))
	UNION ALL
	SELECT format('ALTER FUNCTION %s OWNER TO %I', p.oid::regprocedure, $1::text) FROM pg_proc p
	WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND p.proname <> 'audit_append' AND pg_get_userbyid(p.proowner) <> $1::text
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')`

// HandOver gives the schema to the role that the program signs in as, which is made
// if there is none, and the audit to one that nobody signs in as: the program can
// then do everything that it does, and of the audit nothing but add to it and read
// it. It takes an administrator of the database, and may be run again.
func HandOver(ctx context.Context, pool *pgxpool.Pool, program string) error {
	err := again(ctx, "handing the schema to "+program, func() error {
		return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return handOver(ctx, tx, program) })
	})
	if errors.Is(err, dualtone.ErrDenied) {
		return fmt.Errorf("%w; it takes an administrator of the database, such as its superuser", err)
	}
	if err != nil {
		return err
	}
	return NewAudit(pool).Guard(ctx)
}

func handOver(ctx context.Context, tx pgx.Tx, program string) error {
	var known, super bool
	err := tx.QueryRow(ctx, `SELECT count(*) > 0, coalesce(bool_or(rolsuper), false) FROM pg_roles WHERE rolname = $1`, program).Scan(&known, &super)
	if err != nil {
		return err
	}
	if super {
		return fmt.Errorf("role %s is a superuser, from whom nothing can be guarded: %w", program, dualtone.ErrInvalid)
	}
	name := pgx.Identifier{program}.Sanitize()
	statements := []string{`GRANT CREATE, USAGE ON SCHEMA public TO ` + name}
	if !known {
		statements = []string{`CREATE ROLE ` + name + ` LOGIN`, statements[0]}
	}
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	found, err := tx.Query(ctx, handedOver, program)
	if err != nil {
		return err
	}
	all, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, statement := range all {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
