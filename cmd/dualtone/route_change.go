package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/routing"
)

// setting is what route set was asked for.
type setting struct {
	changeOptions
	person, queue, answers, hours, otherwise, from, until, expect string
}

const routeSetLong = `Sets the route of one key. The plan none removes it. With --expect the change is
made only if the active plan is the expected one.

Whose number it is and what answers there stay as they are unless --person,
--queue or --answers say otherwise; the time in which the plan holds is the one
that is given, and always if none is.`

func routeSet(a *app) *cobra.Command {
	var o setting
	cmd := &cobra.Command{
		Use: "set KEY PLAN", Short: "Set or remove one route",
		Long: routeSetLong,
		Args: takes("KEY", "PLAN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := o.route(args[0], args[1])
			if err != nil {
				return err
			}
			said := routing.Facts{Person: cmd.Flags().Changed("person"), Queue: cmd.Flags().Changed("queue"), Answers: cmd.Flags().Changed("answers")}
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				have, err := s.router.Routes(cmd.Context(), []dualtone.Number{to.Number})
				if err != nil {
					return err
				}
				to := said.Kept(to, have[0])
				if len(to.Sides) > 0 {
					if err := to.Validate(countries(cfg)...); err != nil {
						return err
					}
				}
				if plan := have[0].Plan().String(); o.expect != "" && o.expect != plan && !(o.expect == "none" && plan == "") {
					return fmt.Errorf("route of %s goes to %s, not to %s: %w", to.Number, dash(plan), o.expect, dualtone.ErrConflict)
				}
				return a.applyRoutes(cmd.Context(), s, o.by(cfg), routing.Diff(have, []routing.Route{to}))
			})
		},
	}
	o.bind(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.expect, "expect", "", "the plan that must be active, or none")
	flags.StringVar(&o.person, "person", "", "whose number it is")
	flags.StringVar(&o.queue, "queue", "", "the queue whose number it is")
	flags.StringVar(&o.answers, "answers", "", "what answers by itself: voicemail, menu, fax")
	flags.StringVar(&o.hours, "hours", "", `weekly windows: "Mo-Fr 08:00-18:00 Europe/Berlin"`)
	flags.StringVar(&o.otherwise, "otherwise", "", "the plan outside of its time (default: a wider rule decides)")
	flags.StringVar(&o.from, "valid-from", "", "from when on, such as 2026-11-30T06:00:00Z")
	flags.StringVar(&o.until, "valid-until", "", "until when")
	return cmd
}

func (o *setting) route(key, text string) (routing.Route, error) {
	r := routing.Route{Number: dualtone.Number(key)}
	if text == "none" {
		return r, nil
	}
	plan, err := routing.ParsePlan(text)
	if err != nil {
		return r, fmt.Errorf("plan %q: %w: %w", text, err, dualtone.ErrInvalid)
	}
	from, err := moment("valid-from", o.from)
	if err != nil {
		return r, err
	}
	until, err := moment("valid-until", o.until)
	if err != nil {
		return r, err
	}
	t := routing.Terms{
		How: plan.How, Share: plan.Share, Queue: dualtone.QueueID(o.queue), Answers: o.answers,
		Hours: o.hours, Otherwise: o.otherwise, From: from, Until: until,
	}
	r.Sides, r.Person = plan.Sides, dualtone.PersonID(o.person)
	if !t.IsZero() {
		r.Terms = &t
	}
	return r, nil
}

const routeImportLong = `Reads routes from CSV in UTF-8 with a header. Columns are number (the key) and
plan, and if wanted person, queue, answers, hours, otherwise, valid_from and
valid_until, as route export writes them.

The whole file is checked first, and every bad row is told with its line, column
and value. With one bad row nothing is written. Routes that the file does not
name stay, unless --replace asks to remove them. All changes are one revision.
Where the file has no column person, queue or answers, whose a number is and what
answers there stay as they are.`

// routeFaults is what is wrong with a file.
type routeFaults struct {
	File   string          `json:"file"`
	Rows   int             `json:"rows"`
	Faults []routing.Fault `json:"faults"`
}

