package focus

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/dualtone/dualtone"
)

// delivered is a folder as we write it.
func delivered(t *testing.T, charges ...Charge) fstest.MapFS {
	t.Helper()
	costs, commitments := CostSchema(), CommitmentSchema()
	folder := fstest.MapFS{}
	for name, write := range map[string]func(io.Writer) error{
		"cost_and_usage.csv":              func(w io.Writer) error { return WriteCharges(w, charges) },
		"cost_and_usage.schema.json":      costs.Write,
		"contract_commitment.csv":         func(w io.Writer) error { return WriteCommitments(w, []Commitment{commitment()}) },
		"contract_commitment.schema.json": commitments.Write,
		"data_generator.json":             Dualtone().Write,
		"dataset_instance.json":           OurInstances().Write,
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		folder[name] = &fstest.MapFile{Data: out.Bytes()}
	}
	return folder
}

func TestAFileIsCheckedWhereItLiesWithWhatLiesBesideIt(t *testing.T) {
	t.Parallel()
	bad := charge()
	bad.Frequency, bad.Description = "Sometimes", ""
	folder := delivered(t, charge(), bad)
	for name, want := range map[string]Checked{
		"cost_and_usage.csv":      {Dataset: "Cost and Usage", Version: CostVersion, Broken: 1},
		"contract_commitment.csv": {Dataset: "Contract Commitment", Version: CommitmentVersion},
	} {
		got, err := CheckDelivered(folder, name)
		if err != nil || got.Dataset != want.Dataset || got.Version != want.Version || got.Broken != want.Broken || !got.Described || got.Rules < 100 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		told := []string{}
		for _, f := range got.Findings {
			told = append(told, f.ID)
		}
		if slices.Sort(told); want.Broken > 0 && !slices.Equal(told, []string{"ChargeDescription/filled", "ChargeFrequency/allowed"}) || want.Broken == 0 && len(told) > 0 {
			t.Errorf("%s: told %v", name, told)
		}
	}
	delete(folder, "cost_and_usage.schema.json")
	if got, err := CheckDelivered(folder, "cost_and_usage.csv"); err != nil || got.Described {
		t.Errorf("without a schema: %+v, %v", got, err)
	}
	folder["contract_commitment.schema.json"].Data = []byte("no JSON")
	if _, err := CheckDelivered(folder, "contract_commitment.csv"); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("a schema that is no JSON: %v", err)
	}
	if _, err := CheckDelivered(folder, "charges.csv"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("a file that is not there: %v", err)
	}
}
