package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/people"
)

const importLong = `Reads a user list: CSV in UTF-8 with a header, separated by comma, semicolon or tab.
Columns are id and name, and as far as known email, federation_id, extension,
numbers, site, team, and the accounts crm, old and new.

By more columns people are chosen for the stages of a plan: queue, skill,
language, shift, tag, vip, supervisor (an id), hunt_group, shared_line, delegate
(ids), timezone, country, department, cost_center, and any that begins with x_.
Several values of one have ; between them.

A column that the file does not have leaves what is known; an empty field takes
it away, but no account.

The whole file is checked first, and every bad row is told with its line, column
and value. With one bad row nothing is written, unless --write-good asks to write
the good ones. People who are known already are replaced by what the file says.`

// importReport is what an import found and did.
type importReport struct {
	File    string         `json:"file"`
	Rows    int            `json:"rows"`
	Good    int            `json:"good"`
	Written int            `json:"written"`
	DryRun  bool           `json:"dry_run"`
	Faults  []people.Fault `json:"faults"`
}

func usersImport(a *app) *cobra.Command {
	var writeGood, dryRun bool
	cmd := &cobra.Command{
		Use: "import FILE.csv", Short: "Check a user list and take it in", Long: importLong,
		Args: takes("FILE.csv (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			if remote(cfg) {
				return a.importThere(cmd.Context(), cfg, args[0], writeGood, dryRun)
			}
			list, err := a.readUsers(cfg, args[0])
			if err != nil {
				return err
			}
			r := importReport{File: args[0], Rows: list.Rows, Good: len(list.People), DryRun: dryRun, Faults: list.Faults}
			if r.Faults == nil {
				r.Faults = []people.Fault{}
			}
			if !dryRun && len(list.People) > 0 && (len(list.Faults) == 0 || writeGood) {
				if err := a.writeUsers(cmd, list, args[0]); err != nil {
					return err
				}
				r.Written = len(list.People)
			}
			if err := a.show(r, r.table); err != nil {
				return err
			}
			return r.verdict()
		},
	}
	cmd.Flags().BoolVar(&writeGood, "write-good", false, "write the good rows even if others are bad")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check the file and write nothing")
	return cmd
}

// importThere has a server take the list in.
func (a *app) importThere(ctx context.Context, cfg *config.Config, name string, writeGood, dryRun bool) error {
	s, err := openServer(cfg)
	if err != nil {
		return err
	}
	_, text, _, err := a.readWithNeighbors(name)
	if err != nil {
		return err
	}
	// What is wrong with it is asked first, to be told row by row.
	list := client.UserList{CSV: string(text), Source: name, DryRun: true}
	found, err := s.ImportPeople(ctx, list)
	if err == nil && !dryRun && found.Good > 0 && (len(found.Faults) == 0 || writeGood) {
		list.DryRun, list.WriteGood = false, writeGood
		found, err = s.ImportPeople(ctx, list)
	}
	if err != nil {
		return err
	}
	r := importReport{File: name, Rows: found.Rows, Good: found.Good, Written: found.Written, DryRun: dryRun, Faults: append([]people.Fault{}, found.Faults...)}
	if err := a.show(r, r.table); err != nil {
		return err
	}
	return r.verdict()
}

func (a *app) readUsers(cfg *config.Config, name string) (people.List, error) {
	in := a.in
	if name != "-" {
		f, err := openFile(name)
		if err != nil {
			return people.List{}, err
		}
		defer func() { _ = f.Close() }()
		in = io.Reader(f)
	}
	return people.Read(in, people.Options{Region: cfg.Migration.Region})
}

func (a *app) writeUsers(cmd *cobra.Command, list people.List, source string) error {
	return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
		return s.people.Import(cmd.Context(), list.People, cutover.Import{Actor: actor(cfg), Source: source, Lacks: list.Lacks})
	})
}

// verdict is the command's error: bad rows are never a success, and good ones
// that were written beside them are a part of one.
func (r importReport) verdict() error {
	switch {
	case len(r.Faults) == 0:
		return nil
	case r.Written > 0:
		return fmt.Errorf("%s: %s, %d of %d people written: %w", r.File, count(len(r.Faults), "fault"), r.Written, r.Rows, errPartial)
	case r.DryRun || r.Good == 0:
		return fmt.Errorf("%s: %s, nothing written: %w", r.File, count(len(r.Faults), "fault"), dualtone.ErrInvalid)
	default:
		return hint(fmt.Errorf("%s: %s, nothing written: %w", r.File, count(len(r.Faults), "fault"), dualtone.ErrInvalid),
			fmt.Sprintf("mend the file, or write the %d good ones with --write-good", r.Good))
	}
}

func (r importReport) table(t *table) {
	if len(r.Faults) > 0 {
		t.row("LINE", "COLUMN", "VALUE", "PROBLEM", "WANT")
		for _, f := range r.Faults {
			t.row(strconv.Itoa(f.Line), dash(f.Column), fmt.Sprintf("%q", f.Value), f.Problem, f.Want)
		}
	}
	switch {
	case r.DryRun:
		t.line("%s: %d people, %d good; nothing written, as asked.", r.File, r.Rows, r.Good)
	case r.Written > 0:
		t.line("%s: %d people, %d written.", r.File, r.Rows, r.Written)
	}
}
