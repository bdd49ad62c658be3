package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

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

type cutKey struct{ cut, day, system, key int32 }

// merge is what is added to the rollups at once.
type merge struct {
	cuts  []int32
	days  map[dayKey]*report.Quarters
	byCut map[cutKey]*report.Figures
}

func newMerge() *merge {
	return &merge{cuts: cuts(), days: map[dayKey]*report.Quarters{}, byCut: map[cutKey]*report.Figures{}}
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
		var f report.Figures
		rest, err := f.AddPacked(rest)
		if err != nil {
			return nil, err
		}
		day := dayOf(k.quarter)
		at := dayKey{k.facet, day, k.system, k.key}
		if m.days[at] == nil {
			m.days[at] = new(report.Quarters)
		}
		m.days[at].At(int(k.quarter - day*perDay)).Add(&f)
		if k.facet == report.ByQueue {
			for _, cut := range m.cuts {
				m.cut(cutKey{cut, dayOf(k.quarter - cut), k.system, k.key}).Add(&f)
			}
		}
		return rest, nil
	})
}

func (m *merge) cut(k cutKey) *report.Figures {
	f := m.byCut[k]
	if f == nil {
		f = new(report.Figures)
		m.byCut[k] = f
	}
	return f
}

// write adds to what an epoch has.
func (m *merge) write(ctx context.Context, tx pgx.Tx, epoch int32) error {
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
	at, days, systems, words := make([]int32, 0, n), make([]int32, 0, n), make([]int32, 0, n), make([]int32, 0, n)
	for k := range m.byCut {
		at, days = append(at, k.cut), append(days, k.day)
		systems, words = append(systems, k.system), append(words, k.key)
	}
	found, err := tx.Query(ctx, `
		SELECT g.cut, g.day, r.system_id, r.key, r.figures
		FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[]) AS g (cut, day, system_id, key)
		JOIN rollup_cuts r ON r.cut = g.cut AND r.day = date 'epoch' + g.day AND r.system_id = g.system_id
			AND r.key = g.key AND r.epoch = $5`, at, days, systems, words, epoch)
	if err != nil {
		return err
	}
	var k cutKey
	var held []byte
	if _, err := pgx.ForEachRow(found, []any{&k.cut, &k.day, &k.system, &k.key, &held}, func() error {
		_, err := m.byCut[k].AddPacked(held)
		return err
	}); err != nil {
		return err
	}
	figures := make([][]byte, n)
	for i := range figures {
		figures[i] = m.byCut[cutKey{at[i], days[i], systems[i], words[i]}].Pack(nil)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO rollup_cuts (cut, day, system_id, key, epoch, figures)
		SELECT cut, date 'epoch' + day, system_id, key, $5, figures
		FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[], $6::bytea[]) AS g (cut, day, system_id, key, figures)
		ON CONFLICT (cut, day, system_id, key, epoch) DO UPDATE SET figures = excluded.figures`,
		at, days, systems, words, epoch, figures)
	return err
}
