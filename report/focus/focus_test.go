package focus

import (
	"bytes"
	"encoding/csv"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
)

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

func charge() Charge {
	return Charge{
		BilledCost: "22500.00", BillingAccountID: "4711", BillingCurrency: "EUR",
		BillingPeriod: Period{day("2027-02-01"), day("2027-03-01")},
		Category:      "Usage", Description: "Agent seats on connect", Frequency: "Recurring",
		ChargePeriod:     Period{day("2027-02-15"), day("2027-03-01")},
		ConsumedQuantity: "4200", ConsumedUnit: "Seat-Days",
		ContractedCost: "22500.00", ContractedPrice: "5.3571428571", EffectiveCost: "22500.00",
		InvoiceID: "R-1", InvoiceIssuer: "Example Telecom", ListCost: "22500.00",
		PricingQuantity: "4200", PricingUnit: "Seat-Days", Provider: "Example Telecom",
		ServiceCategory: "Business Applications", ServiceName: "connect seats", ServiceSubcategory: "Productivity and Collaboration",
		Sku: "connect/agent", SkuMeter: "Agent seats", SkuPrice: "cloud/agent",
		Own: Own{
			Contract: "cloud", CostCenter: "CC-1", Country: "DE", FxDate: day("2027-02-28"), FxRate: "0.86", KnownAt: day("2027-03-02"),
			Notice: day("2027-11-30"), Class: "idle", Plan: "spring", Proration: "calendar", ReportCost: "19350.00", ReportCurrency: "GBP",
			Serving: "old", Stage: "wave-1", System: "connect",
		},
	}
}

func commitment() Commitment {
	return Commitment{
		ID: "cloud/agent@2027-01-01", Contract: "cloud", Category: "Usage", Type: "Seat commitment", Description: "At least 250 agent seats a month",
		Currency: "EUR", Quantity: "250", Unit: "Seats", Period: Period{day("2027-01-01"), day("2030-01-01")}, ContractPeriod: Period{day("2027-01-01"), day("2030-01-01")},
		Created: day("2026-12-01"), Updated: day("2026-12-01"), Duration: "3 Years", Status: "Active", PaymentInterval: "Monthly",
		Skus: []string{"connect/agent"}, Provider: "Example Telecom", Notice: day("2029-09-28"), KnownAt: day("2027-03-02"), System: "connect", Renewal: "1y",
	}
}

func TestOurFilesKeepEveryRule(t *testing.T) {
	t.Parallel()
	var costs, commitments bytes.Buffer
	other := charge()
	other.Category, other.ConsumedQuantity, other.ConsumedUnit, other.InvoiceID = "Purchase", "", "", ""
	correction := charge()
	correction.Class, correction.Own.Corrects, correction.BilledCost, correction.InvoiceID = "Correction", "2027-01", "-10.00", "R-2"
	correction.PricingQuantity, correction.PricingUnit, correction.ContractedPrice = "", "", ""
	correction.ContractedCost, correction.ListCost, correction.EffectiveCost = "-10.00", "-10.00", "-10.00"
	if err := WriteCharges(&costs, []Charge{charge(), other, correction}); err != nil {
		t.Fatal(err)
	}
	spend := commitment()
	spend.ID, spend.Category, spend.Cost, spend.Quantity, spend.Unit = "cloud/support", "Spend", "36000.00", "", ""
	if err := WriteCommitments(&commitments, []Commitment{commitment(), spend}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		set  *Dataset
		file *bytes.Buffer
	}{{CostAndUsage(map[string]string{"R-1": "22500", "R-2": "-10"}), &costs}, {ContractCommitment(), &commitments}} {
		found, err := c.set.Check(c.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			t.Errorf("%s: %s", c.set.Name, f)
		}
	}
}

