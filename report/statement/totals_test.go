package statement_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/statement"
)

// asking draws what a report is asked: all of it, or a part, grouped or by days.
func asking(t *rapid.T) statement.Request {
	r := statement.Request{
		Report: rapid.SampledFrom(statement.Reports()).Draw(t, "report"), Delay: 3,
		Question: cost.Question{
			AsOf:       day("2027-04-10"),
			Stage:      rapid.SampledFrom([]string{"", "", "wave-2"}).Draw(t, "stage"),
			CostCenter: rapid.SampledFrom([]string{"", "", "CC1"}).Draw(t, "cost center"),
		},
	}
	if r.Report != statement.Overlap && r.Report != statement.Forecast {
		return r
	}
	r.Question.Class = rapid.SampledFrom([]cost.Class{"", "", cost.Idle, cost.Stranded, cost.Charged}).Draw(t, "class")
	r.By = rapid.SliceOfN(rapid.SampledFrom(cost.Facets()), 0, 2).Draw(t, "by")
	if rapid.Bool().Draw(t, "some days") {
		from := day("2027-02-10") + finance.Day(rapid.Int32Range(0, 40).Draw(t, "from"))
		r.Question.Span = finance.Span{From: from, To: from + finance.Day(rapid.Int32Range(0, 40).Draw(t, "for"))}
	}
	if r.Report == statement.Overlap && rapid.Bool().Draw(t, "days") {
		r.Days, r.By = true, nil
		r.Question.User = rapid.SampledFrom([]string{"", "", "E100", "E300"}).Draw(t, "user")
	}
	return r
}

// Whoever adds up the rows of a table gets the totals beneath it to the last digit, of
// whatever months are closed and whatever is asked; and the figures above are the same.
func TestEveryTotalIsTheSumOfTheRowsAboveIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, r := closing(t), asking(t)
		e, err := cost.Load(t.Context(), b, b, r.Question)
		if err != nil {
			t.Fatal(err)
		}
		d, err := statement.Make(e, r)
		if err != nil {
			t.Fatal(err)
		}
		totals := map[string]finance.Exact{}
		for i := range d.Tables {
			addedUp(t, &d.Tables[i], totals)
		}
		for figure, total := range map[string]string{
			"waste": "groups/waste", "paid": "groups/paid", "overlap": "days/reported",
			"cash_planned": "cash/planned", "cash_actual": "cash/actual", "waste_planned": "waste/planned", "waste_actual": "waste/actual",
		} {
			at := slices.IndexFunc(d.Figures, func(f document.Figure) bool { return f.Key == figure })
			sum, summed := totals[total]
			if at >= 0 && summed && !finance.MustExact(d.Figures[at].Value.Text).Equal(sum) {
				t.Fatalf("%s: figure %s is %s, and total %s is %s", d.Name, figure, d.Figures[at].Value.Text, total, sum)
			}
		}
	})
}

// addedUp adds up the rows of a table, holds its totals against that, and keeps them.
func addedUp(t *rapid.T, table *document.Table, totals map[string]finance.Exact) {
	if !table.Summed() {
		return
	}
	sums, by := document.NewSums(table), table.Column(table.SumBy)
	want := map[string][]finance.Exact{}
	add := func(key string, row []document.Cell) {
		if want[key] == nil {
			want[key] = make([]finance.Exact, len(row))
		}
		for i := range row {
			if table.Columns[i].Sum && row[i].Text != "" {
				want[key][i] = want[key][i].Add(finance.MustExact(row[i].Text))
			}
		}
	}
	for row, err := range table.Rows {
		if err != nil {
			t.Fatal(err)
		}
		if err := sums.Add(row); err != nil {
			t.Fatal(err)
		}
		add("", row)
		if by >= 0 {
			add(row[by].Text, row)
		}
	}
	for _, total := range sums.Totals() {
		for i, c := range table.Columns {
			if !c.Sum || sums.Rows() == 0 {
				continue
			}
			if shown := finance.MustExact(total.Cells[i].Text); !shown.Equal(want[total.Group][i]) {
				t.Fatalf("%s, %s of %s: the total is %s, and the rows add up to %s", table.Name, c.Key, total.Label, shown, want[total.Group][i])
			}
			if total.Group == "" {
				totals[table.Name+"/"+c.Key] = want[""][i]
			}
		}
	}
}
