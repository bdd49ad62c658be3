package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

// importedInvoice is what became of an invoice.
type importedInvoice struct {
	Invoice string        `json:"invoice"`
	Lines   int           `json:"lines"`
	Total   finance.Money `json:"total"`
	Kept    cost.Kept     `json:"kept"`
}

// importedInvoices are all of a file.
type importedInvoices struct {
	Invoices []importedInvoice `json:"invoices"`
	DryRun   bool              `json:"dry_run"`
	Next     []string          `json:"next_steps"`
}

func invoicesImport(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Keep what suppliers billed, from CSV",
		Long: "Reads invoices from CSV with the columns invoice, contract, item, from, to, quantity, amount and currency, a row a line of an invoice. " +
			"The whole file is checked before anything is kept. An invoice that is kept already is replaced; the same file twice changes nothing.",
		Args: takes("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readFile(args[0])
			if err != nil {
				return err
			}
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				contracts, err := heldContracts(cmd, s)
				if err != nil {
					return err
				}
				all, err := a.readInvoices(args[0], text, contracts)
				if err != nil {
					return err
				}
				done := importedInvoices{DryRun: dryRun, Next: []string{"dualtone report invoice-check"}}
				for _, name := range all.Names() {
					one, err := importInvoice(cmd, cfg, s, all, name, dryRun)
					if err != nil {
						return err
					}
					done.Invoices = append(done.Invoices, one)
				}
				return a.show(done, func(t *table) { importedTable(t, &done) })
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check the file and say what is in it, and keep nothing")
	return cmd
}

// readInvoices reads a file of invoices, and shows its faults.
func (a *app) readInvoices(name string, text []byte, contracts []contract.Contract) (cost.Invoices, error) {
	all, faults := cost.ReadInvoices(name, text, contracts)
	if faults.Errors() > 0 {
		if err := a.show(map[string]any{"faults": faults}, func(t *table) { faultLines(t, faults) }); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%s: %s: %w", name, count(faults.Errors(), "fault"), dualtone.ErrInvalid)
	}
	return all, all.Check()
}

// importInvoice keeps one invoice, unless nothing is to be kept.
func importInvoice(cmd *cobra.Command, cfg *config.Config, s *stores, all cost.Invoices, name string, dryRun bool) (importedInvoice, error) {
	one := importedInvoice{Invoice: name, Lines: len(all[name]), Total: all.Total(name)}
	if dryRun {
		return one, nil
	}
	var err error
	one.Kept, err = s.finance.KeepInvoice(cmd.Context(), actor(cfg), name, all[name])
	return one, err
}

// heldContracts are all contracts that were imported.
func heldContracts(cmd *cobra.Command, s *stores) ([]contract.Contract, error) {
	held, err := s.contracts.Held(cmd.Context(), contract.HeldQuery{})
	all := make([]contract.Contract, 0, len(held))
	for i := range held {
		all = append(all, held[i].Contract)
	}
	return all, err
}

func importedTable(t *table, done *importedInvoices) {
	t.row("INVOICE", "LINES", "TOTAL", "KEPT")
	for _, i := range done.Invoices {
		t.row(i.Invoice, strconv.Itoa(i.Lines), i.Total.String(), keptText(i.Kept))
	}
	if done.DryRun {
		t.line("Nothing was kept.")
	}
}

func invoicesList(a *app) *cobra.Command {
	var q cost.InvoiceQuery
	var knownAt, after string
	cmd := &cobra.Command{
		Use: "list", Short: "List the lines of invoices", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asked := q
			var err error
			if asked.KnownAt, err = timeFlag(cmd, "known-at", knownAt); err != nil {
				return err
			}
			if after != "" {
				invoice, line, _ := strings.Cut(after, "#")
				asked.After.Invoice = invoice
				if asked.After.Line, err = strconv.Atoi(line); err != nil {
					return usage(cmd, "--after "+after+": want an invoice and its line, as in 4711#3")
				}
			}
			asked.Limit++
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				found, err := s.finance.Invoices(cmd.Context(), asked)
				if err != nil {
					return err
				}
				shown := page(found, q.Limit, func(l cost.HeldInvoice) string { return fmt.Sprintf("%s#%d", l.Invoice, l.Line) })
				return showList(a, shown, "No invoices.", func(t *table) {
					t.row("INVOICE", "LINE", "CONTRACT", "ITEM", "FROM", "TO", "QUANTITY", "AMOUNT")
					for _, l := range shown.Items {
						t.row(l.Invoice, strconv.Itoa(l.Line), string(l.Contract), string(l.Item), l.Period.From.String(), l.Period.To.String(), l.Quantity.String(), l.Amount.String())
					}
				})
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Invoice, "invoice", "", "only this invoice")
	flags.StringVar(&q.Contract, "contract", "", "only lines of this contract")
	flags.StringVar(&knownAt, "known-at", "", "as it was known at this time")
	flags.StringVar(&after, "after", "", "go on behind this line of an invoice, as in 4711#3")
	flags.IntVar(&q.Limit, "limit", 200, "how many at most")
	return cmd
}
