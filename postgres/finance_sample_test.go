package postgres

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest/truth"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/finance/sample"
)

// sampled reads what is recorded of people.
func sampled(t *testing.T, pool *pgxpool.Pool, plan string) map[dualtone.PersonID]sample.Person {
	t.Helper()
	all, err := NewFinance(pool).Sampled(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(all, func(a, b sample.Person) int { return strings.Compare(string(a.ID), string(b.ID)) }) {
		t.Error("people are not in the order of their ids")
	}
	found := map[dualtone.PersonID]sample.Person{}
	for _, p := range all {
		if _, twice := found[p.ID]; twice {
			t.Errorf("%s is there twice", p.ID)
		}
		found[p.ID] = p
	}
	return found
}

func TestWhoHasAnAccountIsSampledWithTheirPlaceInThePlan(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	onlyOld, both, neither := agent(1), agent(2), agent(3)
	onlyOld.Accounts.New, neither.Accounts.Old, neither.Accounts.New = "", "", ""
	both.Attributes = map[string][]string{"cost_center": {"CC7", "CC8"}, "country": {"DE"}}
	people := NewPeople(pool)
	if err := people.Import(t.Context(), []dualtone.Person{onlyOld, both, neither}, why()); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`INSERT INTO plans (name, hash, author, state, since, kept) SELECT n, 'h', 'lee', 'active', now(), now() FROM unnest(ARRAY['spring', 'autumn']) AS n`,
		`INSERT INTO plan_stages (plan, id, position, kind, state, since) SELECT n, 'wave-1', 1, 'wave', 'running', now() FROM unnest(ARRAY['spring', 'autumn']) AS n`,
		`INSERT INTO plan_users (plan, stage, position, person, state) VALUES ('spring', 'wave-1', 1, 'p001', 'deferred'), ('spring', 'wave-1', 2, 'p002', 'on_new'), ('autumn', 'wave-1', 1, 'p002', 'planned')`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	first := sampled(t, pool, "spring")
	if _, there := first["p003"]; there || len(first) != 2 {
		t.Errorf("sampled %v, want those with an account", first)
	}
	one, two := first["p001"], first["p002"]
	if one.Old.IsZero() || !one.New.IsZero() || one.Stage != "wave-1" || !one.Waiting || one.Site != "berlin" {
		t.Errorf("who waits for the switch: %+v", one)
	}
	if two.Old.IsZero() || two.New.IsZero() || two.Waiting || two.CostCenter != "CC7" || two.Country != "DE" {
		t.Errorf("who is switched: %+v", two)
	}
	if other := sampled(t, pool, "autumn"); other["p001"].Stage != "" || other["p001"].Waiting || !other["p002"].Waiting {
		t.Errorf("of another plan: %+v", other)
	}

	// An account that comes later is known from then on, and the old one as before.
	onlyOld.Accounts.New = "newp001"
	if err := people.Import(t.Context(), []dualtone.Person{onlyOld, both}, why()); err != nil {
		t.Fatal(err)
	}
	again := sampled(t, pool, "spring")
	if p := again["p001"]; !p.Old.Equal(one.Old) || !p.New.After(one.Old) {
		t.Errorf("with a later account: %+v, before %+v", p, one)
	}
	if p := again["p002"]; !p.Old.Equal(two.Old) || !p.New.Equal(two.New) {
		t.Errorf("of whom nothing changed: %+v, before %+v", p, two)
	}
}

func TestSeatsOfSeveralSwitchesOfOnePersonAreSampled(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 2)
	// To the new system, back, and there again: what each switch found, and what the
	// journal says that it wrote.
	w := planned("s1", agent(1))
	w.Before[cutover.OldSeat] = cutover.Value{Seat: &dualtone.Seat{Enabled: true, Licenses: []string{"Agent"}}}
	w = keep(t, pool, w)
	gave := reached(w, "", time.Minute)
	gave.Kind, gave.Facet, gave.To = cutover.Wrote, cutover.NewSeat, &cutover.Value{Seat: &dualtone.Seat{Enabled: true, Licenses: []string{"Basic", "Voice"}}}
	queues := reached(w, "", 2*time.Minute)
	queues.Kind, queues.Facet, queues.To = cutover.Wrote, cutover.NewOffering, &cutover.Value{Offering: &dualtone.Offering{}}
	record(t, pool, gave, queues, reached(w, cutover.Drained, 3*time.Minute), reached(w, cutover.OnNew, time.Hour), reached(w, cutover.Restored, 2*time.Hour))
	found := sampled(t, pool, "spring")
	if diff := cmp.Diff([]sample.Reached{{At: noon().Add(time.Hour), Side: dualtone.New}, {At: noon().Add(2 * time.Hour), Side: dualtone.Old}}, found["p001"].Reached); diff != "" {
		t.Errorf("sides (-want +got):\n%s", diff)
	}
	seats := map[string]bool{}
	for _, s := range found["p001"].Seats {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		seats[string(text)] = true
	}
	want := map[string]bool{}
	for _, s := range []sample.Seen{
		{At: noon(), Side: dualtone.Old, Enabled: true, Found: true, Licenses: []string{"Agent"}},
		{At: noon(), Side: dualtone.New, Found: true},
		{At: noon().Add(time.Minute), Side: dualtone.New, Enabled: true, Licenses: []string{"Basic", "Voice"}},
	} {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		want[string(text)] = true
	}
	if diff := cmp.Diff(want, seats); diff != "" {
		t.Errorf("seats (-want +got):\n%s", diff)
	}
	if p := found["p002"]; len(p.Reached) != 0 || len(p.Seats) != 0 {
		t.Errorf("who was never switched: %+v", p)
	}
}

