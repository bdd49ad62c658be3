package cutovertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// RunJournal holds a journal to its port.
func RunJournal(t *testing.T, open Open) {
	t.Helper()
	runPromises(t, open, []promise{
		{"an entry is read as it was recorded, with rising serials", entriesWhole},
		{"entries are selected by person, switch, kind and time", entriesSelected},
		{"pages go on after a serial and miss none", entriesPaged},
	})
}

func entriesWhole(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	w := b.keep(t, captured("s1", employee(1), dualtone.New))
	a := w.Actions[0]
	want := []cutover.Entry{{
		Switch: w.ID, Person: w.Person, Kind: cutover.Wrote, Action: -2, Step: a.Step, Facet: a.Facet, From: &a.From, To: &a.To, Now: &a.To,
		Text: "ünïcode \uFFFD", Attempt: 3, Provenance: w.Provenance, At: noon(),
	}, {
		Switch: w.ID, Person: w.Person, Kind: cutover.Note, At: noon().Add(time.Second),
	}, reached(w, cutover.Drained, 2*time.Second)}
	b.record(t, want...)
	got := b.journal(t, cutover.JournalQuery{Switch: "s1"})
	if len(got) != 4 {
		t.Fatalf("%d entries, want 4", len(got))
	}
	for i := range want {
		if got[i+1].Serial <= got[i].Serial {
			t.Errorf("serials %d, %d", got[i].Serial, got[i+1].Serial)
		}
		want[i].Serial = got[i+1].Serial
	}
	same(t, "the entries", want, got[1:])
}

func (b *bench) diary(t *testing.T) []cutover.Entry {
	t.Helper()
	b.hire(t, employees(2)...)
	for i := range 2 {
		w := captured(cutover.SwitchID(fmt.Sprint("s", i+1)), employee(i+1), dualtone.New)
		w.Started = noon().Add(time.Duration(i) * time.Hour)
		b.keep(t, w)
		note := reached(w, "", time.Duration(i)*time.Hour)
		note.Kind = cutover.Note
		b.record(t, note, reached(w, cutover.Drained, time.Duration(i)*time.Hour))
	}
	return b.journal(t, cutover.JournalQuery{})
}

func entriesSelected(t *testing.T, b *bench) {
	all := b.diary(t)
	if len(all) != 6 {
		t.Fatalf("%d entries, want 6", len(all))
	}
	for name, c := range map[string]struct {
		q    cutover.JournalQuery
		want int
	}{
		"person":           {cutover.JournalQuery{Person: "p001"}, 3},
		"switch":           {cutover.JournalQuery{Switch: "s2"}, 3},
		"kind":             {cutover.JournalQuery{Kind: cutover.Reached}, 4},
		"switch and kind":  {cutover.JournalQuery{Switch: "s2", Kind: cutover.Note}, 1},
		"since":            {cutover.JournalQuery{Since: noon().Add(time.Hour)}, 3},
		"since, person":    {cutover.JournalQuery{Since: noon().Add(time.Hour), Person: "p001"}, 0},
		"after":            {cutover.JournalQuery{After: all[0].Serial}, 5},
		"after the last":   {cutover.JournalQuery{After: all[5].Serial}, 0},
		"limit":            {cutover.JournalQuery{Limit: 1}, 1},
		"somebody unknown": {cutover.JournalQuery{Person: "nobody"}, 0},
	} {
		if got := b.journal(t, c.q); len(got) != c.want {
			t.Errorf("%s: %d entries, want %d", name, len(got), c.want)
		}
	}
}

func entriesPaged(t *testing.T, b *bench) {
	all := b.diary(t)
	var walked []cutover.Entry
	for q := (cutover.JournalQuery{Limit: 4}); ; q.After = walked[len(walked)-1].Serial {
		part := b.journal(t, q)
		if len(part) == 0 {
			break
		}
		walked = append(walked, part...)
	}
	same(t, "the pages together", all, walked)
}
