package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
)

// user is a person by an id and attributes, as in "ada team=sales queue=uk;ie".
func user(text string) User {
	fields := strings.Fields(text)
	u := User{Side: dualtone.Old, Person: dualtone.Person{ID: dualtone.PersonID(fields[0]), Name: fields[0], Attributes: dualtone.Attributes{}}}
	for _, f := range fields[1:] {
		name, value, _ := strings.Cut(f, "=")
		switch name {
		case "team":
			u.Team = value
		case "site":
			u.Site = value
		case "side":
			u.Side = dualtone.Side(value)
		default:
			u.Attributes[name] = strings.Split(value, ";")
		}
	}
	return u
}

func users(lines ...string) []User {
	all := make([]User, len(lines))
	for i, line := range lines {
		all[i] = user(line)
	}
	return all
}

func cohort(id StageID, c Cohort) Stage { return Stage{ID: id, Kind: Wave, Cohort: &c} }

func documentOf(stages ...Stage) *Document {
	return &Document{Plan: Plan{Spec: Spec{Timezone: "UTC", Stages: stages}}}
}

func resolve(tb testing.TB, d *Document, all []User) *Resolution {
	tb.Helper()
	r, err := d.Resolve(all)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// inStages is who is in which stage, as in "pilot: a b; wave: c".
func inStages(r *Resolution) string {
	var all []string
	for _, s := range r.Stages {
		all = append(all, string(s.Stage)+": "+strings.Join(texts(s.ids()...), " "))
	}
	return strings.Join(all, "; ")
}

func TestACohortTakesWhomItsWordsSelect(t *testing.T) {
	t.Parallel()
	company := users(
		"a team=sales queue=uk skill=en", "b team=sales queue=uk;ie vip=yes", "c team=support queue=ie",
		"d team=sales queue=uk side=new", "e team=sales tag=on-leave queue=uk x_desk=4", "f site=paris",
	)
	uk := map[string]Values{"queue": {"uk"}}
	for name, c := range map[string]struct {
		c    Cohort
		want string
	}{
		"one of the values":       {Cohort{Match: map[string]Values{"queue": {"uk", "ie"}}}, "a b c e"},
		"each of the attributes":  {Cohort{Match: map[string]Values{"queue": {"uk"}, "skill": {"en"}}}, "a"},
		"less those excluded":     {Cohort{Match: uk, Exclude: map[string]Values{"tag": {"on-leave"}, "vip": {"yes"}}}, "a"},
		"an attribute of its own": {Cohort{Match: map[string]Values{"x_desk": {"4"}}}, "e"},
		"a number of them":        {Cohort{Match: uk, Limit: &Limit{Count: 2}}, "a b"},
		"a share of them":         {Cohort{Match: uk, Limit: &Limit{Share: 34 * OnePercent}}, "a"},
		"a small share is one":    {Cohort{Match: uk, Limit: &Limit{Share: OnePercent}}, "a"},
		"the careful ones first":  {Cohort{Match: uk, Order: RiskAsc}, "a e b"},
		"the careful ones last":   {Cohort{Match: uk, Order: RiskDesc}, "b a e"},
		"an expression":           {Cohort{Where: `"uk" in queue and not vip and attributes["x_desk"] != ["4"]`}, "a"},
		"everybody":               {Cohort{Remainder: true}, "a b c e f"},
		"match and expression":    {Cohort{Match: uk, Where: "vip"}, "b"},
	} {
		if got := inStages(resolve(t, documentOf(cohort("s", c.c)), company)); got != "s: "+c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	d := documentOf(cohort("s", Cohort{CSV: "x.csv", Order: AsListed}))
	d.Files = map[string]string{"x.csv": "name,id\nF,f\nA,a\nZ,zed\n"}
	r := resolve(t, d, company)
	if got := inStages(r); got != "s: f a" || len(r.Unknown) != 1 || r.Unknown[0].ID != "zed" || r.Unknown[0].Line != 4 {
		t.Errorf("a file: %s, unknown %+v", got, r.Unknown)
	}
}

func TestNobodyIsInTwoStages(t *testing.T) {
	t.Parallel()
	company := users("a queue=uk team=v", "b queue=uk", "c queue=uk", "d")
	uk := map[string]Values{"queue": {"uk"}}
	pilot := cohort("pilot", Cohort{Match: map[string]Values{"team": {"v"}}})
	r := resolve(t, documentOf(pilot, cohort("wave", Cohort{Match: uk})), company)
	if inStages(r) != "pilot: a; wave: b c" || !cmp.Equal(r.Twice, []Twice{{"a", "wave", "pilot"}}) || r.Nowhere != 1 {
		t.Errorf("%s, twice %v, %d nowhere", inStages(r), r.Twice, r.Nowhere)
	}
	r = resolve(t, documentOf(pilot, cohort("wave", Cohort{Match: uk, Limit: &Limit{Share: 50 * OnePercent}, Remainder: true}), cohort("rest", Cohort{Remainder: true})), company)
	if inStages(r) != "pilot: a; wave: b; rest: c d" || r.Twice != nil || r.Nowhere != 0 {
		t.Errorf("%s, twice %v, %d nowhere", inStages(r), r.Twice, r.Nowhere)
	}
	first := cohort("wave", Cohort{Remainder: true})
	first.After = []StageID{"pilot"}
	if got := inStages(resolve(t, documentOf(first, pilot), company)); got != "pilot: a; wave: b c d" {
		t.Errorf("in the order in which they run: %s", got)
	}
}

func TestWhatMustMoveTogetherMovesTogetherOrStays(t *testing.T) {
	t.Parallel()
	company := users(
		"a queue=uk shared_line=7", "b shared_line=7 hunt_group=h", "c hunt_group=h supervisor=m", "m", "n supervisor=m",
		"o queue=uk", "p queue=uk delegate=q", "q",
	)
	all := []Relation{SharedLine, HuntGroup, SupervisorTeam, Delegate}
	uk := map[string]Values{"queue": {"uk"}}
	r := resolve(t, documentOf(cohort("s", Cohort{Match: uk, KeepTogether: all})), company)
	if got := inStages(r); got != "s: a b c m n o p q" || r.Splits != nil {
		t.Errorf("over all that they share: %s, splits %v", got, r.Splits)
	}
	if p := r.Stages[0].People[3]; p.Why != Together || p.With != "a" {
		t.Errorf("why m: %+v", p)
	}
	r = resolve(t, documentOf(cohort("s", Cohort{Match: uk, KeepTogether: all, Limit: &Limit{Count: 3}})), company)
	if got := inStages(r); got != "s: o p q" || !cmp.Equal(r.Stages[0].Left, []LeftOut{{"a", GroupLarge}}) {
		t.Errorf("a group over the limit: %s, left %v", got, r.Stages[0].Left)
	}
}

func TestASplitIsShownWithWhoWhyAndWhere(t *testing.T) {
	t.Parallel()
	company := users("a queue=uk shared_line=7", "b queue=uk shared_line=7 tag=away", "c shared_line=7 team=later", "d shared_line=7 side=new", "e shared_line=8 queue=uk", "f shared_line=8 side=new")
	uk := Cohort{Match: map[string]Values{"queue": {"uk"}}, Exclude: map[string]Values{"tag": {"away"}, "team": {"later"}}, KeepTogether: []Relation{SharedLine}}
	r := resolve(t, documentOf(cohort("first", uk), cohort("second", Cohort{Match: map[string]Values{"team": {"later"}}})), company)
	want := []Split{{
		Stage: "first", Relation: SharedLine, Shared: "7", Inside: []dualtone.PersonID{"a"},
		Outside: []SplitOff{{Person: "b", Because: IsExcluded}, {Person: "c", Because: OtherStage, Stage: "second"}},
	}}
	if diff := cmp.Diff(want, r.Splits); diff != "" {
		t.Error("-want +got\n" + diff)
	}
}

func TestJoinersAndLeaversAreShownAfterTheFreeze(t *testing.T) {
	t.Parallel()
	d := documentOf(cohort("s", Cohort{Match: map[string]Values{"queue": {"uk"}}}))
	frozen := resolve(t, d, users("a queue=uk", "b queue=uk", "c queue=uk", "d queue=uk")).Freeze("hash", "ada")
	now := users("a queue=uk", "b queue=ie", "c queue=uk side=new", "e queue=uk")
	want := []Drift{{Stage: "s", Joiners: []dualtone.PersonID{"e"}, Leavers: []LeftOut{{"b", NotSelected}, {"d", LeftList}}}}
	if diff := cmp.Diff(want, since(t, d, frozen, now).Drift); diff != "" {
		t.Error("-want +got\n" + diff)
	}
	if same := resolve(t, d, users("d queue=uk", "c queue=uk", "b queue=uk", "a queue=uk")); CohortHash(same.Freeze("x", "bob")) != CohortHash(frozen) {
		t.Error("the hash depends on more than who is in which stage")
	}
}

func TestTheBlastRadiusHoldsUntilItIsLifted(t *testing.T) {
	t.Parallel()
	company := users("a queue=uk site=l", "b queue=uk site=l", "c queue=uk site=p", "d queue=uk site=p", "e queue=ie site=p side=new")
	d := documentOf(cohort("one", Cohort{Match: map[string]Values{"site": {"l"}}}), cohort("two", Cohort{Remainder: true}))
	limit := BlastRadius{MaxOnNew: 60 * OnePercent, Per: []Dimension{ByQueue, BySite}, MinLeftOnOld: 1, LiftAfter: "one"}
	d.Plan.Spec.Limits.BlastRadius = &limit
	want := []Crowded{{"one", BySite, "l", 2, 2, 1}}
	if diff := cmp.Diff(want, resolve(t, d, company).Crowded); diff != "" {
		t.Error("-want +got\n" + diff)
	}
	radius := NewRadius(limit, company)
	if c, no := radius.Refuses(&company[0]); no {
		t.Errorf("the first of l: %+v", c)
	}
	radius.Move(&company[0])
	if c, no := radius.Refuses(&company[1]); !no || c.Value != "l" || c.Most != 1 {
		t.Errorf("the second of l: %+v", c)
	}
	radius.Back(&company[0])
	if _, no := radius.Refuses(&company[1]); no {
		t.Error("the second of l, with the first one back")
	}
}

func TestEverythingThatIsWrongAmongTheUsersIsToldInThePlan(t *testing.T) {
	t.Parallel()
	r := readPlan(t, examplePlan)
	var company []User
	for i := range 40 {
		company = append(company, user(fmt.Sprintf("p%02d queue=sales-uk language=en site=london shared_line=%d", i, i/4)))
	}
	company = append(company, user("v1 team=cutover-volunteers queue=sales-uk language=en site=london"), user("o1 queue=sales-uk language=en site=oslo"), user("v2 tag=on-leave queue=sales-uk language=en shared_line=0 site=london"), user("z site=london"))
	found, err := r.Check(company)
	if err != nil || found == nil {
		t.Fatal(err)
	}
	text := told(r.Faults)
	for _, want := range []string{
		"takes people who are in pilot already: v1; write remainder: true",
		"splits shared_line 0: p00, p01, p02, p03 would move without v2 (in wave-2); write keep_together: [shared_line]",
		`nobody has queue "sales-ie"`,
		"1 person on the old side is in no stage",
		"the zone of 1 person at oslo is not known, such as o1",
		"after wave-1 1 of 1 person of site oslo would be on the new side, and 0 may be",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not told:\n%s", want, text)
		}
	}
}

func TestWhoeverIsDrawnNobodyIsTakenTwiceNoGroupIsTornAndTheOrderOfTheListDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		few := func(kind string, n int) string { return fmt.Sprint(kind, rapid.IntRange(0, n).Draw(t, kind)) }
		var company []User
		for i := range rapid.IntRange(0, 25).Draw(t, "people") {
			u := user(fmt.Sprintf("p%02d queue=%s shared_line=%s team=%s", i, few("q", 2), few("l", 12), few("t", 3)))
			if rapid.IntRange(0, 3).Draw(t, "supervised") == 0 {
				u.Attributes["supervisor"] = []string{fmt.Sprintf("p%02d", rapid.IntRange(0, 25).Draw(t, "supervisor"))}
			}
			if rapid.IntRange(0, 5).Draw(t, "moved") == 0 {
				u.Side = dualtone.New
			}
			company = append(company, u)
		}
		var stages []Stage
		for i := range rapid.IntRange(1, 4).Draw(t, "stages") {
			c := Cohort{Match: map[string]Values{"queue": {few("q", 2)}}, Remainder: true, KeepTogether: []Relation{SharedLine, SupervisorTeam}, Order: rapid.SampledFrom([]Order{ByID, RiskAsc, RiskDesc}).Draw(t, "order")}
			if n := rapid.IntRange(0, 9).Draw(t, "limit"); n > 0 {
				c.Limit = &Limit{Count: n}
			}
			if rapid.Bool().Draw(t, "exclude") {
				c.Exclude = map[string]Values{"team": {few("t", 3)}}
			}
			stages = append(stages, cohort(StageID(fmt.Sprint("s", i)), c))
		}
		d := documentOf(stages...)
		r, err := d.Resolve(company)
		if err != nil {
			t.Fatal(err)
		}
		checkResolution(t, d, r, company)
		shuffled := slices.Clone(company)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] }) //nolint:gosec // an order
		again, err := d.Resolve(shuffled)
		if diff := cmp.Diff(r, again); err != nil || diff != "" {
			t.Fatalf("another order: %v\n%s", err, diff)
		}
	})
}

