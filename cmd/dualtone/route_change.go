package main

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/console/api"
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
			want, err := o.wanted(cmd, args[0], args[1])
			if err != nil {
				return err
			}
			return o.change(cmd.Context(), a, api.RouteOrder{Routes: []api.WantedRoute{want}})
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

func (o *setting) wanted(cmd *cobra.Command, key, plan string) (api.WantedRoute, error) {
	said := func(name string, value *string) *string {
		if !cmd.Flags().Changed(name) {
			return nil
		}
		return value
	}
	w := api.WantedRoute{
		Number: dualtone.Number(key), Plan: plan, Expect: o.expect, Person: said("person", &o.person), Queue: said("queue", &o.queue),
		Answers: said("answers", &o.answers), Hours: o.hours, Otherwise: o.otherwise,
	}
	var err error
	if w.From, err = moment("valid-from", o.from); err != nil {
		return w, err
	}
	w.Until, err = moment("valid-until", o.until)
	return w, err
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
			text, err := a.readText(args[0])
			if err != nil {
				return err
			}
			list, err := routing.ReadCSV(bytes.NewReader(text), countries(cfg)...)
			if err != nil {
				return err
			}
			if len(list.Faults) > 0 {
				return a.routeFaults(args[0], list)
			}
			order := api.RouteOrder{CSV: string(text), Replace: replace}
			if forwards != "" {
				circles, err := readFile(forwards)
				if err != nil {
					return err
				}
				order.Forwards = string(circles)
			}
			return o.change(cmd.Context(), a, order)
		},
	}
	o.bind(cmd)
	cmd.Flags().StringVar(&forwards, "forwards", "", "CSV of the platforms' own forwards (side,number,to): a table that sends a call in a circle is refused")
	cmd.Flags().BoolVar(&replace, "replace", false, "remove routes that the file does not name")
	return cmd
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
	return fmt.Errorf("%s: %s, nothing written: %w", file, count(len(list.Faults), "fault"), dualtone.ErrInvalid)
}
