package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/internal/placed"
)

const contractsLong = `Reads a contracts file and tells everything that is wrong with it at once: where
it stands, and what to write instead. A file that ends in .csv has a row an item;
the flags then say what such a file does not say of itself.`

// bookFlags say what a CSV file does not say of itself.
type bookFlags struct{ name, owner, currency, policy, rates string }

func (b *bookFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&b.name, "name", "contracts", "of CSV: the name of the book")
	flags.StringVar(&b.owner, "owner", "", "of CSV: who answers for the file")
	flags.StringVar(&b.currency, "currency", "", "of CSV: the currency of reports, as in GBP")
	flags.StringVar(&b.policy, "policy", string(finance.MonthAverage), "of CSV: charge_date, month_average or closing")
	flags.StringVar(&b.rates, "rates", "", "of CSV: a file of rates beside it, with date, from, to, rate, source")
}

// readContracts reads a contracts file with the rates beside it, and holds its
// systems against those of the settings. It also returns what is sent of it to a
// server, which knows the systems.
func (a *app) readContracts(cmd *cobra.Command, name string, b *bookFlags) (*contract.Reading, api.ContractsText, error) {
	var s contract.Source
	var along api.ContractsText
	var err error
	if s.Name, s.Text, s.Open, err = a.readWithNeighbors(name); err != nil {
		return nil, along, err
	}
	along.Name, along.Text, along.Files = filepath.Base(s.Name), string(s.Text), map[string]string{}
	if beside := s.Open; beside != nil {
		s.Open = func(other string) ([]byte, error) {
			text, err := beside(other)
			if err == nil {
				along.Files[other] = string(text)
			}
			return text, err
		}
	}
	if strings.HasSuffix(strings.ToLower(name), ".csv") {
		currency, err := finance.ParseCurrency(b.currency)
		if err != nil {
			return nil, along, usage(cmd, "--currency: "+err.Error())
		}
		if !slices.Contains(finance.Policy("").Words(), b.policy) {
			return nil, along, usage(cmd, fmt.Sprintf("--policy %s: %s", b.policy, placed.Meant(b.policy, finance.Policy("").Words())))
		}
		s.Book = contract.Head{Name: b.name, Owner: b.owner, Currency: currency, Policy: finance.Policy(b.policy), Rates: b.rates}
		along.Book = api.ContractsBook{Name: b.name, Owner: b.owner, Currency: b.currency, Policy: b.policy, Rates: b.rates}
	}
	cfg, err := a.settings()
	if err != nil {
		return nil, along, err
	}
	if !remote(cfg) {
		s.Systems = slices.Sorted(maps.Keys(cfg.Systems))
	}
	return contract.Read(s), along, nil
}

// contractsReport is what contracts lint found.
type contractsReport struct {
	File      string          `json:"file"`
	Book      string          `json:"book"`
	Hash      string          `json:"hash,omitempty"`
	Contracts int             `json:"contracts"`
	Errors    int             `json:"errors"`
	Warnings  int             `json:"warnings"`
	Faults    contract.Faults `json:"faults"`
	Next      []string        `json:"next_steps"`
}

func contractsLint(a *app) *cobra.Command {
	var b bookFlags
	cmd := &cobra.Command{
		Use: "lint FILE", Short: "Tell everything that is wrong with a contracts file", Long: contractsLong,
		Args: takes("FILE (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, _, err := a.readContracts(cmd, args[0], &b)
			if err != nil {
				return err
			}
			return a.showContractsLint(args[0], r)
		},
	}
	b.bind(cmd)
	return cmd
}

func (a *app) showContractsLint(file string, r *contract.Reading) error {
	report := contractsReport{
		File: file, Book: r.Document.File.Metadata.Name, Contracts: len(r.Document.File.Spec.Contracts), Errors: r.Faults.Errors(),
		Warnings: len(r.Faults) - r.Faults.Errors(), Faults: r.Faults,
	}
	if report.Faults == nil {
		report.Faults = contract.Faults{}
	}
	report.Next = []string{"mend the file, then dualtone finance contracts lint " + file}
	if report.Errors == 0 {
		report.Hash = contract.HashOf(r.Document)
		report.Next = []string{"dualtone finance contracts diff " + file, "dualtone finance contracts import " + file}
	}
	if err := a.show(report, func(t *table) {
		faultLines(t, report.Faults)
		if report.Errors == 0 {
			t.line("%s: book %s, %s, holds together%s.", file, report.Book, count(report.Contracts, "contract"), warned(report.Warnings))
		}
	}); err != nil {
		return err
	}
	if report.Errors > 0 {
		return fmt.Errorf("%s: %s: %w", file, count(report.Errors, "fault"), dualtone.ErrInvalid)
	}
	return nil
}