func TestATextThatASpreadsheetWouldComputeIsShown(t *testing.T) {
	t.Parallel()
	bad := charge()
	bad.Description, bad.BilledCost = `=HYPERLINK("x")`, "-12.50"
	var out strings.Builder
	if err := WriteCharges(&out, []Charge{bad}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"'=HYPERLINK(""x"")"`) || strings.Contains(out.String(), "'-12.50") {
		t.Errorf("written: %s", out.String())
	}
}

func TestTheMetadataNamesEveryColumnAndTheVersion(t *testing.T) {
	t.Parallel()
	for _, s := range []Schema{CostSchema(), CommitmentSchema()} {
		if len(s.ID) != 36 || !isMoment(s.CreationDate) || s.GeneratorVersion == "" {
			t.Errorf("%+v", s)
		}
		for _, c := range s.Columns {
			if c.Type == "" {
				t.Errorf("%s has no type", c.Name)
			}
		}
	}
	if n, m := len(CostSchema().Columns), len(chargeColumns()); n != m {
		t.Errorf("%d columns of %d", n, m)
	}
}

// Every rule is broken once, and must be what is told: a rule that nothing
// breaks would check nothing.
func TestEveryRuleIsToldWhenItIsBroken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set    *Dataset
		whole  map[string]string
		breaks map[string]edit
	}{
		{CostAndUsage(map[string]string{"R-1": "22500.00"}), wholeCharge(), costBreaks()},
		{ContractCommitment(), wholeCommitment(), commitmentBreaks()},
	} {
		found, err := c.set.Check(fileOf(c.set, []map[string]string{c.whole}, ""))
		if err != nil || len(found) > 0 {
			t.Fatalf("%s: the row that is to be broken is broken already: %v, %v", c.set.Name, found, err)
		}
		used := map[string]bool{}
		for _, rule := range c.set.Rules() {
			used[rule.ID] = true
			t.Run(c.set.Name+" "+rule.ID, func(t *testing.T) {
				t.Parallel()
				e, ok := c.breaks[rule.ID]
				if !ok {
					e = usualBreak(rule.ID)
				}
				rows := []map[string]string{maps.Clone(c.whole)}
				maps.Copy(rows[0], e.set)
				if e.second != nil {
					rows = append(rows, maps.Clone(c.whole))
					maps.Copy(rows[1], e.second)
				}
				found, err := c.set.Check(fileOf(c.set, rows, e.without, e.more...))
				if err != nil {
					t.Fatal(err)
				}
				if !slices.ContainsFunc(found, func(f Finding) bool { return f.ID == rule.ID && f.Level == rule.Level }) {
					t.Errorf("not told; told were %v", found)
				}
			})
		}
		for id := range c.breaks {
			if !used[id] {
				t.Errorf("%s: %s is no rule", c.set.Name, id)
			}
		}
	}
}

// edit breaks a rule: it changes the row, adds a second one, leaves a column out
// or adds some.
type edit struct {
	set, second map[string]string
	without     string
	more        []string
}

// usualBreak breaks a rule about one column alone.
func usualBreak(id string) edit {
	column, rule, _ := strings.Cut(id, "/")
	broken := map[string]string{
		"not-null": "", "filled": "", "allowed": "Nonsense", "number": "1,000", "time": "2027-02-01", "currency": "EUX",
		"unit-words": "seats/day", "unit-form": "Seats per Day", "pairs": `{"a":{"b":1}}`, "object": `{"a":1,"a":2}`,
		"no-placeholder": "N/A", "no-blank": "  ", "not-negative": "-1",
	}
	if rule == "present" || rule == "offered" {
		return edit{without: column}
	}
	value, ok := broken[rule]
	if !ok {
		return edit{}
	}
	return edit{set: map[string]string{column: value}}
}

// fileOf writes rows as they are.
func fileOf(d *Dataset, rows []map[string]string, without string, more ...string) *bytes.Buffer {
	var columns []string
	for _, f := range d.fields {
		if f.id != without {
			columns = append(columns, f.id)
		}
	}
	columns = append(columns, more...)
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(columns)
	for _, r := range rows {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = r[c]
		}
		_ = w.Write(cells)
	}
	w.Flush()
	return &out
}

func TestUnitsAreWrittenAsTheSpecificationDoes(t *testing.T) {
	t.Parallel()
	for unit, want := range map[string]bool{
		"Seat-Days": true, "Minutes": true, "GB-Hours": true, "GiB": true, "1000 Tokens": true, "Units/3 Months": true, "b": true,
		"gigabyte-Hours": false, "GBs": false, "gb": false, "YB": false, "Terabytes": false, "0.5 Hours": false, "minutes": false, "seat-Days": false, "SECONDS": false,
	} {
		if unitWords(unit) != want {
			t.Errorf("%s is written as it should: %t", unit, !want)
		}
	}
}

func TestAScopeIsOneOfTheSpecifications(t *testing.T) {
	t.Parallel()
	const outside = `{"IsGlobalScope":true,"ExclusionOperator":"And","Exclusions":[{"Dimension":"RegionId","Operator":"NotIn","Values":["a","b"]}]}`
	seat := func(was, is string) string { return strings.Replace(everySeat(), was, is, 1) }
	for scope, want := range map[string]bool{
		everySeat():              true,
		`{"IsGlobalScope":true}`: true,
		outside:                  true,
		seat(`"Inclusions"`, `"x_Reason":["any"],"Inclusions"`):            true, // a provider's own
		seat(`"Values"`, `"Applicability":{"Cost":0.5},"Values"`):          true,
		seat(`"And"`, `"And","Applicability":{"Usage":1}`):                 true,
		`{"IsGlobalScope":true,"IsComplexScope":true}`:                     false,
		`{"IsGlobalScope":true,"InclusionOperator":"And"}`:                 false,
		`{"IsGlobalScope":null}`:                                           false,
		`{"isGlobalScope":true}`:                                           false, // keys are as they are written
		strings.Replace(outside, `"ExclusionOperator":"And",`, "", 1):      false,
		strings.Replace(outside, `"NotIn"`, `"Exists"`, 1):                 false,
		`{"IsGlobalScope":true,"ExclusionOperator":"And","Exclusions":[]}`: false,
		seat(`"InclusionOperator":"And",`, ""):                             false,
		seat(`"Inclusions"`, `"Reason":"any","Inclusions"`):                false,
		seat(`"Values"`, `"Applicability":{"Cost":50},"Values"`):           false,
		seat(`"Values"`, `"Applicability":{"Share":0.5},"Values"`):         false,
		seat(`"Dimension":"SkuId",`, ""):                                   false,
		seat(`"In"`, `"StartsWith"`):                                       false, // a star stands for all with some operators alone
		seat(`"In"`, `"Like"`):                                             false,
		seat(`["*"]`, `["*","a"]`):                                         false,
		seat(`"And"`, `"Xor"`):                                             false,
		seat(`["*"]`, `[]`):                                                false,
		seat(`["*"]`, `[1]`):                                               false,
	} {
		if applies(scope) != want {
			t.Errorf("%s holds: %t", scope, !want)
		}
	}
	for object, want := range map[string]bool{`{"a":{"b":1,"c":[{"d":1}]}}`: true, `{"a":{"b":1,"b":2}}`: false, `{"a":[{"b":1,"b":2}]}`: false} {
		if isObject(object) != want {
			t.Errorf("%s is an object whose keys are there once: %t", object, !want)
		}
	}
}

func TestWhatIsOfAProvidersOwnIsWrittenAsTheRest(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"": true, "2027-02": true, "2027-02-15T00:00:00Z": true, "-12.5": true, "CC-1,000": true, `{"a":1}`: true, "1, 2": true,
		"2027-02-15": false, "2027-02-15 00:00:00": false, "2027-02-15T00:00:00+01:00": false, "+5": false, "1,000": false, "-12,345.67": false, `{"a":1,"a":2}`: false,
	} {
		if wellFormed(value) != want {
			t.Errorf("%q is well formed: %t", value, !want)
		}
	}
	for value, want := range map[string]bool{"EUR": true, "Credits": true, "EUX": false, "eur": false} {
		if isDenomination(value) != want {
			t.Errorf("%q is a denomination: %t", value, !want)
		}
	}
}

func TestAFileThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "", "ragged": "BilledCost,x_A\n1\n"} {
		if _, err := CostAndUsage(nil).Check(strings.NewReader(text)); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARuleIsToldAFewTimesAndNotForEveryRow(t *testing.T) {
	t.Parallel()
	broken := wholeCharge()
	broken["BilledCost"] = "$1"
	rows := slices.Repeat([]map[string]string{broken}, 1000)
	set := CostAndUsage(nil)
	found, err := set.Check(fileOf(set, rows, ""))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range found {
		if f.ID == "BilledCost/number" {
			n++
		}
	}
	if n != perRule {
		t.Errorf("told %d times", n)
	}
}
