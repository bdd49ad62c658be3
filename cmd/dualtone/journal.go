package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

func journalCommand(a *app) *cobra.Command {
	var q cutover.JournalQuery
	var since string
	cmd := &cobra.Command{
		Use: "journal USER", Short: "What was done to a user: who, why, when, before and after",
		Args: takes("USER, the person's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Person = dualtone.PersonID(args[0])
			var err error
			if q.Since, err = a.since(cmd, since); err != nil {
				return err
			}
			return a.withReads(cmd.Context(), func(r reads) error {
				if _, err := r.Person(cmd.Context(), q.Person); err != nil {
					return err
				}
				asked := q
				asked.Limit = oneMore(q.Limit)
				entries, err := r.Journal(cmd.Context(), asked)
				if err != nil {
					return err
				}
				p := page(entries, q.Limit, func(e cutover.Entry) string { return strconv.FormatInt(e.Serial, 10) })
				return showList(a, p, "Nothing was done to "+args[0]+" yet.", func(t *table) { journalTable(t, p.Items) })
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar((*string)(&q.Switch), "switch", "", "only one switch")
	choiceFlag(cmd, &q.Kind, "kind", "only entries of this kind",
		cutover.Intent, cutover.Wrote, cutover.Conflict, cutover.Lost, cutover.Erred, cutover.Drifted, cutover.Reached, cutover.Note)
	flags.StringVar(&since, "since", "", "from this day or time on, or only the last hours, such as 24h")
	flags.Int64Var(&q.After, "after", 0, "go on after this serial number")
	limitFlag(cmd, &q.Limit, 200, "entries")
	return cmd
}

func journalTable(t *table, entries []cutover.Entry) {
	t.row("TIME", "SERIAL", "WHAT", "WHERE", "BEFORE", "AFTER", "BY", "WHY")
	for _, e := range entries {
		what, where := string(e.Kind), dash(e.Facet)
		if e.Kind == cutover.Reached {
			what = "reached " + string(e.State)
		}
		if e.Attempt > 1 {
			what += fmt.Sprintf(" (attempt %d)", e.Attempt)
		}
		why := e.Reason
		if e.Text != "" {
			why = e.Text
		}
		after := held(e.To)
		if e.Now != nil {
			after += ", but found " + held(e.Now)
		}
		t.row(clock(e.At), strconv.FormatInt(e.Serial, 10), what, where, held(e.From), after, dash(e.Actor), why)
	}
}

func held(v *cutover.Value) string {
	if v == nil {
		return "-"
	}
	return describe(*v)
}
