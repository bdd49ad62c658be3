package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/reconcile"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/internal/spreadsheet"
	"github.com/dualtone/dualtone/postgres"
)

const callsReconcileLong = `Holds the call log of a day against the CRM's own: what both have, what only one
has, and what differs, call by call. A difference is explained by a rule or open.
What the old system's calls differ by is the noise floor; only what the new one's
differ by more is news.

The first time, and with --again, the CRM is read and the result kept. After that
the kept result is shown, with its age; it is stale once legs of the day came.`

type reconcileFlags struct {
	day, user        string
	verdict          reconcile.Verdict
	open, again, csv bool
	after, limit     int
}

func callsReconcile(a *app) *cobra.Command {
	var f reconcileFlags
	cmd := &cobra.Command{
		Use: "reconcile", Short: "Compare a day with the CRM's own log of calls", Long: callsReconcileLong, Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			day, err := date(cmd, "day", f.day)
			if err != nil {
				return err
			}
			if day.IsZero() {
				day = calllog.Day(a.now()).AddDate(0, 0, -1)
			}
			q := reconcile.Query{
				Day: day, User: dualtone.UserID(f.user), Verdict: f.verdict, OpenOnly: reconcile.OpenOnly(f.open), After: f.after, Limit: oneMore(f.limit),
			}
			kept, err := either(cmd.Context(), a, func(s server) (reconcile.Reconciled, error) {
				return s.reconciled(cmd.Context(), q, f.again)
			}, func(cfg *config.Config, s *stores) (reconcile.Reconciled, error) {
				return a.reconciled(cmd.Context(), cfg, s, q, f.again)
			})
			if err != nil {
				return err
			}
			return a.showReconciled(kept, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.day, "day", "", "the day, UTC, such as 2026-03-02 (default: yesterday)")
	flags.StringVar(&f.user, "user", "", "only this user: a person's id, or a user id of the CRM")
	choiceFlag(cmd, &f.verdict, "verdict", "only calls of which this was found", reconcile.Both, reconcile.PhoneOnly, reconcile.CRMOnly, reconcile.Differs)
	flags.BoolVar(&f.open, "open", false, "only differences that nothing explains")
	flags.BoolVar(&f.again, "again", false, "read the CRM and compare anew")
	flags.BoolVar(&f.csv, "csv", false, "write the calls as CSV")
	flags.IntVar(&f.after, "after", 0, "pass over so many calls")
	limitFlag(cmd, &f.limit, 100, "calls")
	return cmd
}

// reconciled is the comparison of a day as it is kept. It is made where there is none,
// and anew where that is asked for, which is another right.
func (a *app) reconciled(ctx context.Context, cfg *config.Config, s *stores, q reconcile.Query, again bool) (reconcile.Reconciled, error) {
	people, err := s.people.List(ctx, cutover.PeopleQuery{})
	if err != nil {
		return reconcile.Reconciled{}, err
	}
	q.User = userOf(people, string(q.User))
	kept, err := s.stitches.Kept(ctx, q)
	if !again && !isNotFound(err) {
		return kept, err
	}
	gate := access.Gate{Audit: s.audit}
	if ctx, _, err = gate.Enter(ctx, access.Ask{Action: access.CallRepair, Object: "reconciliation/" + q.Day.Format(time.DateOnly)}); err != nil {
		return kept, err
	}
	if err := a.compareDay(ctx, cfg, s, q.Day, people); err != nil {
		return kept, err
	}
	return s.stitches.Kept(ctx, q)
}

// reconciled is the comparison of a day that a server keeps, or makes anew.
func (s server) reconciled(ctx context.Context, q reconcile.Query, again bool) (kept reconcile.Reconciled, err error) {
	if !again {
		if kept, err = s.comparison(ctx, q); !isNotFound(err) {
			return kept, err
		}
	}
	path := client.Path("reconciliations", q.Day.Format(time.DateOnly))
	if err := s.Send(ctx, http.MethodPost, path, api.ScheduleOrder{}, nil); err != nil {
		return kept, err
	}
	return s.comparison(ctx, q)
}

// comparison reads what a server keeps of a day, page by page.
func (s server) comparison(ctx context.Context, q reconcile.Query) (kept reconcile.Reconciled, err error) {
	path := client.Path("reconciliations", q.Day.Format(time.DateOnly))
	wanted := client.Query{}.Text("user", string(q.User)).Text("verdict", string(q.Verdict)).Number("after", int64(q.After)).
		Yes("open", bool(q.OpenOnly)).Values()
	var items []reconcile.Item
	for {
		wanted.Set("limit", strconv.Itoa(pageSize))
		if left := q.Limit - len(items); q.Limit > 0 {
			wanted.Set("limit", strconv.Itoa(min(left, pageSize)))
		}
		var part api.ReconciledPage
		if err := s.Get(ctx, path, wanted, &part); err != nil {
			return kept, err
		}
		items, kept = append(items, part.Items...), part.Reconciled
		if part.Next == "" || q.Limit > 0 && len(items) >= q.Limit {
			kept.Items = items
			return kept, nil
		}
		wanted.Set("after", part.Next)
	}
}

// showReconciled shows the comparison of a day.
func (a *app) showReconciled(kept reconcile.Reconciled, f reconcileFlags) error {
	next := ""
	if f.limit > 0 && len(kept.Items) > f.limit {
		kept.Items, next = kept.Items[:f.limit], strconv.Itoa(f.after+f.limit)
	}
	if f.csv {
		return a.reconciledCSV(kept)
	}
	return a.show(struct {
		reconcile.Reconciled

		Next string `json:"next"`
	}{kept, next}, func(t *table) { a.reconciledTable(t, kept, next) })
}

// userOf is a person's user in the CRM, or the text itself.
func userOf(people []cutover.PersonState, text string) dualtone.UserID {
	for _, p := range people {
		if string(p.ID) == text && text != "" {
			return p.Accounts.CRM
		}
	}
	return dualtone.UserID(text)
}

// compareDay reads both logs, some hours more than the day, and keeps what comes
// of it.
func (a *app) compareDay(ctx context.Context, cfg *config.Config, s *stores, day time.Time, people []cutover.PersonState) error {
	m := cfg.Migration
	if m.CRM == "" {
		return errNoMigration
	}
	f, err := openFleet(ctx, cfg, sharedPace(cfg, postgres.NewPacer(s.pool)), a.logger(cfg), m.CRM)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	c := activities.Comparison{
		User: &activities.User{CRM: f.crms[m.CRM]}, Log: callLog(cfg, s, nil), Days: s.stitches,
		Now: func() time.Time { return a.now().UTC() },
	}
	_, err = c.Day(ctx, day, people)
	return err
}

func (a *app) reconciledTable(t *table, r reconcile.Reconciled, next string) {
	age := "fresh"
	if r.Stale {
		age = "stale: legs of the day came since; --again compares anew"
	}
	t.line("%s, compared %s ago (%s)", r.Day.Format(time.DateOnly), a.now().Sub(r.Made).Round(time.Second), age)
	t.row("SIDE", "BOTH", "PHONE ONLY", "CRM ONLY", "DIFFERS", "EXPLAINED", "OPEN", "OPEN RATE")
	for _, side := range []dualtone.Side{dualtone.Old, dualtone.New, ""} {
		if n, ok := r.Sides[side]; ok {
			t.row(dash(side), strconv.Itoa(n.Both), strconv.Itoa(n.PhoneOnly), strconv.Itoa(n.CRMOnly), strconv.Itoa(n.Differs),
				strconv.Itoa(n.Explained), strconv.Itoa(n.Open), fmt.Sprintf("%.2f %%", 100*n.Rate()))
		}
	}
	verdict := "the new side is not worse than that"
	if r.Above {
		verdict = "the new side is worse by more than chance explains"
	}
	t.line("Noise floor (open on the old side): %.2f %%; %s.", 100*r.Floor, verdict)
	t.line("")
	t.row("AT", "USER", "VERDICT", "LEG", "CRM RECORD", "WHAT DIFFERS", "WHY")
	for i := range r.Items {
		t.row(itemCells(&r.Items[i])...)
	}
	if next != "" {
		t.line("")
		t.line("There are more: --after %s", next)
	}
}

func itemCells(i *reconcile.Item) []string {
	why := dash(i.Why)
	switch {
	case i.Open():
		why = "open"
	case i.Said != nil:
		why = i.Said.Reason + " (" + i.Said.Actor + ")"
	}
	return []string{clock(i.At), dash(i.User), string(i.Verdict), legName(i.Phone), dash(i.CRM), dash(i.What), why}
}

func (a *app) reconciledCSV(r reconcile.Reconciled) error {
	w := csv.NewWriter(a.out)
	rows := [][]string{{"at", "user", "verdict", "leg", "crm_record", "what_differs", "why"}}
	for i := range r.Items {
		rows = append(rows, spreadsheet.Row(itemCells(&r.Items[i])...))
	}
	return w.WriteAll(rows)
}
