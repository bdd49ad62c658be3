package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
)

func since(tb testing.TB, d *Document, frozen []Frozen, now []User) *Since {
	tb.Helper()
	s, err := d.Since(frozen, now)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestWhoLeavesAStageIsToldByItsWordsAlone(t *testing.T) {
	t.Parallel()
	uk := map[string]Values{"queue": {"uk"}}
	away := map[string]Values{"tag": {"away"}}
	before := users("a queue=uk shared_line=7", "b queue=uk", "c queue=uk", "d shared_line=7", "e queue=ie")
	for name, tt := range map[string]struct {
		c    Cohort
		now  []User
		want []Drift
	}{
		"nothing has changed": {Cohort{Match: uk}, before, nil},
		"another queue, and on leave": {
			Cohort{Match: uk, Exclude: away},
			users("a queue=ie", "b queue=uk tag=away", "c queue=uk"),
			[]Drift{{Stage: "s", Leavers: []LeftOut{{"a", NotSelected}, {"b", IsExcluded}}}},
		},
		"whom the plan has moved has not left": {Cohort{Match: uk, Exclude: away}, users("a queue=ie side=new", "b tag=away side=new", "c queue=uk"), nil},
		"a limit is not applied anew": {
			Cohort{Match: uk, Limit: &Limit{Count: 2}},
			users("a queue=uk", "a1 queue=uk", "b queue=uk", "c queue=uk"),
			[]Drift{{Stage: "s", Joiners: []dualtone.PersonID{"a1"}}},
		},
		"nobody takes the place of those who were moved": {Cohort{Match: uk, Limit: &Limit{Count: 2}}, users("a queue=uk side=new", "b queue=uk side=new", "c queue=uk"), nil},
		"who comes along stays as long as somebody does": {
			Cohort{Match: uk, KeepTogether: []Relation{SharedLine}}, users("a queue=uk shared_line=7", "b queue=uk", "c queue=uk", "d shared_line=7 queue=ie"), nil,
		},
		"who came along leaves with the last one": {
			Cohort{Match: uk, KeepTogether: []Relation{SharedLine}},
			users("a shared_line=7", "b queue=uk", "c queue=uk", "d shared_line=7"),
			[]Drift{{Stage: "s", Leavers: []LeftOut{{"a", NotSelected}, {"d", NotSelected}}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := documentOf(cohort("s", tt.c))
			frozen := resolve(t, d, before).Freeze("hash", "ada")
			if diff := cmp.Diff(tt.want, since(t, d, frozen, tt.now).Drift); diff != "" {
				t.Error("-want +got\n" + diff)
			}
		})
	}
}

func TestWhatIsTornApartIsJudgedByTheFrozenPeople(t *testing.T) {
	t.Parallel()
	d := documentOf(
		cohort("pilot", Cohort{Match: map[string]Values{"queue": {"uk"}}, Limit: &Limit{Count: 1}}),
		cohort("wave", Cohort{Match: map[string]Values{"queue": {"uk"}}, Remainder: true, Exclude: map[string]Values{"tag": {"away"}}}),
	)
	d.Plan.Spec.Gates.Precheck = []Precheck{{Check: DependencyClosure, OnFail: BlockStage}}
	frozen := resolve(t, d, users("a queue=uk", "b queue=uk shared_line=7", "c queue=uk shared_line=7")).Freeze("hash", "ada")

	// The pilot is on the new side. Chosen anew it would take b and leave c.
	if got := since(t, d, frozen, users("a queue=uk side=new", "b queue=uk shared_line=7", "c queue=uk shared_line=7")).Splits; got != nil {
		t.Errorf("b and c move together, and are told as torn apart: %+v", got)
	}
	want := []Split{{
		Stage: "wave", Relation: SharedLine, Shared: "7", Inside: []dualtone.PersonID{"b"},
		Outside: []SplitOff{{Person: "c", Because: IsExcluded}},
	}}
	if diff := cmp.Diff(want, since(t, d, frozen, users("a queue=uk side=new", "b queue=uk shared_line=7", "c queue=uk shared_line=7 tag=away")).Splits); diff != "" {
		t.Error("with c on leave: -want +got\n" + diff)
	}
}
