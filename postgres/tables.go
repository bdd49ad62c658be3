package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// Tables reads tables of the phone systems' own databases, and writes nothing
// to them. Its pools stay open until Close.
type Tables struct {
	mu    sync.Mutex
	pools map[string]*pgxpool.Pool
}

// NewTables connects to nothing yet.
func NewTables() *Tables { return &Tables{pools: map[string]*pgxpool.Pool{}} }

// Close lets go of all databases.
func (t *Tables) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, pool := range t.pools {
		pool.Close()
	}
	clear(t.pools)
}

// Rows reads a table row by row, each as texts by the names of its columns; a
// null is left out of its row. Rows are not gathered first, so that a table of
// years is walked with the memory of one row. ErrInvalid when the address is
// not readable, the table or the column By is not there, or From is no value of
// it; ErrDenied for a refused sign-in or a table that may not be read;
// ErrUnavailable when the database is away.
func (t *Tables) Rows(ctx context.Context, table systems.Table) iter.Seq2[map[string]string, error] {
	return func(yield func(map[string]string, error) bool) {
		stopped, err := t.each(ctx, table, func(row map[string]string) bool { return yield(row, nil) })
		if err != nil && !stopped {
			yield(nil, fmt.Errorf("table %s: %w", table.Name, err))
		}
	}
}

// each reports whether yield wanted no more.
func (t *Tables) each(ctx context.Context, table systems.Table, yield func(map[string]string) bool) (bool, error) {
	pool, err := t.pool(ctx, table.Database)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	by := pgx.Identifier{table.By}.Sanitize()
	sql := "SELECT * FROM " + pgx.Identifier(strings.Split(table.Name, ".")).Sanitize()
	var args []any
	if table.From != "" {
		sql += " WHERE " + by + " >= $1"
		args = append(args, table.From)
	}
	found, err := pool.Query(ctx, sql+" ORDER BY "+by, args...)
	if err != nil {
		return false, foreign(err)
	}
	defer found.Close()
	for found.Next() {
		row := map[string]string{}
		for i, value := range found.RawValues() {
			if value != nil {
				row[found.FieldDescriptions()[i].Name] = string(value)
			}
		}
		if !yield(row) {
			// Giving up the connection is cheaper than reading years to their end.
			cancel()
			return true, nil
		}
	}
	return false, foreign(found.Err())
}

// pool opens a database once. Two connections are enough for a reader that must
// not stand in the way of a phone system.
func (t *Tables) pool(ctx context.Context, address string) (*pgxpool.Pool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if pool := t.pools[address]; pool != nil {
		return pool, nil
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		// The parser's own words may hold the password.
		return nil, fmt.Errorf("address of the database: not readable: %w", dualtone.ErrInvalid)
	}
	config.MaxConns = 2
	// All values come as texts, and times as the connectors read them.
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	config.ConnConfig.RuntimeParams["datestyle"] = "ISO, YMD"
	config.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	config.ConnConfig.RuntimeParams["application_name"] = "dualtone"
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, foreign(err)
	}
	t.pools[address] = pool
	return pool, nil
}

// Codes of Postgres that tell of settings that do not fit somebody else's
// database.
const (
	undefinedTable  = "42P01"
	undefinedColumn = "42703"
	noSuchDatabase  = "3D000"
)

// foreign adds the program's kind to an error of somebody else's database.
func foreign(err error) error {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return classify(err)
	}
	switch refused.Code {
	case undefinedTable, undefinedColumn, noSuchDatabase:
		return fmt.Errorf("%s: %w", refused.Message, dualtone.ErrInvalid)
	default:
		if kind := kindOfCode(refused.Code); kind != nil {
			return fmt.Errorf("%s: %w", refused.Message, kind)
		}
		return classify(err)
	}
}
