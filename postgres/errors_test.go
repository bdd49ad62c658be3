package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

func TestLostConnectionsAreUnavailableAndTheStoreRecovers(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 1)
	s := NewSwitches(pool)
	w := keep(t, pool, planned("s1", agent(1)))
	other := openPool(t, pool.Config().ConnString())
	for range 5 {
		if _, err := other.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
			t.Fatal(err)
		}
		entry := reached(w, cutover.Drained, 0)
		deadline := time.Now().Add(time.Minute)
		err := s.Record(t.Context(), entry)
		for err != nil && time.Now().Before(deadline) {
			if !errors.Is(err, dualtone.ErrUnavailable) {
				t.Fatalf("a lost connection: %v", err)
			}
			err = s.Record(t.Context(), entry)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	journal, err := s.Journal(t.Context(), cutover.JournalQuery{Switch: w.ID})
	if err != nil || len(journal) != 2 {
		t.Errorf("%d entries after repeated calls: %v", len(journal), err)
	}
}

func TestADisturbedCallIsTriedAgainAndACanceledOneIsNot(t *testing.T) {
	t.Parallel()
	tries := 0
	err := again(t.Context(), "switch s1", func() error {
		if tries++; tries < 3 {
			return &pgconn.PgError{Code: serialization}
		}
		return nil
	})
	if err != nil || tries != 3 {
		t.Errorf("%d tries: %v", tries, err)
	}
	err = again(t.Context(), "switch s1", func() error { return &pgconn.PgError{Code: deadlock} })
	if !errors.Is(err, dualtone.ErrUnavailable) || dualtone.Kind(err) != "unavailable" {
		t.Errorf("disturbed to the end: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = NewSwitches(peopled(t, 1)).Switch(ctx, "s1")
	if dualtone.Kind(err) != "canceled" {
		t.Errorf("a canceled call: %v", err)
	}
	pool := newPool(t)
	pool.Close()
	if _, err := NewPeople(pool).List(t.Context(), cutover.PeopleQuery{}); !errors.Is(err, dualtone.ErrUnavailable) {
		t.Errorf("a closed pool: %v", err)
	}
}