// crossing is two legs of one call, the second a second after the first.
func crossing(key, first, second string, start time.Time, talk time.Duration) []calllog.Leg {
	leg := func(system string, start time.Time) calllog.Leg {
		return calllog.Leg{
			LegID: calllog.LegID{System: system, Record: key + system + start.Format("05")}, Started: start, Answered: start.Add(10 * time.Second),
			Ended: start.Add(10*time.Second + talk), Direction: calllog.Inbound, Disposition: calllog.Answered,
			Keys: []calllog.Key{{Kind: calllog.DecisionKey, Value: key}},
		}
	}
	return []calllog.Leg{leg(first, start), leg(second, start.Add(time.Second))}
}

func TestHairpinMinutesAreThoseOfTheLegThatWasSentOn(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	calls := NewCalls(pool)
	day := time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC)
	at := func(days, hour, minute int) time.Time {
		return day.AddDate(0, 0, days).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	}
	var legs []calllog.Leg
	add := func(key, first, second string, start time.Time, talk time.Duration) {
		legs = append(legs, crossing(key, first, second, start, talk)...)
	}
	add("talked", truth.Old, truth.New, at(0, 9, 0), 5*time.Minute)
	add("talked again", truth.Old, truth.New, at(0, 15, 0), 30*time.Second)
	add("the other way", truth.New, truth.Old, at(0, 10, 0), 2*time.Minute)
	add("inside", truth.Old, truth.Old, at(0, 11, 0), time.Hour)
	add("night", truth.Old, truth.New, at(0, 23, 30), time.Minute) // where the plan is, it is the 10th
	add("before", truth.Old, truth.New, at(-1, 12, 0), time.Hour)
	add("after", truth.Old, truth.New, at(2, 12, 0), time.Hour)
	unanswered := crossing("rang", truth.Old, truth.New, at(1, 9, 0), 10*time.Second)
	for i := range unanswered {
		unanswered[i].Answered, unanswered[i].Disposition = time.Time{}, calllog.NoAnswer
	}
	legs = append(append(legs, unanswered...), crossing("alone", truth.Old, truth.New, at(0, 12, 0), time.Hour)[0])
	writeLegs(t, calls, legs)
	restitch(t, NewStitches(calls))

	read := func(from, to, zone string) []cost.Minutes {
		t.Helper()
		all, err := NewFinance(pool).Hairpins(t.Context(), finance.Span{From: date(from), To: date(to)}, sample.Between{Old: truth.Old, New: truth.New, Zone: zone})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	for _, c := range []struct {
		name, from, to, zone string
		want                 []cost.Minutes
	}{
		{"days of UTC", "2026-11-09", "2026-11-10", "UTC", []cost.Minutes{
			{System: truth.New, Day: date("2026-11-09"), Seconds: 120},
			{System: truth.Old, Day: date("2026-11-09"), Seconds: 300 + 30 + 60},
			{System: truth.Old, Day: date("2026-11-10"), Seconds: 20}, // it rang, and the leg was there
		}},
		{"days of Berlin", "2026-11-09", "2026-11-10", "Europe/Berlin", []cost.Minutes{
			{System: truth.New, Day: date("2026-11-09"), Seconds: 120},
			{System: truth.Old, Day: date("2026-11-09"), Seconds: 330},
			{System: truth.Old, Day: date("2026-11-10"), Seconds: 60 + 20},
		}},
		{"one day", "2026-11-08", "2026-11-08", "UTC", []cost.Minutes{{System: truth.Old, Day: date("2026-11-08"), Seconds: 3600}}},
		{"days without calls", "2026-11-20", "2026-11-21", "UTC", nil},
	} {
		if diff := cmp.Diff(c.want, read(c.from, c.to, c.zone)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if _, err := NewFinance(pool).Hairpins(t.Context(), finance.Span{From: date("2026-11-09"), To: date("2026-11-09")}, sample.Between{Zone: "Nowhere/At/All"}); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("of no zone: %v", err)
	}
}

func TestHairpinMinutesAreOfTheCostCenterOfWhoTookTheCall(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	ann, bob := agent(1), agent(2)
	ann.Attributes, bob.Attributes = map[string][]string{"cost_center": {"CC7"}}, map[string][]string{"cost_center": {"CC8"}}
	// On the other system somebody else has the account that Bob has here.
	ann.Accounts.Old = bob.Accounts.New
	if err := NewPeople(pool).Import(t.Context(), []dualtone.Person{ann, bob}, why()); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 9, 9, 0, 0, 0, time.UTC)
	var legs []calllog.Leg
	for i, c := range []struct {
		first, second string
		took          dualtone.UserID
	}{
		{truth.Old, truth.New, ann.Accounts.New},
		{truth.Old, truth.New, bob.Accounts.New},
		{truth.New, truth.Old, ann.Accounts.Old},
		{truth.Old, truth.New, "9999"}, // of nobody in the list
		{truth.Old, truth.New, ""},
	} {
		both := crossing("taken "+strconv.Itoa(i), c.first, c.second, start.Add(time.Duration(i)*time.Hour), time.Minute<<i)
		both[1].Agent = c.took
		legs = append(legs, both...)
	}
	calls := NewCalls(pool)
	writeLegs(t, calls, legs)
	restitch(t, NewStitches(calls))
	day := date("2026-11-09")
	got, err := NewFinance(pool).Hairpins(t.Context(), finance.Span{From: day, To: day}, sample.Between{Old: truth.Old, New: truth.New, Zone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	want := []cost.Minutes{
		{System: truth.New, Day: day, CostCenter: "CC7", Seconds: 240},
		{System: truth.Old, Day: day, Seconds: 480 + 960},
		{System: truth.Old, Day: day, CostCenter: "CC7", Seconds: 60},
		{System: truth.Old, Day: day, CostCenter: "CC8", Seconds: 120},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("minutes (-want +got):\n%s", diff)
	}
}
