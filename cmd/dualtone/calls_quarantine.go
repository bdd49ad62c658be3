package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/calllog"
	callformat "github.com/dualtone/dualtone/calllog/format"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
)

func callsQuarantine(a *app) *cobra.Command {
	return group("quarantine", "Rows that could not be read: look at them, correct them, read them again",
		quarantineList(a), quarantineShow(a), quarantineFix(a), quarantineReplay(a))
}

func quarantineList(a *app) *cobra.Command {
	var q calllog.QuarantineQuery
	cmd := &cobra.Command{
		Use: "list", Short: "List rows in quarantine, the oldest first", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			limited := q
			limited.Limit = oneMore(q.Limit)
			rows, err := either(cmd.Context(), a, func(s server) ([]calllog.Quarantined, error) {
				wanted := client.Query{}.Text("system", q.System).Text("ingest", string(q.Ingest)).Text("state", string(q.State)).
					Text("text", q.Text).Number("after", int64(q.After))
				return listed[calllog.Quarantined](cmd.Context(), s, "/quarantine", wanted, limited.Limit)
			}, func(_ *config.Config, s *stores) ([]calllog.Quarantined, error) {
				return s.calls.Quarantined(cmd.Context(), limited)
			})
			if err != nil {
				return err
			}
			for i := range rows { // a row holds whole numbers; show shows it
				rows[i].Raw, rows[i].Fixed = nil, nil
			}
			p := page(rows, q.Limit, func(r calllog.Quarantined) string { return strconv.FormatInt(int64(r.ID), 10) })
			return showList(a, p, "Nothing is in quarantine.", func(t *table) {
				t.row("ID", "STATE", "SYSTEM", "FILE", "LINE", "COLUMN", "REASON", "SINCE")
				for _, r := range p.Items {
					t.row(strconv.FormatInt(int64(r.ID), 10), string(r.State), r.Source.System, r.Source.Name,
						strconv.FormatInt(r.Line, 10), dash(r.Fault.Column), r.Fault.Reason, clock(r.At))
				}
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.System, "system", "", "only this system's")
	flags.StringVar((*string)(&q.Ingest), "ingest", "", "only of this ingest")
	choiceFlag(cmd, &q.State, "state", "only rows in this state", calllog.Waiting, calllog.Corrected, calllog.Released, calllog.Dismissed)
	flags.StringVar(&q.Text, "text", "", "only with this in reason, column or row")
	flags.Int64Var((*int64)(&q.After), "after", 0, "go on after this id")
	limitFlag(cmd, &q.Limit, 50, "rows")
	return cmd
}

func quarantineID(cmd *cobra.Command, text string) (calllog.QuarantineID, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, usage(cmd, fmt.Sprintf("%q is no id; dualtone calls quarantine list shows them", text))
	}
	return calllog.QuarantineID(id), nil
}

func quarantineShow(a *app) *cobra.Command {
	var numbers wholeNumbers
	cmd := &cobra.Command{
		Use: "show ID", Short: "One row in quarantine: what it says, and what is wrong with it", Args: takes("ID, the row's"),
		Long: "Shows a row as it was received. All that may be a number is masked, times without signs among it; to correct the row, ask for it whole.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := numbers.check(cmd); err != nil {
				return err
			}
			id, err := quarantineID(cmd, args[0])
			if err != nil {
				return err
			}
			shown, err := either(cmd.Context(), a, func(s server) (r api.QuarantineRow, err error) {
				return r, s.Get(cmd.Context(), client.Path("quarantine", args[0]), client.Query{}.Text("whole_numbers", numbers.reason).Values(), &r)
			}, func(cfg *config.Config, s *stores) (api.QuarantineRow, error) {
				r, err := s.calls.Row(cmd.Context(), id)
				if err != nil {
					return api.QuarantineRow{}, err
				}
				return api.RowOf(r, numbers.whole), numbers.or(cmd.Context(), cfg, s, "calls quarantine show", 1, func() {})
			})
			if err != nil {
				return err
			}
			return a.show(shown, func(t *table) { quarantineTable(t, &shown) })
		},
	}
	numbers.add(cmd)
	return cmd
}

func quarantineTable(t *table, r *api.QuarantineRow) {
	t.row("ROW", fmt.Sprintf("%d, %s", r.ID, r.State))
	t.row("FROM", fmt.Sprintf("%s, line %d of %s", r.Source.System, r.Line, r.Source.Name))
	t.row("FORMAT", dash(r.Source.Format))
	t.row("REASON", r.Fault.Reason)
	t.row("COLUMN", dash(r.Fault.Column))
	t.row("VALUE", dash(r.Fault.Value))
	t.row("SAYS", r.Raw)
	if len(r.Fixed) > 0 {
		t.row("CORRECTED", r.Fixed)
	}
	if r.By != "" {
		t.row("BY", fmt.Sprintf("%s, %s: %s", r.By, clock(r.When), r.Why))
	}
}

