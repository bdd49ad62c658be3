package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

// importedInvoices are the invoices of a file, and what to do next.
type importedInvoices struct {
	api.InvoicesKept

	Next []string `json:"next_steps"`
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
			done, err := either(cmd.Context(), a, func(s server) (api.InvoicesKept, error) {
				return sent[api.InvoicesKept](cmd.Context(), s, "/finance/invoices", api.InvoicesText{Name: filepath.Base(args[0]), Text: string(text), DryRun: dryRun})
			}, func(cfg *config.Config, s *stores) (api.InvoicesKept, error) {
				return a.keepInvoices(cmd, cfg, s, args[0], text, dryRun)
			})
			if err != nil {
				return err
			}
			shown := importedInvoices{done, []string{"dualtone report invoice-check"}}
			return a.show(shown, func(t *table) { importedTable(t, &done) })
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

// keepInvoices keeps the invoices of a file, unless nothing is to be kept.
func (a *app) keepInvoices(cmd *cobra.Command, cfg *config.Config, s *stores, file string, text []byte, dryRun bool) (api.InvoicesKept, error) {
	done := api.InvoicesKept{DryRun: dryRun}
	contracts, err := heldContracts(cmd, s)
	if err != nil {
		return done, err
	}
	all, err := a.readInvoices(file, text, contracts)
	if err != nil {
		return done, err
	}
	for _, name := range all.Names() {
		one := api.InvoiceKept{Invoice: name, Lines: len(all[name]), Total: all.Total(name)}
		if !dryRun {
			if one.Kept, err = s.finance.KeepInvoice(cmd.Context(), actor(cfg), name, all[name]); err != nil {
				return done, err
			}
		}
		done.Invoices = append(done.Invoices, one)
	}
	return done, nil
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

func importedTable(t *table, done *api.InvoicesKept) {
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
			asked.Limit = oneMore(q.Limit)
			found, err := either(cmd.Context(), a, func(s server) ([]cost.HeldInvoice, error) {
				wanted := client.Query{}.Text("invoice", q.Invoice).Text("contract", q.Contract).Time("known_at", asked.KnownAt).Text("after", after)
				return listed[cost.HeldInvoice](cmd.Context(), s, "/finance/invoices", wanted, asked.Limit)
			}, func(_ *config.Config, s *stores) ([]cost.HeldInvoice, error) {
				return s.finance.Invoices(cmd.Context(), asked)
			})
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
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Invoice, "invoice", "", "only this invoice")
	flags.StringVar(&q.Contract, "contract", "", "only lines of this contract")
	flags.StringVar(&knownAt, "known-at", "", "as it was known at this time")
	flags.StringVar(&after, "after", "", "go on after this line of an invoice, as in 4711#3")
	limitFlag(cmd, &q.Limit, 200, "lines")
	return cmd
}
