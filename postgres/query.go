package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// querier is a pool or a transaction.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// filter collects the conditions of a list, so that a statement holds only
// those that were asked for and the planner can use their indexes.
type filter struct {
	conditions []string
	args       []any
}

// arg adds a value and returns its placeholder.
func (f *filter) arg(v any) string {
	f.args = append(f.args, v)
	return fmt.Sprintf("$%d", len(f.args))
}

// add adds a condition in which %s stands for the value's placeholder.
func (f *filter) add(condition string, v any) {
	f.conditions = append(f.conditions, strings.ReplaceAll(condition, "%s", f.arg(v)))
}

// equal adds a comparison unless the value is empty.
func (f *filter) equal(column, v string) {
	if v != "" {
		f.add(column+" = %s", v)
	}
}

// and is both, where the other began with the arguments of the first.
func (f *filter) and(other *filter) *filter {
	return &filter{slices.Concat(f.conditions, other.conditions), other.args}
}

func (f *filter) where() string {
	if len(f.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(f.conditions, " AND ")
}

func (f *filter) limit(n int) string {
	if n <= 0 {
		return ""
	}
	return " LIMIT " + f.arg(n)
}

// contains is a pattern for ILIKE that finds text literally.
func contains(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}

// rows reads all rows of a query into structs, column by column name.
func rows[T any](ctx context.Context, q querier, sql string, args ...any) ([]T, error) {
	found, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByName[T])
}

// row reads the only row of a query.
func row[T any](ctx context.Context, q querier, sql string, args ...any) (T, error) {
	found, err := q.Query(ctx, sql, args...)
	if err != nil {
		var none T
		return none, err
	}
	return pgx.CollectExactlyOneRow(found, pgx.RowToStructByName[T])
}

// printable makes words from outside fit to be stored: no broken UTF-8 and no
// zero bytes, which Postgres refuses. The journal must not fail on a vendor's
// error message.
func printable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// document encodes a value for a jsonb column; NULL when there is nothing.
func document[T any](v T, empty emptiness) (*string, error) {
	if empty {
		return nil, nil //nolint:nilnil // NULL is the answer.
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	s := string(text)
	return &s, nil
}

// emptiness says that a value is stored as NULL.
type emptiness bool

// stored is a time as Postgres keeps it.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// nullable is a time that may be missing.
func nullable(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = stored(t)
	return &t
}

func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
