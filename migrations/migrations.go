// Package migrations is the history of the database's schema: numbered SQL,
// embedded in the program, applied once in order whoever asks first.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// The ways in which a schema does not fit the program.
var (
	// ErrBehind: migrations are pending; the program needs them.
	ErrBehind = errors.New("database schema is behind this program")
	// ErrAhead: a newer program migrated the database.
	ErrAhead = errors.New("database schema is ahead of this program")
)

// lockID is the advisory lock that migrating processes of this program share.
const lockID = 0x6475616c746f6e65 // "dualtone"

// Schema is the schema of one database.
type Schema struct {
	provider *goose.Provider
}

// New returns the schema of a database. The logger may be nil.
func New(db *sql.DB, log *slog.Logger) (*Schema, error) {
	// Probing each second for ten minutes outlasts a migration that another
	// process runs.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(lockID), lock.WithLockTimeout(1, 600))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true), goose.WithSlog(log))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return &Schema{provider: provider}, nil
}

// Status compares a database with the program.
type Status struct {
	// Current is the database's version, 0 before the first migration.
	Current int64 `json:"current"`
	// Latest is the version that the program brings.
	Latest int64 `json:"latest"`
	// Pending are the files still to be applied, in order.
	Pending []string `json:"pending,omitempty"`
}

// Status reads the database's version. It waits for no running migration.
func (s *Schema) Status(ctx context.Context) (Status, error) {
	current, _, err := s.provider.GetVersions(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("schema version: %w", err)
	}
	return Compare(current)
}

// Compare compares a database's version with the program.
func Compare(current int64) (Status, error) {
	status := Status{Current: current}
	all, err := files.ReadDir(".") // by name, and so by version
	if err != nil {
		return status, fmt.Errorf("migrations: %w", err)
	}
	for _, file := range all {
		if status.Latest, err = goose.NumericComponent(file.Name()); err != nil {
			return status, fmt.Errorf("migrations: %w", err)
		}
		if status.Latest > current {
			status.Pending = append(status.Pending, file.Name())
		}
	}
	return status, nil
}

// Check returns ErrBehind or ErrAhead, with both versions and what to do, unless they
// are the same.
func (s Status) Check() error {
	switch {
	case s.Current < s.Latest:
		return fmt.Errorf("schema version %d, program needs %d (%d pending): run dualtone migrate: %w",
			s.Current, s.Latest, len(s.Pending), ErrBehind)
	case s.Current > s.Latest:
		return fmt.Errorf("schema version %d, program knows up to %d: run the newer program: %w",
			s.Current, s.Latest, ErrAhead)
	default:
		return nil
	}
}

// Up applies what is pending, under a lock that all processes share, and
// returns the files that it applied itself. A schema that is ahead is left
// alone and is ErrAhead.
func (s *Schema) Up(ctx context.Context) ([]string, error) {
	status, err := s.Status(ctx)
	if err != nil {
		return nil, err
	}
	if status.Current > status.Latest {
		return nil, status.Check()
	}
	results, err := s.provider.Up(ctx)
	applied := make([]string, 0, len(results))
	for _, r := range results {
		applied = append(applied, r.Source.Path)
	}
	if err != nil {
		return applied, fmt.Errorf("migrate: %w", err)
	}
	return applied, nil
}
