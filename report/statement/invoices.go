package statement

import (
	"strconv"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
)

func (m *maker) invoices() (*document.Document, error) {
	c, err := m.engine.InvoiceCheck(m.request.Question)
	if err != nil {
		return nil, err
	}
	d := m.begin("What suppliers bill, and what they should", &c.Head)
	wrong := 0
	for i := range c.Lines {
		if c.Lines[i].Finding != cost.Agrees {
			wrong++
		}
	}
	d.Figures = []document.Figure{
		figure(quantity("lines", "Lines of invoices"), count(len(c.Lines))),
		figure(quantity("wrong", "That do not agree"), count(wrong)),
		figure(quantity("accruals", "Charges without an invoice"), count(len(c.Accruals))),
		figure(quantity("seats", "Times when seats differ"), count(len(c.Seats))),
	}
	d.Tables = []document.Table{billed(c.Invoices), billedLines(c.Lines), seats(c.Seats), lines("accruals", "Charges without an invoice", c.Accruals, c.Currency)}
	return d, nil
}

func billed(all []cost.InvoiceTotal) document.Table {
	rows := make([][]document.Cell, len(all))
	for i := range all {
		v := &all[i]
		rows[i] = []document.Cell{word(v.Invoice), word(v.Contract), own(v.Billed), own(v.Expected), own(v.Difference)}
	}
	return document.Table{
		Name: "invoices", Title: "Invoices", Rows: document.Of(rows...),
		Columns: []document.Column{
			text("invoice", "Invoice"), text("contract", "Contract"), mixed("billed", "Billed", 0), mixed("expected", "Expected", 0), mixed("difference", "Billed too much", 0),
		},
	}
}

func billedLines(all []cost.InvoiceFinding) document.Table {
	rows := make([][]document.Cell, len(all))
	for i := range all {
		f := &all[i]
		shown := document.Cell{}
		if f.Shown >= 0 {
			shown.Text = strconv.Itoa(f.Shown)
		}
		rows[i] = []document.Cell{
			word(f.Invoice), word(f.Contract), word(f.Item), on(f.Period.From), on(f.Period.To), exact(f.Quantity), exact(aDay(f)), exact(f.ExpectedQuantity), word(f.Unit), shown,
			own(f.Amount), own(f.Expected), own(f.Difference), word(f.Finding), word(f.Text), word(f.Month.String()), word(f.Corrects),
		}
	}
	return document.Table{
		Name: "findings", Title: "Lines of invoices", Rows: document.Of(rows...),
		Columns: []document.Column{
			text("invoice", "Invoice"), text("contract", "Contract"), text("item", "Item"), date("first_day", "First day"), date("last_day", "Last day"),
			quantity("quantity", "Billed quantity"), quantity("expected_a_day", "Expected a day"), quantity("expected_quantity", "Expected over the period"), text("unit", "Unit of what is expected"), quantity("shown", "Most seats that the platform showed"),
			mixed("billed", "Billed", 0), mixed("expected", "Expected", 0), mixed("difference", "Billed too much", 0), worded("finding", "Finding", findings()), text("text", "What it says"),
			text("month", "Counts in"), text("correction_of", "Corrects"),
		},
	}
}

// aDay is what was expected on the average of the days of a period: seats, where an
// invoice counts seats.
func aDay(f *cost.InvoiceFinding) finance.Exact {
	return f.ExpectedQuantity.Over(finance.Whole(f.Period.Days()))
}

func seats(all []cost.SeatDifference) document.Table {
	rows := make([][]document.Cell, len(all))
	for i := range all {
		s := &all[i]
		rows[i] = []document.Cell{word(s.System), word(s.License), on(s.Days.From), on(s.Days.To), count(s.Shown), count(s.Known), count(s.Shown - s.Known), word(s.Corrects)}
	}
	return document.Table{
		Name: "seats", Title: "Where a platform shows other seats than people hold", Rows: document.Of(rows...),
		Columns: []document.Column{
			text("system", "System"), text("license", "License"), date("first_day", "First day"), date("last_day", "Last day"),
			quantity("shown", "Seats that the platform shows"), quantity("known", "Seats that people hold"), quantity("difference", "Seats more than people hold"), text("correction_of", "Corrects"),
		},
	}
}
