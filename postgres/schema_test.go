package postgres

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/migrations"
)

func TestManyProcessesMigrateAtOnceAndEachFileIsAppliedOnce(t *testing.T) {
	t.Parallel()
	url := emptyURL(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	times := map[string]int{}
	for range 4 {
		pool := openPool(t, url)
		wg.Go(func() {
			applied, err := Migrate(t.Context(), pool, nil)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, file := range applied {
				times[file]++
			}
		})
	}
	wg.Wait()
	if len(times) < 5 {
		t.Errorf("applied %v", times)
	}
	for file, n := range times {
		if n != 1 {
			t.Errorf("%s was applied %d times", file, n)
		}
	}
	if err := CheckSchema(t.Context(), openPool(t, url)); err != nil {
		t.Error(err)
	}
}

func TestASchemaThatIsBehindOrAheadIsNamedAsSuch(t *testing.T) {
	t.Parallel()
	pool := openPool(t, emptyURL(t))
	status, err := SchemaStatus(t.Context(), pool)
	if err != nil || status.Current != 0 || len(status.Pending) < 5 ||
		!strings.HasPrefix(status.Pending[len(status.Pending)-1], fmt.Sprintf("%05d", status.Latest)) {
		t.Errorf("status of an empty database: %+v, %v", status, err)
	}
	err = CheckSchema(t.Context(), pool)
	if !errors.Is(err, migrations.ErrBehind) || !strings.Contains(err.Error(), "dualtone migrate") {
		t.Errorf("empty database: %v", err)
	}
	if _, err := Migrate(t.Context(), pool, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"); err != nil {
		t.Fatal(err)
	}
	if err := CheckSchema(t.Context(), pool); !errors.Is(err, migrations.ErrAhead) || !strings.Contains(err.Error(), "9999") {
		t.Errorf("newer database: %v", err)
	}
	if _, err := Migrate(t.Context(), pool, nil); !errors.Is(err, migrations.ErrAhead) {
		t.Errorf("migrating a newer database: %v", err)
	}
}

func TestAServerThatIsNotThereIsUnavailableAndTheURLStaysSecret(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), "postgres://u:hush@127.0.0.1:1/x?sslmode=disable&connect_timeout=2")
	if !errors.Is(err, dualtone.ErrUnavailable) || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
	_, err = Open(t.Context(), "postgres://u:hush@%zz/x")
	if !errors.Is(err, dualtone.ErrInvalid) || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
}
