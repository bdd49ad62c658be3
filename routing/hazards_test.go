package routing_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) // a Monday

// parse makes a route from its number, its plan and what else it says.
func parse(tb testing.TB, number, plan string, more ...func(*routing.Terms)) routing.Route {
	tb.Helper()
	p, err := routing.ParsePlan(plan)
	if err != nil {
		tb.Fatalf("%s: %v", plan, err)
	}
	terms := routing.Terms{How: p.How, Share: p.Share}
	for _, m := range more {
		m(&terms)
	}
	r := routing.Route{Number: dualtone.Number(number), Sides: p.Sides}
	if !terms.IsZero() {
		r.Terms = &terms
	}
	return r
}

func options() routing.Options {
	return routing.Options{
		Countries: []string{"DE", "US"},
		Locations: map[string]routing.Location{
			"berlin": {Country: "DE", Side: dualtone.New, Trunk: "sos-berlin"},
			"austin": {Country: "US", Side: dualtone.Old, Trunk: "sos-austin"},
		},
		Dialing: map[string]routing.Dialing{
			"US": {Access: []string{"9"}, Extensions: []routing.Extensions{{First: "50100", Last: "50199", Prefix: "+121255"}}},
		},
	}
}

func load(tb testing.TB, routes ...routing.Route) *routing.Table {
	tb.Helper()
	table, err := routing.NewTable(options()).With(routing.Snapshot{Revision: 7, Routes: routes, At: noon})
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

func call(called string, from routing.Ingress) routing.Call {
	return routing.Call{ID: "a@b", Called: called, Caller: "+4930999", Ingress: from, Country: "DE", At: noon}
}

// gist is a decision in one line: result, order, sides, scope and rule.
func gist(d routing.Decision) string {
	sides := make([]string, len(d.Targets))
	for i, target := range d.Targets {
		sides[i] = fmt.Sprintf("%s@%d", target.Side, target.Q)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", d.Result, d.Order, strings.Join(sides, ","), d.Scope))
}

func wantGist(t *testing.T, d routing.Decision, want string) {
	t.Helper()
	if got := strings.Join(strings.Fields(gist(d)), " "); got != want {
		t.Errorf("got %q (%s), want %q", got, d.Reason, want)
	}
}

func TestHazardNoTableAnswersAsUnavailableAndNotAsUnknown(t *testing.T) {
	t.Parallel()
	empty := routing.NewTable(options())
	wantGist(t, empty.Decide(call("+493012345", routing.FromCarrier)), "no_table nothing")
	wantGist(t, empty.Decide(call("112", routing.FromCarrier)), "routed serial old@1000 emergency")
	wantGist(t, load(t, parse(t, "+493010", "old")).Decide(call("+493012345", routing.FromCarrier)), "not_found nothing")
}

// A database that nobody has filled yet, or that somebody has emptied, is no reason to
// refuse every call.
func TestHazardATableWithoutARuleIsNotTakenForOneThatKnowsNoNumber(t *testing.T) {
	t.Parallel()
	table := load(t)
	wantGist(t, table.Decide(call("+493012345", routing.FromCarrier)), "no_table nothing")
	wantGist(t, table.Decide(call("112", routing.FromCarrier)), "routed serial old@1000 emergency")
	for _, only := range []string{"+493010", "*98", "+493010..+493019", "default"} {
		filled, err := table.With(routing.Snapshot{Revision: 8, Routes: []routing.Route{parse(t, only, "old")}})
		if err != nil {
			t.Fatal(err)
		}
		if d := filled.Decide(call("+44205551234", routing.FromCarrier)); d.Result == routing.NoTable {
			t.Errorf("with a rule for %s: %s", only, d.Reason)
		}
		emptied, err := filled.With(routing.Snapshot{Revision: 9, Routes: []routing.Route{{Number: dualtone.Number(only)}}})
		if err != nil {
			t.Fatal(err)
		}
		wantGist(t, emptied.Decide(call("+493010", routing.FromCarrier)), "no_table nothing")
	}
}

func TestHazardLoopsEndAtTheIngressRule(t *testing.T) {
	t.Parallel()
	table := load(t, parse(t, "+493010", "old"), parse(t, "+493011", "new"), parse(t, "+493012", "both"),
		parse(t, "+493013", "old,new"), parse(t, "+493014", "split:50,failover"), parse(t, "default", "old"))
	for _, c := range []struct {
		number string
		from   routing.Ingress
		want   string
	}{
		{"+493010", routing.FromOld, "loop user"},
		{"+493010", routing.FromNew, "routed serial old@1000 user"},
		{"+493010", routing.Internal, "routed serial old@1000 user"},
		{"+493011", routing.FromNew, "loop user"},
		{"+493012", routing.FromOld, "routed serial new@1000 user"},
		{"+493012", routing.FromNew, "routed serial old@1000 user"},
		{"+493013", routing.FromOld, "routed serial new@1000 user"},
		{"+493014", routing.FromNew, "routed serial old@1000 user"},
		{"+493099", routing.FromOld, "loop default"},
	} {
		wantGist(t, table.Decide(call(c.number, c.from)), strings.Replace(c.want, "user", "number", 1))
	}
}

func TestHazardAForwardedCallThatComesBackIsALoop(t *testing.T) {
	t.Parallel()
	table := load(t, parse(t, "+493012345", "new"))
	c := call("+493012345", routing.FromCarrier)
	c.Diverted = []string{"<sip:ignored>", "030 12345"}
	wantGist(t, table.Decide(c), "loop nothing")
	c.Diverted = []string{"+493012346"}
	wantGist(t, table.Decide(c), "routed serial new@1000 number")
}

func TestHazardTheSameCallAgainAndAgainIsPinnedToTheDefault(t *testing.T) {
	t.Parallel()
	guard := routing.NewGuard()
	table := load(t, parse(t, "+493012345", "new"), parse(t, "default", "old"))
	c := call("+493012345", routing.FromCarrier)
	var got []string
	for i := range 5 {
		c.At = noon.Add(time.Duration(i) * time.Second)
		c.Repeated = guard.Seen(c.Caller, c.Called, c.At)
		got = append(got, string(table.Decide(c).Scope))
	}
	if diff := cmp.Diff([]string{"number", "number", "number", "default", "default"}, got); diff != "" {
		t.Error(diff)
	}
	if guard.Seen(c.Caller, c.Called, noon.Add(time.Minute)) || guard.Seen("", "x", noon) {
		t.Error("a minute later it is a new call, and callers without a number are not counted")
	}
}

func TestHazardWithoutADefaultTheSameCallAgainAndAgainStillRings(t *testing.T) {
	t.Parallel()
	table := load(t, parse(t, "+493010", "new"), parse(t, "+493011", "both"), parse(t, "*98", "old"))
	for _, c := range []struct {
		called string
		from   routing.Ingress
		want   string
	}{
		{"+493010", routing.FromCarrier, "routed serial old@1000 number"},
		{"+493011", routing.FromCarrier, "routed serial old@1000 number"},
		{"+493010", routing.FromOld, "loop number"},
		{"+493012", routing.FromCarrier, "not_found nothing"},
	} {
		again := call(c.called, c.from)
		again.Repeated = true
		wantGist(t, table.Decide(again), c.want)
	}
}

func TestHazardAStaticCircleIsFoundOnImport(t *testing.T) {
	t.Parallel()
	table := load(t, parse(t, "+493010", "new"), parse(t, "+493011", "old"), parse(t, "+493012", "old"))
	forwards := []routing.Forwarded{
		{Side: dualtone.New, From: "+493010", To: "+493011"},
		{Side: dualtone.Old, From: "+493011", To: "+493010"},
		{Side: dualtone.New, From: "+493012", To: "+493010"},
	}
	want := [][]dualtone.Number{{"+493010", "+493011"}}
	if diff := cmp.Diff(want, routing.Cycles(table, forwards)); diff != "" {
		t.Error(diff)
	}
}

func TestHazardAPercentageIsStickyByCallerAndExactWithinItsBounds(t *testing.T) {
	t.Parallel()
	const callers = 20_000
	news := func(plan string) []string {
		table := load(t, parse(t, "+493010", plan))
		var all []string
		for i := range callers {
			c := call("+493010", routing.FromCarrier)
			c.Caller, c.ID = fmt.Sprintf("+49301%06d", i), strconv.Itoa(i)
			first := table.Decide(c)
			c.ID, c.At = "another", noon.Add(time.Hour)
			if again := table.Decide(c); again.Targets[0] != first.Targets[0] {
				t.Fatalf("%s: %v, then %v", c.Caller, first, again)
			}
			if first.Targets[0].Side == dualtone.New {
				all = append(all, c.Caller)
			}
		}
		return all
	}
	var before []string
	for _, share := range []float64{0, 0.5, 10, 33.33, 50, 99.5, 100} {
		got := news(fmt.Sprintf("split:%g", share))
		want := share / 100 * callers
		if off := float64(len(got)) - want; off > 350 || off < -350 || (share == 0 || share == 100) && off != 0 {
			t.Errorf("%g %%: %d of %d callers", share, len(got), callers)
		}
		for i, b := range before {
			if _, kept := slices.BinarySearch(got, b); !kept {
				t.Fatalf("%g %%: caller %d %s was in the smaller share and is not in the larger one", share, i, b)
			}
		}
		before = got
	}
}

func TestHazardTheSameCallerInAnotherFormIsTheSameCaller(t *testing.T) {
	t.Parallel()
	table := load(t, parse(t, "+493010", "split:50"))
	for i := range 50 {
		want := ""
		for _, form := range []string{"+4930%07d", "030%07d", "tel:+49-30-%07d", "sip:+4930%07d@sbc;user=phone", "004930%07d"} {
			c := call("+493010", routing.FromCarrier)
			c.Caller = fmt.Sprintf(form, 2000000+i)
			got := gist(table.Decide(c))
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%s: %s, want %s", c.Caller, got, want)
			}
		}
	}
}

func TestHazardParallelRingIsRefusedForWhatAnswersByItself(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]routing.Route{
		"queue":     parse(t, "+493010", "both", func(t *routing.Terms) { t.Queue = "sales" }),
		"voicemail": parse(t, "+493010", "both", func(t *routing.Terms) { t.Answers = "voicemail" }),
		"later":     parse(t, "+493010", "old", func(t *routing.Terms) { t.Answers, t.Otherwise, t.From = "menu", "both", noon }),
		"range":     parse(t, "+493010..+493019", "both"),
		"default":   parse(t, "default", "both"),
	} {
		if err := r.Validate(); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := routing.NewTable(options()).With(routing.Snapshot{Routes: []routing.Route{r}}); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s in a table: %v", name, err)
		}
	}
	wantGist(t, load(t, parse(t, "+493010", "both")).Decide(call("+493010", routing.FromCarrier)), "routed parallel new@1000,old@1000 number")
}

