package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// claimKey is the advisory lock of a server on its database: "dualtemp".
const claimKey = 0x6475616c74656d70

// claimed is the right to be the only server on a database. Two servers with
// fixed hosts would take the shards from each other without end.
type claimed struct {
	config *pgx.ConnConfig
	conn   *pgx.Conn
}

var errTaken = errors.New("another Temporal server runs on it: stop that one or give it another database")

// claim waits a little for a server that was killed a moment ago: Postgres
// notices when that one's connection closes.
func claim(ctx context.Context, databaseURL, database string) (*claimed, error) {
	cfg, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, errors.New("DATABASE_URL: give it as postgres://user:password@host:port/database")
	}
	cfg.Database = database
	c := &claimed{config: cfg}
	deadline := time.Now().Add(15 * time.Second)
	for {
		err := c.take(ctx)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, errTaken) || time.Now().After(deadline) {
			return nil, fmt.Errorf("database %s: %w", database, err)
		}
		if wait(ctx, 200*time.Millisecond) != nil {
			return nil, err
		}
	}
}

func (c *claimed) take(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, c.config)
	if err != nil {
		return err
	}
	var got bool
	err = conn.QueryRow(ctx, "select pg_try_advisory_lock($1)", int64(claimKey)).Scan(&got)
	if err == nil && !got {
		err = errTaken
	}
	if err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	c.conn = conn
	return nil
}

// keep holds the claim until the context ends, also over a restart of the
// database. It returns an error when somebody else got it in between.
func (c *claimed) keep(ctx context.Context) error {
	for wait(ctx, 2*time.Second) == nil {
		if c.conn.Ping(ctx) == nil {
			continue
		}
		_ = c.conn.Close(ctx)
		if err := c.take(ctx); errors.Is(err, errTaken) {
			return fmt.Errorf("database %s: %w", c.config.Database, err)
		}
	}
	return nil
}

func (c *claimed) release() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.conn.Close(ctx)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
