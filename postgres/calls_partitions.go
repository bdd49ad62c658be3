package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// month is one by the count since year 0.
type month int

func monthOf(t time.Time) month {
	y, m, _ := t.UTC().Date()
	return month(y*12 + int(m) - 1)
}

func (m month) start() time.Time {
	return time.Date(int(m)/12, time.Month(int(m)%12+1), 1, 0, 0, 0, 0, time.UTC)
}

// partition is a month's part of a table.
type partition struct {
	table string
	month month
}

func (p partition) name() string {
	return fmt.Sprintf("%s_%s", p.table, p.month.start().Format("2006_01"))
}

// partitions makes parts of tables where rows of a month arrive for the first
// time, be it this one or one of years ago.
type partitions struct {
	pool *pgxpool.Pool

	mu   sync.Mutex
	made map[partition]bool
}

func newPartitions(pool *pgxpool.Pool) *partitions {
	return &partitions{pool: pool, made: map[partition]bool{}}
}

func (p *partitions) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.made)
}

// ensure makes the parts that are not there. Others who want the same wait.
func (p *partitions) ensure(ctx context.Context, table string, months map[month]struct{}) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for m := range months {
		part := partition{table, m}
		if p.made[part] {
			continue
		}
		if err := p.make(ctx, part); err != nil {
			return fmt.Errorf("partition %s: %w", part.name(), err)
		}
		p.made[part] = true
	}
	return nil
}

// make attaches a table that was made aside, which unlike making it in place
// keeps nobody from reading and writing the others.
func (p *partitions) make(ctx context.Context, part partition) error {
	return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('dualtone partitions'))`); err != nil {
			return err
		}
		var exists bool
		if err := tx.QueryRow(ctx, `SELECT to_regclass($1::text) IS NOT NULL`, part.name()).Scan(&exists); err != nil || exists {
			return err
		}
		from, to := part.month.start().Format(time.RFC3339), (part.month + 1).start().Format(time.RFC3339)
		_, err := tx.Exec(ctx, fmt.Sprintf(`
			CREATE TABLE %[1]s (LIKE %[2]s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE);
			ALTER TABLE %[2]s ATTACH PARTITION %[1]s FOR VALUES FROM ('%[3]s') TO ('%[4]s')`,
			part.name(), part.table, from, to), pgx.QueryExecModeSimpleProtocol)
		return err
	})
}