func TestHazardANewPlanDoesNotForgetWhatAnswers(t *testing.T) {
	t.Parallel()
	queue := parse(t, "+493010", "new", func(t *routing.Terms) { t.Queue = "sales" })
	menu := parse(t, "+493011", "new", func(t *routing.Terms) { t.Answers = "menu" })
	person := parse(t, "+493012", "new")
	person.Person = "p1"
	for _, have := range []routing.Route{queue, menu} {
		want := parse(t, string(have.Number), "both")
		if err := (routing.Facts{}).Kept(want, have).Validate("DE"); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s rings both where something answers by itself: %v", have.Number, err)
		}
		if got := (routing.Facts{Person: true, Queue: true, Answers: true}).Kept(want, have); got.Validate("DE") != nil {
			t.Errorf("who says that nothing answers is believed: %+v", got)
		}
	}
	for _, c := range []struct {
		said       routing.Facts
		want, have routing.Route
		owner      string
	}{
		{routing.Facts{}, parse(t, "+493012", "both"), person, "p1"},
		{routing.Facts{Person: true}, parse(t, "+493012", "both"), person, ""},
		{routing.Facts{}, person, queue, "p1"},
		{routing.Facts{}, queue, person, "sales"},
		{routing.Facts{}, parse(t, "+493012", "old"), routing.Route{Number: "+493012"}, ""},
	} {
		got := c.said.Kept(c.want, c.have)
		if got.Owner() != c.owner || got.Validate("DE") != nil {
			t.Errorf("%+v of %+v after %+v: got %+v, want owner %q", c.said, c.want, c.have, got, c.owner)
		}
	}
}

