package cutovertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// RunPlans holds a store of plans to its port.
func RunPlans(t *testing.T, open Open) {
	t.Helper()
	runPromises(t, open, []promise{
		{"a saved version comes back whole, by its hash, its beginning or as the latest", planComesBack},
		{"the same file again is no new version, another one is", planVersions},
		{"a plan without a name or an author is refused", planInvalid},
		{"versions are listed by name and number and pages go on after one", planList},
		{"frozen people stay as they were, and other people are refused", planFreeze},
		{"stages are frozen all or none, and only for a plan that was saved", planFreezeAllOrNone},
	})
}

// written is a version of a plan, of which the change makes it different.
func written(name, change string) plan.Version {
	d := plan.Document{Plan: plan.Plan{
		APIVersion: plan.APIVersion, Kind: plan.Kind, Metadata: plan.Metadata{Name: name, Owner: "ada", Change: change},
		Spec: plan.Spec{
			Timezone: "Europe/London",
			Calendars: plan.Calendars{
				Windows:   map[string]plan.Window{"night": {TZ: plan.SiteZone, Days: []plan.Weekday{plan.Tue}, From: 20 * 60, To: 23 * 60}},
				Blackouts: []plan.Blackout{{Name: "uk", ICS: "uk.ics"}},
			},
			Stages:   []plan.Stage{{ID: "pilot", Kind: plan.Pilot, Cohort: &plan.Cohort{Limit: &plan.Limit{Share: 25 * plan.OnePercent}}, Soak: 3 * plan.Day}},
			Finalise: &plan.Finalise{Require: []plan.Requirement{{Name: plan.NoOpenHolds}, {Name: plan.NoCallsOnOld, For: plan.Week}}},
		},
	}, Files: map[string]string{"uk.ics": "BEGIN:VCALENDAR\r\n"}}
	return plan.Version{Name: name, Hash: d.Hash(), Document: d, Source: "# " + change, Author: "ada", Saved: noon()}
}

func (b *bench) save(t *testing.T, v plan.Version) plan.Version {
	t.Helper()
	held, err := b.Plans.Save(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func planComesBack(t *testing.T, b *bench) {
	want := written("emea", "CHG-1")
	held := b.save(t, want)
	want.Number = 1
	same(t, "saved", want, held)
	if held.Document.Hash() != want.Hash {
		t.Errorf("the hash became %s", held.Document.Hash())
	}
	for _, hash := range []plan.Hash{"", want.Hash, want.Hash[:8]} {
		got, err := b.Plans.Version(t.Context(), "emea", hash)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("by %q", hash), want, got)
	}
	_, err := b.Plans.Version(t.Context(), "emea", "00000000")
	refused(t, "an unknown hash", err, dualtone.ErrNotFound, "emea")
	_, err = b.Plans.Version(t.Context(), "emea", want.Hash[:7])
	refused(t, "a hash that is too short", err, dualtone.ErrInvalid, "8")
	_, err = b.Plans.Version(t.Context(), "apac", "")
	refused(t, "an unknown plan", err, dualtone.ErrNotFound, "apac")
}

func planVersions(t *testing.T, b *bench) {
	first := b.save(t, written("emea", "CHG-1"))
	again := written("emea", "CHG-1")
	again.Author, again.Saved = "bob", noon().Add(time.Hour)
	same(t, "the same again", first, b.save(t, again))
	comment := written("emea", "CHG-1")
	comment.Source = "# another comment"
	if held := b.save(t, comment); held.Number != 2 || held.Hash != first.Hash {
		t.Errorf("another comment: number %d, hash %s", held.Number, held.Hash)
	}
	if held := b.save(t, written("emea", "CHG-2")); held.Number != 3 || held.Hash == first.Hash {
		t.Errorf("an edit: number %d, hash %s", held.Number, held.Hash)
	}
	if held := b.save(t, written("emea", "CHG-1")); held.Number != 4 {
		t.Errorf("back again: number %d", held.Number)
	}
}

func planInvalid(t *testing.T, b *bench) {
	_, err := b.Plans.Save(t.Context(), written("", ""))
	refused(t, "without a name", err, dualtone.ErrInvalid, "name")
	v := written("emea", "")
	v.Author = ""
	_, err = b.Plans.Save(t.Context(), v)
	refused(t, "without an author", err, dualtone.ErrInvalid, "author")
}

func planList(t *testing.T, b *bench) {
	for _, name := range []string{"emea", "apac", "emea"} {
		b.save(t, written(name, fmt.Sprint(name, time.Now().UnixNano())))
	}
	labels := func(q plan.VersionQuery) string {
		found, err := b.Plans.Versions(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, v := range found {
			fmt.Fprintf(&text, "%s %d ", v.Name, v.Number)
			if v.Source != "" || v.Document.Plan.Kind != "" || v.Hash == "" || v.Author != "ada" || !v.Saved.Equal(noon()) {
				t.Errorf("listed as %+v", v)
			}
		}
		return text.String()
	}
	same(t, "all", "apac 1 emea 1 emea 2 ", labels(plan.VersionQuery{}))
	same(t, "latest", "apac 1 emea 2 ", labels(plan.VersionQuery{Latest: true}))
	same(t, "by name", "emea 1 emea 2 ", labels(plan.VersionQuery{Name: "emea"}))
	q := plan.VersionQuery{Limit: 1}
	q.After.Name, q.After.Number = "apac", 1
	same(t, "a page", "emea 1 ", labels(q))
}

func planFreeze(t *testing.T, b *bench) {
	v := b.save(t, written("emea", ""))
	people := []dualtone.PersonID{"p002", "p001"}
	wave := plan.Frozen{Plan: v.Hash, Stage: "wave", Hash: plan.PeopleHash(people), People: people, By: "ada", At: noon()}
	pilot := plan.Frozen{Plan: v.Hash, Stage: "pilot", Hash: plan.PeopleHash(people[:1]), People: people[:1], By: "ada", At: noon()}
	for range 2 {
		if err := b.Plans.Freeze(t.Context(), wave, pilot); err != nil {
			t.Fatal(err)
		}
	}
	frozen, err := b.Plans.Frozen(t.Context(), v.Hash)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "frozen", []plan.Frozen{pilot, wave}, frozen)
	wave.People = []dualtone.PersonID{"p001", "p002"}
	refused(t, "another order", b.Plans.Freeze(t.Context(), wave), dualtone.ErrConflict, "ada")
}

func planFreezeAllOrNone(t *testing.T, b *bench) {
	v := b.save(t, written("emea", ""))
	good := plan.Frozen{Plan: v.Hash, Stage: "pilot", People: []dualtone.PersonID{"p001"}, By: "ada", At: noon()}
	stray := good
	stray.Plan = "0123456789abcdef"
	refused(t, "a plan that was never saved", b.Plans.Freeze(t.Context(), good, stray), dualtone.ErrNotFound, "saved")
	if frozen, err := b.Plans.Frozen(t.Context(), v.Hash); err != nil || len(frozen) != 0 {
		t.Errorf("frozen all the same: %v, %v", frozen, err)
	}
}
