package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

func cohortCommand(a *app) *cobra.Command {
	return group("cohort", "Lists of users who are moved together",
		cohortCreate(a), cohortList(a), cohortShow(a), cohortMove(a), cohortRollback(a), cohortRetry(a),
		cohortPause(a), cohortResume(a), cohortCancel(a), cohortSkip(a), cohortWindow(a), cohortStatus(a))
}

type createFlags struct {
	file   string
	users  []string
	note   string
	dryRun bool
	filter cutover.PeopleQuery
}

func cohortCreate(a *app) *cobra.Command {
	var f createFlags
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a cohort from a file, from ids or from a filter",
		Long: "Makes a cohort of the people that are named, in that order: one id a line in --file (- for standard input), " +
			"--user for each, or all whom the filters select, in the order of their ids.",
		Args: takes("the cohort's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFilter(cmd, f.filter); err != nil {
				return err
			}
			return a.withReads(cmd.Context(), func(r reads) error {
				members, err := a.members(cmd, r, f)
				if err != nil {
					return err
				}
				if len(members) == 0 {
					return usage(cmd, "nobody is named: give --file, --user or a filter that selects somebody")
				}
				c := cutover.Cohort{Name: args[0], Note: f.note, Actor: a.who(), Created: a.now().UTC(), Size: len(members)}
				if !f.dryRun {
					if err := r.CreateCohort(cmd.Context(), c, members); err != nil {
						return err
					}
				}
				return a.show(map[string]any{"cohort": c, "members": members, "dry_run": f.dryRun}, func(t *table) {
					if f.dryRun {
						t.line("Cohort %s would have %d people: %s", c.Name, len(members), strings.Join(texts(members), " "))
						return
					}
					t.line("Cohort %s has %d people.", c.Name, len(members))
				})
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.file, "file", "", "file with one person's id a line, - for standard input")
	flags.StringSliceVar(&f.users, "user", nil, "a person's id; may be given often")
	flags.StringVar(&f.note, "note", "", "what the cohort is for")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say who would be in it, and make nothing")
	peopleFilter(cmd, &f.filter)
	return cmd
}

// members lists whom the flags name, each once.
func (a *app) members(cmd *cobra.Command, r reads, f createFlags) ([]dualtone.PersonID, error) {
	var members []dualtone.PersonID
	add := func(id string) {
		if p := dualtone.PersonID(strings.TrimSpace(id)); p != "" && !slices.Contains(members, p) {
			members = append(members, p)
		}
	}
	if f.file != "" {
		ids, err := a.readLines(f.file)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			add(id)
		}
	}
	for _, id := range f.users {
		add(id)
	}
	if !reflect.DeepEqual(f.filter, cutover.PeopleQuery{}) {
		found, err := r.People(cmd.Context(), f.filter)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			add(string(p.ID))
		}
	}
	return members, nil
}

// readLines reads a file's lines, less comments and empty ones.
func (a *app) readLines(name string) ([]string, error) {
	in := a.in
	if name != "-" {
		f, err := openFile(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		in = io.Reader(f)
	}
	var lines []string
	for scan := bufio.NewScanner(in); ; {
		if !scan.Scan() {
			return lines, scan.Err()
		}
		line, _, _ := strings.Cut(scan.Text(), "#")
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
}

func cohortList(a *app) *cobra.Command {
	var q cutover.CohortQuery
	cmd := &cobra.Command{
		Use: "list", Short: "List cohorts and how far they are", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withReads(cmd.Context(), func(r reads) error {
				asked := q
				asked.Limit = oneMore(q.Limit)
				found, err := r.Cohorts(cmd.Context(), asked)
				if err != nil {
					return err
				}
				p := page(found, q.Limit, func(c cutover.Cohort) string { return c.Name })
				return showList(a, p, "No cohorts.", func(t *table) {
					t.row("NAME", "SIZE", "STATES", "MADE BY", "MADE", "NOTE")
					for _, c := range p.Items {
						t.row(c.Name, strconv.Itoa(c.Size), tally(c.States), c.Actor, clock(c.Created), c.Note)
					}
				})
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Text, "text", "", "only cohorts with this in their name or note")
	flags.StringVar(&q.After, "after", "", "go on after this name")
	limitFlag(cmd, &q.Limit, 100, "cohorts")
	return cmd
}

// tally tells counts by state, in the order in which a switch goes through them.
func tally(counts map[cutover.State]int) string {
	var all []string
	for _, s := range states() {
		if n := counts[s]; n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, s))
		}
	}
	return cmp.Or(strings.Join(all, ", "), "-")
}

func cohortShow(a *app) *cobra.Command {
	var q cutover.MemberQuery
	var state string
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show a cohort and its members, in the order in which they are moved",
		Args: takes("the cohort's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkState(cmd, cutover.State(state)); err != nil {
				return err
			}
			return a.withReads(cmd.Context(), func(r reads) error {
				c, err := r.Cohort(cmd.Context(), args[0])
				if err != nil {
					return hint(err, "dualtone cohort list shows which there are")
				}
				asked := q
				asked.Cohort, asked.Limit = c.Name, oneMore(q.Limit)
				if state != "" {
					asked.States = []cutover.State{cutover.State(state)}
				}
				found, err := r.Members(cmd.Context(), asked)
				if err != nil {
					return err
				}
				return a.showCohort(c, page(found, q.Limit, func(m cutover.Member) string { return strconv.Itoa(m.Position) }))
			})
		},
	}
	flags := cmd.Flags()
	choiceFlag(cmd, &q.Side, "side", "only members on this side", dualtone.Old, dualtone.New)
	choiceFlag(cmd, &q.Retry, "retry", "only members whom dualtone cohort retry --to this side would move", dualtone.New, dualtone.Old)
	flags.StringVar(&state, "state", "", "only members whose latest switch is in this state")
	flags.IntVar(&q.After, "after", 0, "go on after this position")
	limitFlag(cmd, &q.Limit, 100, "members")
	return cmd
}

func (a *app) showCohort(c cutover.Cohort, members list[cutover.Member]) error {
	if members.Items == nil {
		members.Items = []cutover.Member{}
	}
	return a.show(map[string]any{"cohort": c, "members": members}, func(t *table) {
		t.line("%s: %d people, %s", c.Name, c.Size, tally(c.States))
		t.row("#", "ID", "NAME", "SIDE", "STATE", "SINCE", "DETAIL")
		for _, m := range members.Items {
			t.row(strconv.Itoa(m.Position), string(m.ID), m.Name, string(m.Side), dash(m.State), clock(m.Since), m.Detail)
		}
		if members.Next != "" {
			t.line("There are more: --after %s", members.Next)
		}
	})
}
