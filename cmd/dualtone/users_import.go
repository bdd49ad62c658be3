package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/people"
	"github.com/dualtone/dualtone/routing"
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
the good ones. People who are known already are replaced by what the file says.

A list is refused, with exit code 4, where it gives somebody a number whose calls
would not ring first on the side that they are on, or changes whose a number is
while its owner is being switched. Each is told, also by --dry-run where there is
a database to ask; calls that go astray already do not count. --allow-stray takes
the list in all the same.`

// importReport is what an import found and did.
type importReport struct {
	File    string          `json:"file"`
	Rows    int             `json:"rows"`
	Good    int             `json:"good"`
	Written int             `json:"written"`
	DryRun  bool            `json:"dry_run"`
	Faults  []people.Fault  `json:"faults"`
	Strays  []routing.Stray `json:"strays"`
	// Unlooked is why nobody knows whose calls would go astray.
	Unlooked string `json:"strays_unknown,omitempty"`

	options importOptions
}

// importOptions are the flags of an import.
type importOptions struct{ writeGood, stray bool }

func usersImport(a *app) *cobra.Command {
	var o importOptions
	var dryRun bool
	cmd := &cobra.Command{
		Use: "import FILE.csv", Short: "Check a user list and take it in", Long: importLong,
		Args: takes("FILE.csv (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			r := importReport{File: args[0], DryRun: dryRun, options: o}
			if remote(cfg) {
				err = a.importThere(cmd.Context(), cfg, &r)
			} else {
				err = a.importHere(cmd.Context(), cfg, &r)
			}
			if err != nil {
				return err
			}
			r.Faults, r.Strays = append([]people.Fault{}, r.Faults...), append([]routing.Stray{}, r.Strays...)
			if err := a.show(r, r.table); err != nil {
				return err
			}
			return r.verdict()
		},
	}
	cmd.Flags().BoolVar(&o.writeGood, "write-good", false, "write the good rows even if others are bad")
	cmd.Flags().BoolVar(&o.stray, "allow-stray", false, "also where calls to somebody would then not ring first on the side that they are on")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check the file and write nothing")
	return cmd
}

// importHere takes the list in on the database.
func (a *app) importHere(ctx context.Context, cfg *config.Config, r *importReport) error {
	list, err := a.readUsers(cfg, r.File)
	if err != nil {
		return err
	}
	r.Rows, r.Good, r.Faults = list.Rows, len(list.People), list.Faults
	switch {
	case r.Good == 0 || !r.DryRun && !r.wanted():
		return nil
	case r.DryRun && slices.Contains(list.Lacks, "numbers"):
		return nil // nothing is to be known of the database
	}
	err = a.withStores(ctx, func(cfg *config.Config, s *stores) error {
		known, err := cutover.Everybody(ctx, s.people, cutover.PeopleQuery{})
		if err != nil {
			return err
		}
		taken := cutover.UserList{People: list.People, Lacks: list.Lacks}
		r.Strays, err = taken.Astray(ctx, known, s.router, decidingOptions(cfg), a.now())
		if err != nil || r.DryRun || r.astray() {
			return err
		}
		r.Written = r.Good
		return s.people.Import(ctx, list.People, cutover.Import{Actor: actor(cfg), Source: r.File, Lacks: list.Lacks})
	})
	if r.DryRun && errors.Is(err, dualtone.ErrUnavailable) {
		r.Unlooked, err = err.Error(), nil
	}
	return err
}

// importThere has a server take the list in.
func (a *app) importThere(ctx context.Context, cfg *config.Config, r *importReport) error {
	s, err := openServer(cfg)
	if err != nil {
		return err
	}
	_, text, _, err := a.readWithNeighbors(r.File)
	if err != nil {
		return err
	}
	// What is wrong with it is asked first, to be told row by row.
	list := client.UserList{CSV: string(text), Source: r.File, DryRun: true}
	found, err := s.ImportPeople(ctx, list)
	if err != nil {
		return err
	}
	r.Rows, r.Good, r.Faults, r.Strays = found.Rows, found.Good, found.Faults, found.Strays
	if r.DryRun || r.Good == 0 || !r.wanted() || r.astray() {
		return nil
	}
	list.DryRun, list.WriteGood, list.AllowStray = false, r.options.writeGood, r.options.stray
	found, err = s.ImportPeople(ctx, list)
	r.Written, r.Strays = found.Written, found.Strays
	return err
}

// wanted reports whether the good rows are to be written, whatever the others are.
func (r *importReport) wanted() bool { return len(r.Faults) == 0 || r.options.writeGood }

// astray reports whether the list is refused because calls would go astray by it.
func (r *importReport) astray() bool { return len(r.Strays) > 0 && !r.options.stray && r.wanted() }

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

// verdict is the command's error: bad rows are never a success, and good ones
// that were written beside them are a part of one.
func (r *importReport) verdict() error {
	switch {
	case r.astray():
		return fmt.Errorf("%s: nothing written: %w", r.File, &cutover.StrayListError{StrayError: routing.StrayError{Strays: r.Strays}})
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

func (r *importReport) table(t *table) {
	if len(r.Faults) > 0 {
		t.row("LINE", "COLUMN", "VALUE", "PROBLEM", "WANT")
		for _, f := range r.Faults {
			t.row(strconv.Itoa(f.Line), dash(f.Column), fmt.Sprintf("%q", f.Value), f.Problem, f.Want)
		}
	}
	for i := range r.Strays {
		t.line("Astray: %s.", &r.Strays[i])
	}
	if r.Unlooked != "" {
		t.line("Whether calls would go astray is not known: %s.", r.Unlooked)
	}
	switch {
	case r.DryRun:
		t.line("%s: %d people, %d good; nothing written, as asked.", r.File, r.Rows, r.Good)
	case r.Written > 0:
		t.line("%s: %d people, %d written.", r.File, r.Rows, r.Written)
	}
}
