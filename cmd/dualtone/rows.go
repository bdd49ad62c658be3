package main

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// readRows reads a table of a phone system's own Postgres, row by row as texts.
// A null is left out of its row.
func readRows(ctx context.Context, table systems.Table) iter.Seq2[map[string]string, error] {
	return func(yield func(map[string]string, error) bool) {
		if err := eachRow(ctx, table, func(row map[string]string) bool { return yield(row, nil) }); err != nil {
			yield(nil, fmt.Errorf("table %s: %w", table.Name, err))
		}
	}
}

func eachRow(ctx context.Context, table systems.Table, yield func(map[string]string) bool) error {
	conf, err := pgx.ParseConfig(table.Database)
	if err != nil {
		// The parser's own words may hold the password.
		return fmt.Errorf("address of the database: not readable: %w", dualtone.ErrInvalid)
	}
	conf.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(ctx, conf)
	if err != nil {
		return fmt.Errorf("%w: %w", err, dualtone.ErrUnavailable)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()

	by := pgx.Identifier{table.By}.Sanitize()
	sql := "SELECT * FROM " + pgx.Identifier{table.Name}.Sanitize()
	var args []any
	if table.From != "" {
		sql += " WHERE " + by + " >= $1"
		args = append(args, table.From)
	}
	rows, err := conn.Query(ctx, sql+" ORDER BY "+by, args...)
	if err != nil {
		return fmt.Errorf("%w: %w", err, dualtone.ErrUnavailable)
	}
	defer rows.Close()
	for rows.Next() {
		row := map[string]string{}
		for i, value := range rows.RawValues() {
			if value != nil {
				row[rows.FieldDescriptions()[i].Name] = string(value)
			}
		}
		if !yield(row) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%w: %w", err, dualtone.ErrUnavailable)
	}
	return nil
}