func checkResolution(t *rapid.T, d *Document, r *Resolution, company []User) {
	stageOf := map[dualtone.PersonID]StageID{}
	for _, s := range r.Stages {
		stage, _ := d.Plan.Stage(s.Stage)
		if l := stage.Cohort.Limit; l != nil && len(s.People) > l.Count {
			t.Fatalf("%s takes %d of %d", s.Stage, len(s.People), l.Count)
		}
		for _, p := range s.People {
			if was, twice := stageOf[p.Person]; twice {
				t.Fatalf("%s is in %s and %s", p.Person, was, s.Stage)
			}
			stageOf[p.Person] = s.Stage
		}
	}
	split := map[string]bool{}
	for _, s := range r.Splits {
		split[string(s.Relation)+s.Shared] = true
	}
	// Every two on the old side who share a line or a supervisor are in one stage,
	// or in none, or told of.
	bonds := map[string][]User{}
	for _, u := range company {
		for _, l := range u.Attributes["shared_line"] {
			bonds["shared_line"+l] = append(bonds["shared_line"+l], u)
		}
		for _, b := range company {
			if boss := b.Attributes.First("supervisor"); boss != "" && (u.ID == b.ID || string(u.ID) == boss) {
				bonds["supervisor_team"+boss] = append(bonds["supervisor_team"+boss], u)
			}
		}
	}
	for bond, people := range bonds {
		torn := false
		for _, u := range people {
			if u.Side == dualtone.New {
				continue
			}
			for _, o := range people {
				torn = torn || o.Side != dualtone.New && stageOf[o.ID] != stageOf[u.ID]
			}
		}
		if torn != split[bond] {
			t.Fatalf("%s: torn %t, told %t", bond, torn, split[bond])
		}
	}
}

