package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/dualtone/dualtone/report"
)

// perDay is how many quarter hours a day has.
const perDay = report.PerDay

// cuts are the quarter hours of a UTC day at which it is midnight somewhere. A
// zone that begins its days elsewhere is summed from quarter hours.
func cuts() []int32 {
	offsets := []int32{ // in minutes, of all zones, in winter and in summer
		-720, -660, -600, -570, -540, -480, -420, -360, -300, -240, -210, -180, -150, -120, -60, 0, 60, 120, 180, 210, 240,
		270, 300, 330, 345, 360, 390, 420, 480, 525, 540, 570, 630, 765, 825,
		600, 660, // new ones at the end: a log that is older has none of them, see knowledge
	} // 12, 13 and 14 hours east are 12, 11 and 10 west
	all := make([]int32, len(offsets))
	for i, o := range offsets {
		all[i] = ((-o/15)%perDay + perDay) % perDay
	}
	return all
}

// dayKey is a row of rollup_days, cutKey one of rollup_cuts.
type dayKey struct {
	facet            report.Facet
	day, system, key int32
}

type cutKey struct{ cut, day, system, page int32 }

// merge is what is added to the rollups at once.
type merge struct {
	days  map[dayKey]*report.Quarters
	byCut map[cutKey]page
}

func newMerge() *merge {
	return &merge{days: map[dayKey]*report.Quarters{}, byCut: map[cutKey]page{}}
}

// dayOf is the day of a quarter hour, counted from 1970.
func dayOf(quarter int32) int32 {
	day := quarter / perDay
	if quarter%perDay < 0 {
		day--
	}
	return day
}

func (m *merge) addLedger(packed []byte) error {
	return readLedger(packed, func(k ledgerKey, rest []byte) ([]byte, error) {
		day := dayOf(k.quarter)
		at := dayKey{k.facet, day, k.system, k.key}
		if m.days[at] == nil {
			m.days[at] = new(report.Quarters)
		}
		return m.days[at].At(int(k.quarter - day*perDay)).AddPacked(rest)
	})
}

// cutDays adds the days up from each cut on. What lies before a cut belongs to the
// 24 hours that began at it the day before.
func (m *merge) cutDays() {
	cuts := slices.Sorted(slices.Values(cuts()))
	for at, quarters := range m.days {
		if at.facet != report.ByQueue {
			continue
		}
		var whole, before report.Figures
		for _, f := range quarters {
			if f != nil {
				whole.Add(f)
			}
		}
		next := int32(0)
		for _, cut := range cuts {
			for ; next < cut; next++ {
				if f := quarters[next]; f != nil {
					before.Add(f)
				}
			}
			after := whole
			after.Sub(&before)
			m.cut(cutKey{cut, at.day, at.system, pageOf(at.key)}, at.key, &after)
			m.cut(cutKey{cut, at.day - 1, at.system, pageOf(at.key)}, at.key, &before)
		}
	}
}

func (m *merge) cut(at cutKey, key int32, f *report.Figures) {
	if *f == (report.Figures{}) {
		return
	}
	if m.byCut[at] == nil {
		m.byCut[at] = page{}
	}
	m.byCut[at].at(key).Add(f)
}

// write adds to what an epoch has.
func (m *merge) write(ctx context.Context, tx pgx.Tx, epoch int32) error {
	m.cutDays()
	if err := m.writeDays(ctx, tx, epoch); err != nil {
		return err
	}
	return m.writeCuts(ctx, tx, epoch)
}

func (m *merge) writeDays(ctx context.Context, tx pgx.Tx, epoch int32) error {
	n := len(m.days)
	facets, days, systems, words := make([]int16, 0, n), make([]int32, 0, n), make([]int32, 0, n), make([]int32, 0, n)
	for k := range m.days {
		facets, days = append(facets, int16(k.facet)), append(days, k.day) //nolint:gosec // three facets
		systems, words = append(systems, k.system), append(words, k.key)
	}
	found, err := tx.Query(ctx, `
		SELECT r.facet, g.day, r.system_id, r.key, r.cells
		FROM unnest($1::smallint[], $2::integer[], $3::integer[], $4::integer[]) AS g (facet, day, system_id, key)
		JOIN rollup_days r ON r.facet = g.facet AND r.day = date 'epoch' + g.day AND r.system_id = g.system_id
			AND r.key = g.key AND r.epoch = $5`, facets, days, systems, words, epoch)
	if err != nil {
		return err
	}
	var facet int16
	var k dayKey
	var held []byte
	if _, err := pgx.ForEachRow(found, []any{&facet, &k.day, &k.system, &k.key, &held}, func() error {
		k.facet = report.Facet(facet)
		return m.days[k].AddPacked(held)
	}); err != nil {
		return err
	}
	cells := make([][]byte, n)
	for i := range cells {
		cells[i] = m.days[dayKey{report.Facet(facets[i]), days[i], systems[i], words[i]}].Pack()
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO rollup_days (facet, day, system_id, key, epoch, cells)
		SELECT facet, date 'epoch' + day, system_id, key, $5, cells
		FROM unnest($1::smallint[], $2::integer[], $3::integer[], $4::integer[], $6::bytea[]) AS g (facet, day, system_id, key, cells)
		ON CONFLICT (facet, day, system_id, key, epoch) DO UPDATE SET cells = excluded.cells`,
		facets, days, systems, words, epoch, cells)
	return err
}

func (m *merge) writeCuts(ctx context.Context, tx pgx.Tx, epoch int32) error {
	n := len(m.byCut)
	at, days, systems, pages := make([]int32, 0, n), make([]int32, 0, n), make([]int32, 0, n), make([]int32, 0, n)
	for k := range m.byCut {
		at, days = append(at, k.cut), append(days, k.day)
		systems, pages = append(systems, k.system), append(pages, k.page)
	}
	found, err := tx.Query(ctx, `
		SELECT g.cut, g.day, r.system_id, r.page, r.sums
		FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[]) AS g (cut, day, system_id, page)
		JOIN rollup_cuts r ON r.cut = g.cut AND r.day = date 'epoch' + g.day AND r.system_id = g.system_id
			AND r.page = g.page AND r.epoch = $5`, at, days, systems, pages, epoch)
	if err != nil {
		return err
	}
	var k cutKey
	var held pgtype.DriverBytes
	if _, err := pgx.ForEachRow(found, []any{&k.cut, &k.day, &k.system, &k.page, &held}, func() error {
		return m.byCut[k].addPacked(held)
	}); err != nil {
		return err
	}
	sums := make([][]byte, n)
	for i := range sums {
		sums[i] = m.byCut[cutKey{at[i], days[i], systems[i], pages[i]}].pack()
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO rollup_cuts (cut, day, system_id, page, epoch, sums)
		SELECT cut, date 'epoch' + day, system_id, page, $5, sums
		FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[], $6::bytea[]) AS g (cut, day, system_id, page, sums)
		ORDER BY 1, 2, 3, 4
		ON CONFLICT (cut, day, system_id, page, epoch) DO UPDATE SET sums = excluded.sums`,
		at, days, systems, pages, epoch, sums)
	return err
}
