package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone/devstack"
	"github.com/dualtone/dualtone/postgres"
)

// openDatabase starts a Postgres of a section's own and makes a migrated
// database in it. done stops it; nothing is kept.
func openDatabase(ctx context.Context, s settings, section string) (pool *pgxpool.Pool, done func(), err error) {
	dir, err := filepath.Abs(filepath.Join(s.dir, section))
	if err != nil {
		return nil, nil, err
	}
	server, err := devstack.StartPostgres(ctx, devstack.Options{Dir: dir})
	if err != nil {
		return nil, nil, err
	}
	stop := func() { _ = server.Stop(context.WithoutCancel(ctx)) }
	pool, err = migrated(ctx, server, section)
	if err != nil {
		stop()
		return nil, nil, err
	}
	return pool, func() { pool.Close(); stop() }, nil
}

func migrated(ctx context.Context, server *devstack.Postgres, section string) (*pgxpool.Pool, error) {
	url, err := server.CreateDatabase(ctx, fmt.Sprintf("%s_%d", section, time.Now().Unix()))
	if err != nil {
		return nil, err
	}
	pool, err := postgres.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	if _, err := postgres.Migrate(ctx, pool, slog.New(slog.DiscardHandler)); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// makeSchema makes the schema as its owner, and hands it to the program as a company
// does: all but the audit, to which it can only add.
func makeSchema(ctx context.Context, stack *devstack.Stack) error {
	pool, err := postgres.Open(ctx, stack.OwnerURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := postgres.Migrate(ctx, pool, nil); err != nil {
		return err
	}
	return postgres.HandOver(ctx, pool, devstack.Program)
}