func TestHazardEmergencyNumbersAreDecidedFirstAndByTheCallersLocation(t *testing.T) {
	t.Parallel()
	table := load(t, parse(t, "default", "new"), parse(t, "+4911..+4919", "new"))
	for _, dialed := range []string{"112", "110", "0112", "9112", "+112", "tel:112", "sip:110@sbc", "1-1-2", "urn:service:sos.fire", "911", "9911"} {
		for _, from := range []routing.Ingress{routing.FromCarrier, routing.FromOld, routing.FromNew, routing.Internal} {
			c := call(dialed, from)
			c.Location, c.Callback, c.Repeated = "berlin", dualtone.Old, true
			d := table.Decide(c)
			if want := []routing.Target{{Side: dualtone.New, Q: 1000, Trunk: "sos-berlin"}}; !d.Emergency || !cmp.Equal(want, d.Targets) {
				t.Errorf("%s from %s: %+v", dialed, from, d)
			}
		}
	}
	for _, dialed := range []string{"1120", "+4930112", "11", "2112"} {
		if d := table.Decide(call(dialed, routing.FromCarrier)); d.Emergency {
			t.Errorf("%s: %+v", dialed, d)
		}
	}
	c := call("112", routing.FromNew)
	c.Country, c.Location = "", "nowhere"
	wantGist(t, table.Decide(c), "routed serial old@1000 emergency")
}