func routeImport(a *app) *cobra.Command {
	var o changeOptions
	var replace bool
	var forwards string
	cmd := &cobra.Command{
		Use: "import FILE.csv", Short: "Check a table and take it in", Long: routeImportLong,
		Args: takes("FILE.csv (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			list, err := a.readRoutes(args[0], countries(cfg))
			if err != nil {
				return err
			}
			if len(list.Faults) > 0 {
				return a.routeFaults(args[0], list)
			}
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				changes, err := importChanges(cmd.Context(), s, list, countries(cfg))
				if err == nil && replace {
					changes, err = replaceChanges(cmd.Context(), s, list.Routes)
				}
				if err == nil && forwards != "" {
					err = refuseCircles(cmd.Context(), s, changes, forwards)
				}
				if err != nil {
					return err
				}
				return a.applyRoutes(cmd.Context(), s, o.by(cfg), changes)
			})
		},
	}
	o.bind(cmd)
	cmd.Flags().StringVar(&forwards, "forwards", "", "CSV of the platforms' own forwards (side,number,to): a table that sends a call in a circle is refused")
	cmd.Flags().BoolVar(&replace, "replace", false, "remove routes that the file does not name")
	return cmd
}

// importChanges are those that a file asks for. What its routes keep of the active
// ones is checked with them. The list has the routes as they will be.
func importChanges(ctx context.Context, s *stores, list routing.List, countries []string) ([]routing.Change, error) {
	keys := make([]dualtone.Number, len(list.Routes))
	for i, r := range list.Routes {
		keys[i] = r.Number
	}
	have, err := s.router.Routes(ctx, keys)
	if err != nil {
		return nil, err
	}
	check := routing.NewChecker(countries...)
	for i := range have {
		list.Routes[i] = list.Said.Kept(list.Routes[i], have[i])
		for _, p := range check.Check(list.Routes[i]) {
			return nil, fmt.Errorf("route of %s: %s %q: %s: %w", keys[i], p.Column, p.Value, p.Problem, dualtone.ErrInvalid)
		}
	}
	return routing.Diff(have, list.Routes), nil
}

func replaceChanges(ctx context.Context, s *stores, want []routing.Route) ([]routing.Change, error) {
	have, err := s.router.Since(ctx, 0)
	return routing.Diff(have.Routes, want), err
}

// refuseCircles refuses a table that, together with what the platforms forward
// themselves, sends a call round.
func refuseCircles(ctx context.Context, s *stores, changes []routing.Change, file string) error {
	f, err := openFile(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	all, err := readForwards(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	active, err := s.router.Since(ctx, 0)
	if err != nil {
		return err
	}
	t, err := routing.NewTable(routing.Options{}).With(active)
	if err != nil {
		return err
	}
	next := routing.Snapshot{Revision: active.Revision + 1}
	for _, c := range changes {
		next.Routes = append(next.Routes, c.To)
	}
	if t, err = t.With(next); err != nil {
		return err
	}
	if circles := routing.Cycles(t, all); len(circles) > 0 {
		return fmt.Errorf("calls would go round: %v: %w", circles, dualtone.ErrInvalid)
	}
	return nil
}

// readForwards reads the platforms' own forwards, with or without a header.
func readForwards(in io.Reader) ([]routing.Forwarded, error) {
	r := csv.NewReader(in)
	r.FieldsPerRecord = 3
	var all []routing.Forwarded
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: want side, number and to: %w", err, dualtone.ErrInvalid)
		}
		line, _ := r.FieldPos(0)
		if line == 1 && slices.Equal(row, []string{"side", "number", "to"}) {
			continue
		}
		side, err := dualtone.ParseSide(row[0])
		if err != nil {
			return nil, fmt.Errorf("line %d: side %q: want old or new: %w", line, row[0], dualtone.ErrInvalid)
		}
		all = append(all, routing.Forwarded{Side: side, From: dualtone.Number(row[1]), To: dualtone.Number(row[2])})
	}
}

func (a *app) readRoutes(name string, countries []string) (routing.List, error) {
	in := a.in
	if name != "-" {
		f, err := openFile(name)
		if err != nil {
			return routing.List{}, err
		}
		defer func() { _ = f.Close() }()
		in = io.Reader(f)
	}
	return routing.ReadCSV(in, countries...)
}

func (a *app) routeFaults(file string, list routing.List) error {
	r := routeFaults{file, list.Rows, list.Faults}
	if err := a.show(r, func(t *table) {
		t.row("LINE", "COLUMN", "VALUE", "PROBLEM")
		for _, f := range r.Faults {
			t.row(strconv.Itoa(f.Line), dash(f.Column), fmt.Sprintf("%q", f.Value), f.Problem.Problem)
		}
	}); err != nil {
		return err
	}
	return fmt.Errorf("%s: %s, nothing written: %w", file, counted(len(list.Faults), "fault"), dualtone.ErrInvalid)
}
