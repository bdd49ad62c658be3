package cost

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/internal/placed"
)

// Invoices are the lines of invoices by the numbers of the invoices.
type Invoices map[string][]InvoiceLine

// ReadInvoices reads invoices from CSV with the columns invoice, contract, item,
// from, to, quantity, amount and currency, a row a line of an invoice, and tells
// everything that is wrong. Contracts, if given, are those that there are.
func ReadInvoices(name string, text []byte, contracts []contract.Contract) (Invoices, placed.Faults) {
	sheet := placed.NewSheet(name, text)
	columns := []string{"invoice", "contract", "item", "from", "to", "quantity", "amount", "currency"}
	all := Invoices{}
	rows := sheet.Rows(columns, columns)
	for i := range rows {
		before := len(sheet.Faults)
		if l := invoiceLine(sheet, &rows[i], contracts); len(sheet.Faults) == before {
			all[l.Invoice] = append(all[l.Invoice], l)
		}
	}
	if rows == nil && len(sheet.Faults) == 0 {
		sheet.Fault(placed.Wrong, placed.Spot{Line: 1, Column: 1}, "", "no invoice in it", "write a row a line of an invoice below the header")
	}
	sheet.Settle(nil)
	return all, sheet.Faults
}

func invoiceLine(sheet *placed.Sheet, row *placed.Row, contracts []contract.Contract) InvoiceLine {
	var l InvoiceLine
	row.Read(sheet, "invoice", func(s string) error { l.Invoice = s; return nil })
	row.Read(sheet, "contract", func(s string) error { l.Contract = contract.ID(s); return knownContract(l.Contract, contracts) })
	row.Read(sheet, "item", func(s string) error { l.Item = contract.ItemID(s); return nil })
	row.Read(sheet, "from", func(s string) (err error) { l.Period.From, err = finance.ParseDay(s); return err })
	row.Read(sheet, "to", func(s string) (err error) {
		if l.Period.To, err = finance.ParseDay(s); err == nil && l.Period.Empty() {
			err = &placed.ValueError{Text: s, Wrong: "is before the period begins, on " + l.Period.From.String(), Want: "write the last day of the period"}
		}
		return err
	})
	row.Read(sheet, "quantity", func(s string) (err error) {
		if l.Quantity, err = finance.ParseExact(s); err == nil && l.Quantity.Sign() < 0 {
			err = &placed.ValueError{Text: s, Wrong: "is less than none", Want: "write what was billed; a credit has a negative amount"}
		}
		return err
	})
	row.Read(sheet, "amount", func(s string) (err error) { l.Amount.Amount, err = finance.ParseExact(s); return err })
	row.Read(sheet, "currency", func(s string) (err error) { l.Amount.Currency, err = finance.ParseCurrency(s); return err })
	return l
}

func knownContract(id contract.ID, contracts []contract.Contract) error {
	if contracts == nil || slices.ContainsFunc(contracts, func(c contract.Contract) bool { return c.ID == id }) {
		return nil
	}
	var names []string
	for i := range contracts {
		names = append(names, string(contracts[i].ID))
	}
	return &placed.ValueError{Text: string(id), Wrong: "is no contract that was imported", Want: placed.Meant(string(id), names)}
}

// Total is what an invoice adds up to.
func (all Invoices) Total(invoice string) finance.Money {
	var total finance.Money
	for _, l := range all[invoice] {
		total = total.Add(l.Amount)
	}
	return total
}

// Check refuses an invoice of two currencies.
func (all Invoices) Check() error {
	for _, name := range all.Names() {
		for _, l := range all[name] {
			if first := all[name][0].Amount.Currency; l.Amount.Currency != first {
				return fmt.Errorf("invoice %s: %w", name, &placed.ValueError{
					Text: string(l.Amount.Currency), Wrong: "is another currency than that of the invoice, " + string(first), Want: "write an invoice for each",
				})
			}
		}
	}
	return nil
}

// Names are the numbers of the invoices in their order.
func (all Invoices) Names() []string {
	return slices.Sorted(maps.Keys(all))
}
