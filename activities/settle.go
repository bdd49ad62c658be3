package activities

import (
	"context"
	"maps"
	"slices"

	"github.com/dualtone/dualtone/cutover"
)

// settle journals what became of the intents that have no outcome, or one that was
// lost: the answer did not come, or whoever was to write it was lost between the
// write and the journal. What was read back since tells.
func (l *ledger) settle(ctx context.Context, now cutover.Image) error {
	entries, err := l.u.Switches.Journal(ctx, cutover.JournalQuery{Switch: l.order.Switch})
	if err != nil {
		return err
	}
	open := map[int]cutover.Entry{}
	for _, e := range entries {
		switch {
		case e.Action == 0, e.Kind == cutover.Lost:
		case e.Kind == cutover.Intent:
			open[e.Action] = e
		default:
			delete(open, e.Action)
		}
	}
	for _, action := range slices.Sorted(maps.Keys(open)) {
		intent := open[action]
		found := now[intent.Facet]
		e := l.u.entry(ctx, l.order, cutover.Note)
		e.Action, e.Step, e.Facet, e.From, e.To, e.Now = intent.Action, intent.Step, intent.Facet, intent.From, intent.To, &found
		e.Text = "its outcome was lost; read back, it is not there"
		if found.Kept(*intent.To) && !found.Strays(*intent.To) && !found.Equal(*intent.From) {
			e.Kind, e.Now, e.Text = cutover.Wrote, nil, "its outcome was lost; read back, it is there"
		}
		l.pending = append(l.pending, e)
	}
	return l.flush(ctx)
}
