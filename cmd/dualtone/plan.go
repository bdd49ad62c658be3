package main

import (
	"fmt"
	"path"
	"strings"
	_ "time/tzdata" // Plans mean the same where the machine knows no zones.

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/finance/contract"
)

// planCommand is everything about cutover plans: what a file says, and what its
// cutover does.
func planCommand(a *app) *cobra.Command {
	return group("plan", "Cutover plans: write one, check it, run it",
		append(planFileCommands(a), planRunCommands(a)...)...)
}

// planFileCommands are those that read a plan file and write to no system.
func planFileCommands(a *app) []*cobra.Command {
	return []*cobra.Command{planLint(a), planSchema(a), planShow(a), planCohort(a), planDiff(a), planRehearse(a)}
}

const lintLong = `Reads a plan file and tells everything that is wrong with it at once: where it
stands, and what to write instead. Files that the plan names are read beside it.

Where the settings say how the records of the plan's systems are read, a gate that
nothing feeds is a fault: it would have no data, and hold the plan for ever.

With --users it also looks into the user list, here or at a server: who is in which
stage, what would be split, and whether too much of a queue or a site would be on
the new side.`

// lintReport is what plan lint found.
type lintReport struct {
	File     string      `json:"file"`
	Plan     string      `json:"plan"`
	Hash     plan.Hash   `json:"hash,omitempty"`
	Errors   int         `json:"errors"`
	Warnings int         `json:"warnings"`
	Faults   plan.Faults `json:"faults"`
	Next     []string    `json:"next_steps"`
}

func planLint(a *app) *cobra.Command {
	var users bool
	cmd := &cobra.Command{
		Use: "lint FILE", Short: "Tell everything that is wrong with a plan file", Long: lintLong,
		Args: takes("FILE (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.readPlan(args[0])
			if err != nil {
				return err
			}
			if users && r.Faults.Errors() == 0 {
				found, err := a.cohortsOf(cmd.Context(), args[0], r, 0)
				if err != nil {
					return err
				}
				r.Faults = found.Faults
			}
			return a.showLint(args[0], r)
		},
	}
	cmd.Flags().BoolVar(&users, "users", false, "look into the user list as well")
	return cmd
}

func (a *app) showLint(file string, r *plan.Reading) error {
	report := lintReport{
		File: file, Plan: r.Document.Plan.Metadata.Name, Errors: r.Faults.Errors(),
		Warnings: len(r.Faults) - r.Faults.Errors(), Faults: r.Faults,
	}
	if report.Faults == nil {
		report.Faults = plan.Faults{}
	}
	if report.Errors == 0 {
		report.Hash = r.Document.Hash()
		report.Next = []string{"dualtone plan cohort " + file, "dualtone plan diff " + file}
	} else {
		report.Next = []string{"mend the file, then dualtone plan lint " + file}
	}
	if err := a.show(report, report.table); err != nil {
		return err
	}
	if report.Errors > 0 {
		return fmt.Errorf("%s: %s: %w", file, count(report.Errors, "fault"), dualtone.ErrInvalid)
	}
	return nil
}

func (r lintReport) table(t *table) {
	faultLines(t, r.Faults)
	if r.Errors == 0 {
		t.line("%s: plan %s holds together%s; its hash is %s.", r.File, r.Plan, warned(r.Warnings), r.Hash.Short())
	}
}

// faultLines tells each fault with its line of the file.
func faultLines(t *table, faults plan.Faults) {
	for _, f := range faults {
		t.line("%s", f)
		for line := range strings.SplitSeq(f.Excerpt, "\n") {
			t.line("%s", line)
		}
		t.line("")
	}
}

func warned(n int) string {
	if n == 0 {
		return ""
	}
	return ", with " + count(n, "warning")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// readPlan reads a plan file with the files beside it.
func (a *app) readPlan(name string) (*plan.Reading, error) {
	s := plan.Source{Now: a.now(), Unfed: a.unfed()}
	var err error
	if s.Name, s.Text, s.Open, err = a.readWithNeighbors(name); err != nil {
		return nil, err
	}
	r := plan.Read(s)
	r.Faults = append(r.Faults, contractFaults(&r.Document, s.Open)...)
	return r, nil
}

// contractFaults are those of the contracts that a plan names, which are read as
// strictly as when they are imported.
func contractFaults(d *plan.Document, open func(string) ([]byte, error)) plan.Faults {
	f := d.Plan.Spec.Finance
	if f == nil || d.Files[f.Contracts] == "" {
		return nil
	}
	beside := func(name string) ([]byte, error) { return open(path.Join(path.Dir(f.Contracts), name)) }
	return contract.Read(contract.Source{Name: f.Contracts, Text: []byte(d.Files[f.Contracts]), Open: beside}).Faults
}