func contractsSchema(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of a contracts file, for editors",
		Long: "Prints the JSON Schema of a contracts file. With it in a file, an editor that begins contracts with\n" +
			"# yaml-language-server: $schema=contracts.schema.json completes keys and shows mistakes while they are made.",
		Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.out, contract.Schema())
			return err
		},
	}
}

// contractsChange is what an import does.
type contractsChange struct {
	contract.Change

	Book   string   `json:"book"`
	Number int      `json:"number"`
	DryRun bool     `json:"dry_run"`
	Next   []string `json:"next_steps"`
}

func contractsImport(a *app) *cobra.Command {
	var b bookFlags
	var dryRun bool
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Keep a contracts file as the book's next version",
		Long: "Checks a contracts file whole, says what it changes, and keeps it as the next version of its book. Earlier versions stay: a report " +
			"that is asked for as it was known before finds them. The same file twice changes nothing.",
		Args: takes("FILE (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			done, err := a.keepContracts(cmd, args[0], &b, dryRun)
			if err != nil {
				return err
			}
			done.Next = []string{"dualtone finance contracts list"}
			return a.show(done, func(t *table) {
				changeTable(t, &done.Change)
				if dryRun {
					t.line("Nothing was kept.")
				} else {
					t.line("Book %s is kept as version %d.", done.Book, done.Number)
				}
			})
		},
	}
	b.bind(cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would change, and keep nothing")
	return cmd
}

// keepContracts checks a file, says what it changes, and keeps it unless it is a
// rehearsal, here or at a server.
func (a *app) keepContracts(cmd *cobra.Command, file string, b *bookFlags, dryRun bool) (contractsChange, error) {
	r, along, err := a.readContracts(cmd, file, b)
	if err != nil {
		return contractsChange{}, err
	}
	if r.Faults.Errors() > 0 {
		return contractsChange{}, a.showContractsLint(file, r)
	}
	return either(cmd.Context(), a, func(s server) (contractsChange, error) {
		along.DryRun = dryRun
		got, err := sent[api.ContractsChange](cmd.Context(), s, "/finance/contracts", along)
		return contractsChange{Change: got.Change, Book: got.Book, Number: got.Number, DryRun: got.DryRun}, err
	}, func(cfg *config.Config, s *stores) (contractsChange, error) {
		done, err := heldAgainst(cmd, s, r)
		if done.DryRun = dryRun; err != nil || dryRun {
			return done, err
		}
		v, err := s.contracts.Save(cmd.Context(), contract.Version{Document: r.Document, Source: r.Text(), Author: actor(cfg)})
		done.Number = v.Number
		return done, err
	})
}

// heldAgainst compares a file with the version of its book that is kept.
func heldAgainst(cmd *cobra.Command, s *stores, r *contract.Reading) (contractsChange, error) {
	name := r.Document.File.Metadata.Name
	held, err := s.contracts.Book(cmd.Context(), name, time.Time{})
	if err != nil && !isNotFound(err) {
		return contractsChange{}, err
	}
	return contractsChange{Change: contract.Diff(&held.Document, &r.Document), Book: name, Number: held.Number}, nil
}

func contractsDiff(a *app) *cobra.Command {
	var b bookFlags
	cmd := &cobra.Command{
		Use: "diff FILE", Short: "What a contracts file would change", Args: takes("FILE (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			done, err := a.keepContracts(cmd, args[0], &b, true)
			if err != nil {
				return err
			}
			done.Next = []string{"dualtone finance contracts import " + args[0]}
			return a.show(done, func(t *table) { changeTable(t, &done.Change) })
		},
	}
	b.bind(cmd)
	return cmd
}

func changeTable(t *table, c *contract.Change) {
	if len(c.Lines) == 0 {
		t.line("Nothing changes.")
		return
	}
	t.row("WHAT", "WHERE", "WAS", "IS")
	for _, l := range c.Lines {
		t.row(l.What, l.Where, dash(l.Was), dash(l.Is))
	}
}
