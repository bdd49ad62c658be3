package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestANewcomerComesToARehearsedPlan starts dualtone in an empty folder and does what
// the pages say next, in a browser. It then tries, as the program's own user of the
// database that dualtone has made, to change what was written down of it.
//
//nolint:paralleltest // a browser beside all the others is slower than its patience
func TestANewcomerComesToARehearsedPlan(t *testing.T) {
	home, dir := visitorHome(t), t.TempDir()
	for _, open := range []string{dir, filepath.Dir(dir)} {
		must(t, os.Chmod(open, 0o755)) //nolint:gosec // the database runs under another account
	}
	p := program{env: []string{"DUALTONE_DATA_DIR=" + filepath.Join(dir, "data"), "DUALTONE_ACTOR=tester"}}
	up := p.command(context.WithoutCancel(t.Context()), "up")
	up.Dir, up.WaitDelay = dir, time.Minute
	setup := p.serve(t, up)
	pages := visit(t, home, "first.mjs", holds{
		"welcome":   says("Take in the user list", "rehearse it"),
		"people":    says("40 people are taken in"),
		"rehearsed": says("Played 50 times", "It fits its windows"),
		"handed in": func(x seen) bool { return x.State == "submitted" && x.Why != "" },
	}, setup)
	if want := 2 * 5; pages != want {
		t.Errorf("%d pages were visited, want %d", pages, want)
	}
	p.guarded(t, filepath.Join(dir, "data", "running.json"))
}

// guarded tries to change the audit with what the program itself signs in with.
func (p program) guarded(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // the test's own folder
	must(t, err)
	var running struct {
		DatabaseURL string `json:"database_url"`
	}
	must(t, json.Unmarshal(text, &running))
	conn, err := pgx.Connect(t.Context(), running.DatabaseURL)
	must(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // the test is over
	for _, sql := range []string{`UPDATE audit SET actor = 'pat'`, `DELETE FROM audit`, `TRUNCATE audit`, `DROP TABLE audit`, `ALTER TABLE audit DISABLE TRIGGER ALL`} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: it was done", sql)
		}
	}
	var found struct {
		Entries int64
		Guarded bool
	}
	if a := p.ask(t, &found, "audit", "verify"); a.code != exitOK || !found.Guarded || found.Entries == 0 {
		t.Errorf("%v: %+v", a, found)
	}
	if a := p.good(t, "audit", "list", "--who", "admin"); !strings.Contains(a.out, "plan.submit") {
		t.Error(a)
	}
}
