package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// counts are the marks between which a pass is measured.
type counts struct {
	requests     map[string]counted
	transactions int64
	bytes        footprint
}

// footprint is the sizes of tables with their indexes, by table, and of all of
// Temporal's tables together.
type footprint struct {
	Tables   map[string]float64 `json:"tables"`
	Temporal float64            `json:"temporal"`
}

func (b footprint) dualtone() float64 {
	var all float64
	for _, n := range b.Tables {
		all += n
	}
	return all
}

func (b footprint) since(before footprint, users float64) footprint {
	later := footprint{Tables: map[string]float64{}, Temporal: (b.Temporal - before.Temporal) / users}
	for table, n := range b.Tables {
		if n != before.Tables[table] {
			later.Tables[table] = (n - before.Tables[table]) / users
		}
	}
	return later
}

// counts vacuums first, so that sizes are of what is kept.
func (t *stage) counts(ctx context.Context) (counts, error) {
	c := counts{requests: map[string]counted{}, bytes: footprint{Tables: map[string]float64{}}}
	for kind, up := range t.up {
		var err error
		if c.requests[kind], err = up.ask(ctx); err != nil {
			return c, err
		}
	}
	for _, name := range []string{"dualtone", "temporal", "temporal_visibility"} {
		sizes, err := t.sizes(ctx, name)
		if err != nil {
			return c, fmt.Errorf("sizes in %s: %w", name, err)
		}
		if name == "dualtone" {
			c.bytes.Tables = sizes
			continue
		}
		for _, n := range sizes {
			c.bytes.Temporal += n
		}
	}
	err := t.pool.QueryRow(ctx, "SELECT pg_stat_clear_snapshot(), xact_commit FROM pg_stat_database WHERE datname = 'dualtone'").
		Scan(nil, &c.transactions)
	return c, err
}

func (t *stage) sizes(ctx context.Context, database string) (map[string]float64, error) {
	config := t.pool.Config().Copy()
	config.ConnConfig.Database, config.MaxConns = database, 1
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, "VACUUM"); err != nil {
		return nil, err
	}
	type size struct {
		Name  string
		Bytes float64
	}
	found, err := pool.Query(ctx, `SELECT relname AS name, pg_total_relation_size(relid) AS bytes FROM pg_stat_user_tables`)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(found, pgx.RowToStructByName[size])
	sizes := map[string]float64{}
	for _, s := range all {
		sizes[s.Name] = s.Bytes
	}
	return sizes, err
}
