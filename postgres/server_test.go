package postgres

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone/devstack/devstacktest"
)

// machine is the one Postgres of this test binary.
var machine devstacktest.Machine

func TestMain(m *testing.M) { os.Exit(machine.Main(m)) }

// emptyURL makes a database without a schema. Its sessions are in a time zone
// far from UTC, in which no time may come out.
func emptyURL(tb testing.TB) string {
	tb.Helper()
	return machine.Database(tb) + "&timezone=Pacific/Auckland"
}

// newURL makes a migrated database.
func newURL(tb testing.TB) string {
	tb.Helper()
	url := emptyURL(tb)
	pool := openPool(tb, url)
	defer pool.Close()
	if _, err := Migrate(tb.Context(), pool, nil); err != nil {
		tb.Fatal(err)
	}
	return url
}

// newPool opens a migrated database of the test's own.
func newPool(tb testing.TB, more ...func(*pgxpool.Config)) *pgxpool.Pool {
	tb.Helper()
	return openPool(tb, newURL(tb), more...)
}

func openPool(tb testing.TB, url string, more ...func(*pgxpool.Config)) *pgxpool.Pool {
	tb.Helper()
	pool, err := Open(tb.Context(), url, more...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}