// company of 100,000 in 40 queues, 2,000 hunt groups, 5,000 shared lines and as
// many teams with a supervisor.
func bigCompany() []User {
	all := make([]User, 100_000)
	for i := range all {
		all[i] = User{Side: dualtone.Old, Person: dualtone.Person{
			ID: dualtone.PersonID(fmt.Sprintf("p%06d", i)), Name: fmt.Sprintf("Agent %d", i), Site: fmt.Sprint("site", i%25), Team: fmt.Sprint("team", i/20),
			Numbers: []dualtone.Number{dualtone.Number(fmt.Sprintf("+4930%07d", i))},
			Attributes: dualtone.Attributes{
				"queue": {fmt.Sprint("q", i%40)}, "language": {"en"}, "shift": {fmt.Sprint("s", i%3)}, "supervisor": {fmt.Sprintf("p%06d", i/20*20)},
				"hunt_group": {fmt.Sprint("h", i/50)}, "shared_line": {fmt.Sprint("l", i/20)},
			},
		}}
	}
	return all
}

func BenchmarkResolve100000(b *testing.B) {
	company := bigCompany()
	together := []Relation{SharedLine, HuntGroup, SupervisorTeam}
	d := documentOf(
		cohort("pilot", Cohort{Where: `"q1" in queue and not vip`, Limit: &Limit{Count: 120}, KeepTogether: together}),
		cohort("wave-1", Cohort{Match: map[string]Values{"queue": {"q1", "q2"}}, Remainder: true, Limit: &Limit{Share: 25 * OnePercent}, Order: RiskAsc, KeepTogether: together}),
		cohort("wave-2", Cohort{Match: map[string]Values{"site": {"site1", "site2", "site3"}}, Remainder: true, Limit: &Limit{Count: 20_000}, KeepTogether: together}),
		cohort("rest", Cohort{Remainder: true, KeepTogether: together}),
	)
	d.Plan.Spec.Limits.BlastRadius = &BlastRadius{MaxOnNew: 25 * OnePercent, Per: []Dimension{ByQueue, BySkill, BySite, ByShift}, MinLeftOnOld: 4}
	for b.Loop() {
		r, err := d.Resolve(company)
		if err != nil || len(r.Stages[3].People) == 0 || r.Nowhere != 0 {
			b.Fatal(err, r.Nowhere)
		}
	}
}

// Where a precheck asks that nobody is torn apart, what a stage would tear apart is
// told though no stage keeps anything together.
func TestClosureIsAskedWithoutAnythingKeptTogether(t *testing.T) {
	t.Parallel()
	users := []User{
		{Person: dualtone.Person{ID: "a", Team: "pilot", Attributes: dualtone.Attributes{"hunt_group": {"sales"}}}},
		{Person: dualtone.Person{ID: "b", Team: "other", Attributes: dualtone.Attributes{"hunt_group": {"sales"}}}},
	}
	for _, asked := range []bool{true, false} {
		d := &Document{Plan: Plan{Spec: Spec{Stages: []Stage{{ID: "pilot", Kind: Pilot, Cohort: &Cohort{Match: map[string]Values{"team": {"pilot"}}}}}}}}
		if asked {
			d.Plan.Spec.Gates.Precheck = []Precheck{{Check: DependencyClosure, OnFail: BlockStage}}
		}
		found, err := d.Resolve(users)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(found.Splits) == 1 && found.Splits[0].Relation == HuntGroup; got != asked {
			t.Errorf("asked for closure %t: the splits are %+v", asked, found.Splits)
		}
	}
}