func quarantineFix(a *app) *cobra.Command {
	var fix calllog.Fix
	var file string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "fix ID", Short: "Correct a row in quarantine, or dismiss it",
		Long: "Keeps a corrected row beside the one that was received; dualtone calls quarantine replay then reads it. Where a " +
			"format names its columns in a first row, put that row before the corrected one.",
		Args: takes("ID, the row's"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if fix.ID, err = quarantineID(cmd, args[0]); err != nil {
				return err
			}
			if (file == "") == !fix.Dismiss {
				return usage(cmd, "say either --file or --dismiss")
			}
			if fix.Why == "" {
				return usage(cmd, "--reason missing: others will want to know why")
			}
			if fix.Raw, err = a.text(file); err != nil {
				return err
			}
			shown, err := either(cmd.Context(), a, func(s server) (api.QuarantineRow, error) {
				return sent[api.QuarantineRow](cmd.Context(), s, client.Path("quarantine", args[0])+"/fix", api.Fix{
					Why: api.Why{Reason: fix.Why}, Row: string(fix.Raw), Dismiss: fix.Dismiss, DryRun: dryRun,
				})
			}, func(cfg *config.Config, s *stores) (api.QuarantineRow, error) {
				fix.By = actor(cfg)
				if !dryRun {
					if err := s.calls.Fix(cmd.Context(), fix); err != nil {
						return api.QuarantineRow{}, err
					}
				}
				r, err := s.calls.Row(cmd.Context(), fix.ID)
				return api.RowOf(r, false), err
			})
			if err != nil {
				return err
			}
			return a.show(shown, func(t *table) { quarantineTable(t, &shown) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "file", "", "the corrected row; - reads it from the input")
	flags.BoolVar(&fix.Dismiss, "dismiss", false, "it is no record of a call")
	flags.StringVar(&fix.Why, "reason", "", "what was wrong")
	flags.BoolVar(&dryRun, "dry-run", false, "show the row and change nothing")
	return cmd
}

// text reads a small file, the input for "-", and nothing where none is named.
func (a *app) text(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	in := a.in
	if file != "-" {
		f, err := openFile(file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // only read
		in = f
	}
	return io.ReadAll(io.LimitReader(in, 1<<20))
}

func quarantineReplay(a *app) *cobra.Command {
	var q calllog.QuarantineQuery
	var f readingFlags
	var dryRun bool
	cmd := &cobra.Command{
		Use: "replay [ID...]", Short: "Read rows in quarantine again: the given ones, or all that were corrected",
		Long: "Reads rows again as their format is read now, so that it also serves after a mapping or a setting was corrected: " +
			"--state waiting reads those that nobody touched. What still cannot be read stays.",
		Args: takes("[ID...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids := make([]int64, len(args))
			for i, text := range args {
				id, err := quarantineID(cmd, text)
				if err != nil {
					return err
				}
				ids[i] = int64(id)
			}
			all, err := either(cmd.Context(), a, func(s server) ([]api.Replayed, error) {
				got, err := sent[list[api.Replayed]](cmd.Context(), s, "/quarantine/replay", api.Replay{
					Rows: ids, State: q.State, System: f.system, Format: f.format, Zone: f.zone, Country: f.country, Limit: q.Limit, DryRun: dryRun,
				})
				return got.Items, err
			}, func(cfg *config.Config, s *stores) ([]api.Replayed, error) {
				rows, err := toReplay(cmd, s, q, ids)
				if err != nil {
					return nil, err
				}
				return replayAll(cmd, cfg, s, f, rows, dryRun)
			})
			if err != nil {
				return err
			}
			return showList(a, list[api.Replayed]{Items: all}, "No row is to be read again.", func(t *table) {
				t.row("ID", "LEGS", "STILL WRONG")
				for _, r := range all {
					t.row(strconv.FormatInt(int64(r.ID), 10), strconv.Itoa(r.Legs), dash(r.Reason))
				}
			})
		},
	}
	flags := cmd.Flags()
	f.add(cmd)
	state := flags.String("state", string(calllog.Corrected), "which rows, if none is given: corrected or waiting")
	limitFlag(cmd, &q.Limit, 1000, "rows")
	flags.BoolVar(&dryRun, "dry-run", false, "read them, tell what they would be, and keep nothing")
	cmd.PreRun = func(*cobra.Command, []string) { q.State = calllog.QuarantineState(*state) }
	return cmd
}

func toReplay(cmd *cobra.Command, s *stores, q calllog.QuarantineQuery, ids []int64) ([]calllog.Quarantined, error) {
	if len(ids) == 0 {
		return s.calls.Quarantined(cmd.Context(), q)
	}
	var rows []calllog.Quarantined
	for _, id := range ids {
		row, err := s.calls.Row(cmd.Context(), calllog.QuarantineID(id))
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func replayAll(cmd *cobra.Command, cfg *config.Config, s *stores, f readingFlags, rows []calllog.Quarantined, dryRun bool) ([]api.Replayed, error) {
	var all []api.Replayed
	for i := range rows {
		done, err := replay(cmd.Context(), cfg, s, f, &rows[i], keeping{by: actor(cfg), dryRun: dryRun})
		if err != nil {
			return all, err
		}
		all = append(all, done)
	}
	if dryRun {
		return all, nil
	}
	_, err := s.rollups.Settle(cmd.Context())
	return all, err
}

// keeping is who keeps what was read; nobody in a dry run.
type keeping struct {
	by     string
	dryRun bool
}

// replay reads a row again as its format is read now, or as it was corrected.
func replay(ctx context.Context, cfg *config.Config, s *stores, f readingFlags, r *calllog.Quarantined, k keeping) (api.Replayed, error) {
	f.system, f.format = r.Source.System, cmp.Or(f.format, r.Source.Format)
	reading, err := f.over(cfg)
	if err != nil {
		return api.Replayed{}, err
	}
	kind, err := callformat.Named(f.format)
	if err != nil {
		return api.Replayed{}, err
	}
	text := r.Raw
	if len(r.Fixed) > 0 {
		text = r.Fixed
	}
	row, err := reading.Again(kind, text)
	if err != nil {
		return api.Replayed{}, fmt.Errorf("row %d: %w", r.ID, err)
	}
	done := api.Replayed{ID: r.ID, Legs: len(row.Legs) + len(row.Supplements)}
	if row.Fault != nil {
		done.Reason = row.Fault.Reason
	}
	if k.dryRun {
		return done, nil
	}
	_, err = s.calls.Release(ctx, r.ID, row, k.by)
	return done, err
}
