package postgres

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/dualtone/dualtone/report"
)

func figures(legs int64) *report.Figures {
	return &report.Figures{report.Legs: legs, report.Offered: legs, report.Talk: 61_000 * legs}
}

func TestAPageComesBackAsItWasPacked(t *testing.T) {
	t.Parallel()
	p := page{7: figures(1), 255: figures(300), 12: new(report.Figures)}
	packed := p.pack()
	for _, again := range []int64{1, 2} {
		got := page{}
		for range again {
			if err := got.addPacked(packed); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(page{7: figures(again), 255: figures(300 * again)}, got); diff != "" {
			t.Errorf("added %d times (-want +got):\n%s", again, diff)
		}
	}
	for _, cut := range []int{1, 3, 5, len(packed) - 1} {
		if err := (page{}).addPacked(packed[:cut]); err == nil {
			t.Errorf("%d bytes of %d are taken for a page", cut, len(packed))
		}
	}
}

func FuzzPackedPagesAreReadOrRefused(f *testing.F) {
	f.Add(page{7: figures(1), 1 << 20: figures(2)}.pack())
	f.Fuzz(func(t *testing.T, packed []byte) {
		p, again := page{}, page{}
		if p.addPacked(packed) != nil {
			return
		}
		if err := again.addPacked(p.pack()); err != nil {
			t.Fatal(err)
		}
		for key, f := range p {
			if got := again[key]; *f != (report.Figures{}) && (got == nil || *got != *f) {
				t.Errorf("key %d comes back as %v", key, got)
			}
		}
	})
}

// TestSumsOfAnEarlierSchemaLieInPages migrates what an earlier program has summed up.
func TestSumsOfAnEarlierSchemaLieInPages(t *testing.T) {
	t.Parallel()
	pool := openPool(t, emptyURL(t))
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	schema, err := goose.NewProvider(goose.DialectPostgres, db, os.DirFS("../migrations"))
	if err != nil {
		t.Fatal(err)
	}
	const before = 36
	if _, err := schema.UpTo(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	for key, legs := range map[int]int64{7: 1, 255: 2, 256: 3} {
		if _, err := pool.Exec(t.Context(), `INSERT INTO rollup_cuts (cut, day, system_id, key, epoch, figures) VALUES (0, '2026-11-09', -4, $1, 1, $2)`,
			key, figures(legs).Pack(nil)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := schema.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := map[int]page{}
	for _, number := range []int{0, 1} {
		var sums []byte
		if err := pool.QueryRow(t.Context(), `SELECT sums FROM rollup_cuts WHERE cut = 0 AND day = '2026-11-09' AND system_id = -4 AND page = $1 AND epoch = 1`, number).Scan(&sums); err != nil {
			t.Fatal(err)
		}
		got[number] = page{}
		if err := got[number].addPacked(sums); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[int]page{0: {7: figures(1), 255: figures(2)}, 1: {256: figures(3)}}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	// Going back, days are summed from their quarter hours.
	if _, err := schema.DownTo(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	var cuts int
	if err := pool.QueryRow(t.Context(), `SELECT cuts FROM call_knowledge`).Scan(&cuts); err != nil || cuts != 0 {
		t.Errorf("%d cuts, %v", cuts, err)
	}
}
