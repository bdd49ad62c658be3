package postgres

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/migrations"
)

// Open connects to a database. The pool's size and life times are parameters of the
// URL (pool_max_conns and so on); more, such as Traced, changes what the URL does not
// say.
func Open(ctx context.Context, url string, more ...func(*pgxpool.Config)) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The parser's own words may hold the password.
		return nil, fmt.Errorf("database URL: not readable: %w", dualtone.ErrInvalid)
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "dualtone"
	}
	// The statements hold only the conditions that were asked for, so one plan
	// fits all values; making a new one costs more than running it.
	if config.ConnConfig.RuntimeParams["plan_cache_mode"] == "" {
		config.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	}
	// Every statement is short, whatever the planner fears of tables that it has
	// no figures of yet; compiling one takes a hundred times as long.
	if config.ConnConfig.RuntimeParams["jit"] == "" {
		config.ConnConfig.RuntimeParams["jit"] = "off"
	}
	for _, change := range more {
		change(config)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, wrap("database", err)
	}
	first, err := pool.Acquire(ctx)
	if err != nil {
		pool.Close()
		return nil, wrap("database", err)
	}
	first.Release()
	return pool, nil
}

// Migrate applies pending migrations and returns the files that this call
// applied. Any number of processes may call it at once.
func Migrate(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) ([]string, error) {
	var applied []string
	err := withSchema(pool, log, func(s *migrations.Schema) (err error) {
		applied, err = s.Up(ctx)
		return err
	})
	return applied, err
}

// SchemaStatus compares the database's schema with the program's.
func SchemaStatus(ctx context.Context, pool *pgxpool.Pool) (migrations.Status, error) {
	var status migrations.Status
	err := withSchema(pool, nil, func(s *migrations.Schema) (err error) {
		status, err = s.Status(ctx)
		return err
	})
	return status, err
}

// CheckSchema returns migrations.ErrBehind or migrations.ErrAhead when the
// database's schema is not the program's.
//
// Every command begins with it, so it asks one question and no more.
func CheckSchema(ctx context.Context, pool *pgxpool.Pool) error {
	var current int64
	err := pool.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`, pgx.QueryExecModeSimpleProtocol).Scan(&current)
	if err != nil && !violates(err, undefinedTable) {
		return wrap("schema version", err)
	}
	status, err := migrations.Compare(current)
	if err != nil {
		return err
	}
	return status.Check()
}

func withSchema(pool *pgxpool.Pool, log *slog.Logger, do func(*migrations.Schema) error) error {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }() // The pool stays open.
	schema, err := migrations.New(db, log)
	if err != nil {
		return err
	}
	return classify(do(schema))
}
