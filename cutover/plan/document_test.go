package plan

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const smallPlan = "testdata/good.yaml"

func readText(t *testing.T, text string) *Document {
	t.Helper()
	r := Read(Source{Name: "plan.yaml", Text: []byte(text), Now: day("2027-02-10")})
	if err := r.Faults.Err(); err != nil {
		t.Fatal(err)
	}
	return &r.Document
}

func TestTheHashIsThatOfWhatThePlanSays(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(smallPlan)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	want := readText(t, text).Hash()
	change := func(pairs ...string) string {
		changed := strings.NewReplacer(pairs...).Replace(text)
		if changed == text {
			t.Fatalf("%q is not in the plan", pairs[0])
		}
		return changed
	}
	for name, same := range map[string]string{
		"a comment":         "# reviewed\n" + change("soak: 3d", "soak: 3d   # over the weekend"),
		"the order of keys": change("{name: emea, owner: lee}", "{owner: lee, name: emea}"),
		"another style":     change("after: [pilot]\n", "after:\n        - pilot\n"),
		"a default":         change("rollback: {window: 14d}", "rollback: {window: 14d, skip_gates: true, scope: stage}"),
		"another unit":      change("window: 14d", "window: 2w"),
		"an alias":          change("windows: [night]\n      soak: 3d", "windows: &w [night]\n      soak: 3d", "windows: [night]\n      soak: 5d", "windows: *w\n      soak: 5d"),
	} {
		if got := readText(t, same).Hash(); got != want {
			t.Errorf("%s changes the hash", name)
		}
	}
	for name, other := range map[string]string{
		"a number":        change("concurrency: 10", "concurrency: 11"),
		"a value":         change("[volunteers]", "[volunteer]"),
		"order of stages": change("[tue, wed]", "[wed, tue]"),
	} {
		if got := readText(t, other).Hash(); got == want {
			t.Errorf("%s does not change the hash", name)
		}
	}
	d := readText(t, text)
	d.Files = map[string]string{"uk.ics": "x"}
	if d.Hash() == want {
		t.Error("a file does not change the hash")
	}
}

func TestADocumentComesThroughJSONAsItWas(t *testing.T) {
	t.Parallel()
	d := readPlan(t, examplePlan).Document
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back Document
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, back); diff != "" || back.Hash() != d.Hash() {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestEditsAreNamedAndTellWhichApprovalsTheyVoid(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(smallPlan)
	if err != nil {
		t.Fatal(err)
	}
	before := readText(t, string(raw))
	after := readText(t, strings.NewReplacer("soak: 5d", "soak: 6d", "max_rise: 15%", "max_rise: 10%", "owner: lee", "owner: kim").Replace(string(raw)))
	want := []Edit{
		{"metadata.owner", "lee", "kim"},
		{"spec.gates.health[aht].compare.max_rise", "15%", "10%"},
		{"spec.stages[wave].soak", "5d", "6d"},
	}
	if diff := cmp.Diff(want, Edits(before, after)); diff != "" {
		t.Error("-want +got\n" + diff)
	}
	if same := Edits(before, before); same != nil {
		t.Errorf("nothing changed: %v", same)
	}
	var void []string
	for _, v := range Voids(&before.Plan, true, false) {
		void = append(void, v.Stage)
	}
	if got := strings.Join(void, ","); got != ",pilot,wave,finalise" {
		t.Errorf("void: %s", got)
	}
	if v := Voids(&before.Plan, false, false); v != nil {
		t.Errorf("without a change: %v", v)
	}
}
