package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// foreignTables opens a database of a phone system and the reader of it.
func foreignTables(tb testing.TB) (string, *pgxpool.Pool, *Tables) {
	tb.Helper()
	address := emptyURL(tb)
	reader := NewTables()
	tb.Cleanup(reader.Close)
	return address, openPool(tb, address), reader
}

func read(ctx context.Context, t *Tables, table systems.Table) ([]map[string]string, error) {
	var all []map[string]string
	for row, err := range t.Rows(ctx, table) {
		if err != nil {
			return all, err
		}
		all = append(all, row)
	}
	return all, nil
}

func TestATableOfAPhoneSystemIsReadAsTextsFromAPlaceOn(t *testing.T) {
	t.Parallel()
	address, pool, reader := foreignTables(t)
	_, err := pool.Exec(t.Context(), `
		CREATE SCHEMA pbx;
		CREATE TABLE pbx.cdr ("end" timestamp, src text, duration int, answer timestamp, fine numeric);
		INSERT INTO pbx.cdr SELECT timestamp '2026-11-22 16:00:00' + n * interval '1 second', 'caller ' || n, n, NULL, 0.5
		FROM generate_series(0, 9999) n ORDER BY n % 7`)
	if err != nil {
		t.Fatal(err)
	}
	table := systems.Table{Database: address, Name: "pbx.cdr", By: "end"}
	all, err := read(t.Context(), reader, table)
	if err != nil || len(all) != 10000 {
		t.Fatalf("%d rows: %v", len(all), err)
	}
	if got := fmt.Sprint(all[1]); got != "map[duration:1 end:2026-11-22 16:00:01 fine:0.5 src:caller 1]" {
		t.Errorf("row %s", got)
	}
	table.From = "2026-11-22 18:46:38"
	if all, err = read(t.Context(), reader, table); err != nil || len(all) != 2 || all[0]["duration"] != "9998" {
		t.Errorf("%v from the last but one: %v", all, err)
	}
	table.From = ""
	for range 5 { // More often than there are connections.
		for row, err := range reader.Rows(t.Context(), table) {
			if err != nil {
				t.Fatal(err)
			}
			if row["duration"] == "3" {
				break
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := read(ctx, reader, table); !errors.Is(err, context.Canceled) {
		t.Errorf("after the reader gave up: %v", err)
	}
}

func TestWhatStandsInTheWayOfReadingATableIsSaid(t *testing.T) {
	t.Parallel()
	address, pool, reader := foreignTables(t)
	if _, err := pool.Exec(t.Context(), `CREATE TABLE cdr (id int PRIMARY KEY, "end" timestamp)`); err != nil {
		t.Fatal(err)
	}
	stranger, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	stranger.User = url.UserPassword("stranger", "hush")
	away := *stranger
	away.Host, away.RawQuery = "127.0.0.1:1", "sslmode=disable&connect_timeout=2"
	for what, c := range map[string]struct {
		table systems.Table
		kind  error
		says  string
	}{
		"no such table":    {systems.Table{Database: address, Name: "cdrs", By: "end"}, dualtone.ErrInvalid, `"cdrs" does not exist`},
		"no such column":   {systems.Table{Database: address, Name: "cdr", By: "calldate"}, dualtone.ErrInvalid, `"calldate" does not exist`},
		"no such time":     {systems.Table{Database: address, Name: "cdr", By: "end", From: "noon"}, dualtone.ErrInvalid, `"noon"`},
		"refused sign-in":  {systems.Table{Database: stranger.String(), Name: "cdr", By: "end"}, dualtone.ErrDenied, `"stranger"`},
		"nobody there":     {systems.Table{Database: away.String(), Name: "cdr", By: "end"}, dualtone.ErrUnavailable, "127.0.0.1"},
		"broken address":   {systems.Table{Database: "postgres://u:hush@%zz/x", Name: "cdr", By: "end"}, dualtone.ErrInvalid, "not readable"},
		"a table in quote": {systems.Table{Database: address, Name: `cdr"; DROP TABLE cdr; --`, By: "end"}, dualtone.ErrInvalid, "does not exist"},
	} {
		_, err := read(t.Context(), reader, c.table)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %v, want %v with %s", what, err, c.kind, c.says)
		}
	}
	if _, err := read(t.Context(), reader, systems.Table{Database: address, Name: "cdr", By: "end"}); err != nil {
		t.Errorf("the table is not there any more: %v", err)
	}
}

func TestAReaderOfAPhoneSystemsDatabaseCannotWriteToIt(t *testing.T) {
	t.Parallel()
	address, _, reader := foreignTables(t)
	pool, err := reader.pool(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "CREATE TABLE mine ()"); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("got %v", err)
	}
}