func TestHazardATableThatTouchesAnEmergencyNumberIsRefused(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"112", "911", "0112", "9911", "110", "933", "+49112", "+49110", "+1911", "100..199", "9000..9999", "+49110..+49119"} {
		r := parse(t, key, "new")
		if err := r.Validate("DE", "US"); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s: %v", key, err)
		}
		if _, err := load(t).With(routing.Snapshot{Revision: 8, Routes: []routing.Route{r}}); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s in a table: %v", key, err)
		}
	}
	for _, key := range []string{"2112", "5000..5999", "+49301120", "*98"} {
		if err := parse(t, key, "new").Validate("DE", "US"); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestHazardACallBackAfterAnEmergencyReachesThePhoneThatCalled(t *testing.T) {
	t.Parallel()
	table := load(t, parse(t, "+4930123456", "split:0"), parse(t, "+493012346", "both"))
	var callbacks routing.Callbacks
	sos := call("112", routing.FromNew)
	sos.Caller = "030123456"
	callbacks.Note(sos, table.Decide(sos))
	back := call("+4930123456", routing.FromCarrier)
	back.Callback = callbacks.Side(table.Called(back), noon.Add(59*time.Minute))
	wantGist(t, table.Decide(back), "routed serial new@1000 number")
	if side := callbacks.Side(table.Called(back), noon.Add(61*time.Minute)); side != "" {
		t.Errorf("after an hour: %s", side)
	}
	if side := callbacks.Side("+493012346", noon); side != "" {
		t.Errorf("another number: %s", side)
	}
}

func TestHazardNumbersAreReadInTheTrunksCountry(t *testing.T) {
	t.Parallel()
	table := load(t, parse(t, "+493012345678", "new"), parse(t, "+12125550123", "new"), parse(t, "+12125550123", "new"),
		parse(t, "+12125550199", "old"), parse(t, "+12125550142", "new"), parse(t, "+15551230002", "new"), parse(t, "4711", "old"), parse(t, "6000..6999", "new"), parse(t, "*98", "old"))
	for _, c := range []struct{ country, dialed, want, rule string }{
		{"DE", "030 12345678", "+493012345678", "+493012345678"},
		{"DE", "004930-12345678", "+493012345678", "+493012345678"},
		{"DE", "tel:+49-30-12345678;ext=9", "+493012345678", "+493012345678"},
		{"DE", "tel:12345678;phone-context=+4930", "+493012345678", "+493012345678"},
		{"DE", "sip:+493012345678@10.0.0.1:5060;user=phone", "+493012345678", "+493012345678"},
		{"US", "0114930 12345678", "+493012345678", "+493012345678"},
		{"US", "(212) 555-0123", "+12125550123", "+12125550123"},
		{"US", "12125550123", "+12125550123", "+12125550123"},
		// No numbering plan knows an area 555, but the table does.
		{"US", "(555) 123-0002", "+15551230002", "+15551230002"},
		{"US", "(555) 123-0003", "5551230003", ""},
		{"DE", "4711", "4711", "4711"},
		{"DE", "6123", "6123", "6000..6999"},
		{"DE", "*98", "*98", "*98"},
		{"US", "50142", "+12125550142", ""},
	} {
		in := call(c.dialed, routing.FromOld)
		in.Country = c.country
		d := table.Decide(in)
		if string(d.Number) != c.want && c.rule != "" || c.rule != "" && d.Rule != c.rule {
			t.Errorf("%s in %s: %+v", c.dialed, c.country, d)
		}
	}
	outside := call("912125550199", routing.FromNew)
	outside.Country = "US"
	if d := table.Decide(outside); d.Rule != "+12125550199" {
		t.Errorf("behind an access code: %+v", d)
	}
}

func TestHazardAScheduleIsReadOnItsOwnClock(t *testing.T) {
	t.Parallel()
	table := load(t,
		parse(t, "+493010", "new", func(t *routing.Terms) { t.Hours, t.Otherwise = "Mo-Fr 08:00-18:00 Europe/Berlin", "old" }),
		parse(t, "+493011", "new", func(t *routing.Terms) { t.Hours = "Fr-Mo 22:00-06:00 America/New_York" }),
		parse(t, "+493012", "new", func(t *routing.Terms) { t.From, t.Until = noon, noon.Add(time.Hour) }),
		parse(t, "+49301..+49309", "old"), parse(t, "+493000..+493099", "old"))
	at := func(number, moment string) string {
		c := call(number, routing.FromCarrier)
		c.At, _ = time.Parse(time.RFC3339, moment)
		d := table.Decide(c)
		return fmt.Sprintf("%s by %s", d.Targets[0].Side, d.Scope)
	}
	for _, c := range []struct{ number, moment, want string }{
		{"+493010", "2026-11-23T07:00:00Z", "new by number"}, // 08:00 in winter
		{"+493010", "2026-11-23T06:59:59Z", "old by number"},
		{"+493010", "2026-07-20T06:00:00Z", "new by number"}, // 08:00 in summer
		{"+493010", "2026-11-23T17:00:00Z", "old by number"},
		{"+493010", "2026-11-22T12:00:00Z", "old by number"}, // Sunday
		{"+493011", "2026-11-24T04:00:00Z", "new by number"}, // Monday 23:00
		{"+493011", "2026-11-24T10:59:00Z", "new by number"}, // Tuesday 05:59, Monday's window
		{"+493011", "2026-11-25T04:00:00Z", "old by range"},  // Tuesday 23:00
		{"+493012", "2026-11-23T11:59:59Z", "old by range"},
		{"+493012", "2026-11-23T12:00:00Z", "new by number"},
		{"+493012", "2026-11-23T13:00:00Z", "old by range"},
	} {
		if got := at(c.number, c.moment); got != c.want {
			t.Errorf("%s at %s: %s, want %s", c.number, c.moment, got, c.want)
		}
	}
}

func TestTheNarrowestRangeDecides(t *testing.T) {
	t.Parallel()
	table := load(t, parse(t, "+493000..+493099", "old"), parse(t, "+493010..+493019", "new"), parse(t, "+493015..+493016", "old,new"),
		parse(t, "default", "new,old"))
	for number, want := range map[string]string{
		"+493000": "+493000..+493099", "+493099": "+493000..+493099", "+493010": "+493010..+493019",
		"+493015": "+493015..+493016", "+493016": "+493015..+493016", "+493017": "+493010..+493019",
		"+493020": "+493000..+493099", "+493100": "default", "+49301": "default", "+4930150": "default",
	} {
		if d := table.Decide(call(number, routing.FromCarrier)); d.Rule != want {
			t.Errorf("%s: %s, want %s", number, d.Rule, want)
		}
	}
}
