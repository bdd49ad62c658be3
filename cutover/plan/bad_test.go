package plan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// told is everything that a reader is told of a plan.
func told(faults Faults) string {
	var b strings.Builder
	for _, f := range faults {
		b.WriteString(f.String() + "\n" + f.Excerpt + "\n\n")
	}
	return b.String()
}

func badPlans(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(all) < 60 {
		t.Fatalf("%d bad plans, %v", len(all), err)
	}
	return all
}

func TestEveryBadPlanIsToldWhatIsWrongWhereAndWhatToWrite(t *testing.T) {
	t.Parallel()
	if faults := readPlan(t, "testdata/good.yaml").Faults; len(faults) > 0 {
		t.Fatalf("the plan that the bad ones are made from:\n%s", told(faults))
	}
	for _, name := range badPlans(t) {
		golden := strings.TrimSuffix(name, ".yaml") + ".golden"
		r := readPlan(t, name)
		got := told(r.Faults)
		if r.Faults.Errors() == 0 {
			t.Errorf("%s: nothing is wrong with it", name)
		}
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden) //nolint:gosec // a test's own file
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What is wrong with the shape of a plan, an editor shows while it is written.
func TestTheSchemaRefusesEveryPlanOfAWrongShape(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	shapes := 0
	for _, name := range badPlans(t) {
		if strings.Contains(name, "bomb") {
			continue // It would go off in the library that reads YAML for the schema.
		}
		text, err := os.ReadFile(name) //nolint:gosec // a test's own file
		if err != nil {
			t.Fatal(err)
		}
		v, err := asJSON(text)
		if err != nil {
			continue // No schema is asked about what is not YAML.
		}
		refused := schema.Validate(v) != nil
		misshapen := filepath.Base(name) == "empty.yaml"
		for _, f := range readPlan(t, name).Faults {
			for _, problem := range []string{"no such key", " is missing", " is not known", "want a", "want text", "want true", "has no value", "has no unit"} {
				misshapen = misshapen || strings.Contains(f.Problem, problem)
			}
		}
		if misshapen && !refused {
			t.Errorf("%s: the schema accepts it", name)
		}
		if misshapen {
			shapes++
		}
	}
	if shapes < 15 {
		t.Errorf("only %d plans of a wrong shape", shapes)
	}
}

// A gate that nothing feeds is told before the plan starts, not after its soak.
func TestAGateThatNothingFeedsIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	gate := "      - {name: sound, metric: mos-p10, threshold: {min: 3.6}, window: 4h, min_samples: 100, on_no_data: hold, on_fail: hold}\n"
	text = []byte(strings.Replace(string(text), "    reconcile:\n", gate+"    reconcile:\n", 1))
	asked := map[string]bool{}
	read := Read(Source{Name: "plan.yaml", Text: text, Now: time.Date(2027, 2, 20, 0, 0, 0, 0, time.UTC), Unfed: func(m Metric, system string) (string, string) {
		asked[string(m)+" of "+system] = true
		if m == MOSP10 {
			return "the records of cloud tell no scores", "take the gate out"
		}
		return "", ""
	}})
	if want := "plan.yaml:20:31: spec.gates.health[1].metric: mos-p10 has no source and would hold for ever: the records of cloud tell no scores; take the gate out"; len(read.Faults) != 1 || read.Faults[0].String() != want {
		t.Errorf("told:\n%s\nwant %s", told(read.Faults), want)
	}
	if !asked["aht of cloud"] || asked["aht of pbx"] {
		t.Errorf("asked of %v, want the new side alone", asked)
	}
}
