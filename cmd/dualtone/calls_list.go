package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
)

// wholeNumbers lets somebody see the numbers of people outside, and notes that
// they did.
type wholeNumbers struct {
	whole  bool
	reason string
}

func (w *wholeNumbers) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.whole, "whole-numbers", false, "show the numbers of people outside whole; needs --reason, and is kept in the audit")
	cmd.Flags().StringVar(&w.reason, "reason", "", "why whole numbers are needed")
}

// legs masks legs, or notes that they are not.
func (w *wholeNumbers) legs(ctx context.Context, cfg *config.Config, s *stores, what string, legs []calllog.Kept) error {
	return w.or(ctx, cfg, s, what, len(legs), func() {
		for i := range legs {
			legs[i].Mask()
		}
	})
}

// or masks, or notes that somebody saw so many of what was not masked.
func (w *wholeNumbers) or(ctx context.Context, cfg *config.Config, s *stores, what string, count int, mask func()) error {
	if !w.whole {
		mask()
		return nil
	}
	return s.care.Audit(ctx, calllog.AuditEntry{
		Actor: actor(cfg), Action: "whole numbers", Reason: w.reason,
		Detail: map[string]string{"command": what, "legs": strconv.Itoa(count)},
	})
}

func (w *wholeNumbers) check(cmd *cobra.Command) error {
	if w.whole && w.reason == "" {
		return usage(cmd, "--whole-numbers needs --reason")
	}
	return nil
}

func callsList(a *app) *cobra.Command {
	var q calllog.LegQuery
	var number string
	var part placedList
	var numbers wholeNumbers
	cmd := &cobra.Command{
		Use: "list", Short: "List legs of calls, the latest first",
		Long: "Lists what each system recorded of a call, the latest first. dualtone calls show tells which legs are one call, " +
			"dualtone calls legs how a leg was known before. Numbers of people outside are masked.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := numbers.check(cmd); err != nil {
				return err
			}
			q.Number = dualtone.Number(number)
			var err error
			if q.From, q.To, q.After, err = part.read(cmd); err != nil {
				return err
			}
			q.Limit = oneMore(part.limit)
			return a.withReads(cmd.Context(), func(r reads) error {
				legs, err := r.CallLegs(cmd, q, &numbers)
				if err != nil {
					return err
				}
				p := page(legs, part.limit, func(k calllog.Kept) string { return k.Place().Name() })
				return showList(a, p, "No such calls.", func(t *table) { legsTable(t, p.Items) })
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.System, "system", "", "only this system's")
	flags.StringVar(&number, "number", "", "only from or to this number, such as +49301234567")
	flags.StringVar((*string)(&q.Agent), "agent", "", "only this agent's account")
	flags.StringVar((*string)(&q.Queue), "queue", "", "only this queue")
	flags.StringVar(&q.Site, "site", "", "only this site")
	choiceFlag(cmd, &q.Direction, "direction", "only calls that go this way", calllog.Inbound, calllog.Outbound, calllog.Internal)
	choiceFlag(cmd, &q.Disposition, "disposition", "only what ended so", calllog.Dispositions()...)
	flags.StringVar(&q.Call, "call", "", "only the legs of the system's own key of a call")
	flags.BoolVar(&q.Oldest, "oldest", false, "the oldest first")
	part.add(cmd)
	numbers.add(cmd)
	return cmd
}

// placedList is which part of a list in the order of starts is shown.
type placedList struct {
	from, to, after string
	limit           int
}

func (p *placedList) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&p.from, "from", "", "started at this day or time or later, UTC")
	flags.StringVar(&p.to, "to", "", "started before this day or time, UTC")
	flags.StringVar(&p.after, "after", "", "go on after this one, as the list before said")
	limitFlag(cmd, &p.limit, 50, "legs")
}

func (p *placedList) read(cmd *cobra.Command) (from, to time.Time, after calllog.Place, err error) {
	if from, err = instant(cmd, "from", p.from); err != nil {
		return from, to, after, err
	}
	if to, err = instant(cmd, "to", p.to); err != nil {
		return from, to, after, err
	}
	after, err = afterArgument(cmd, p.after)
	return from, to, after, err
}

func afterArgument(cmd *cobra.Command, text string) (calllog.Place, error) {
	if text == "" {
		return calllog.Place{}, nil
	}
	started, leg, _ := strings.Cut(text, "/")
	at, err := time.Parse(time.RFC3339Nano, started)
	if err != nil {
		return calllog.Place{}, usage(cmd, fmt.Sprintf("--after %q: want what the list before said", text))
	}
	id, err := legArgument(cmd, leg)
	return calllog.Place{Started: at, LegID: id}, err
}

func legsTable(t *table, legs []calllog.Kept) {
	t.row("STARTED", "LEG", "WAY", "FROM", "TO", "QUEUE", "AGENT", "ENDED AS", "WAITED", "TALKED")
	for i := range legs {
		l := &legs[i]
		t.row(l.Started.Format("2006-01-02 15:04:05Z"), legName(l.LegID), dash(l.Direction), partyName(l.Caller), partyName(l.Called),
			dash(l.Queue), dash(l.Agent), dash(l.Disposition),
			(l.Wait + l.Ring).Round(time.Second).String(), l.Talk.Round(time.Second).String())
	}
}

func callsLegs(a *app) *cobra.Command {
	var raw bool
	var numbers wholeNumbers
	cmd := &cobra.Command{
		Use: "legs SYSTEM/RECORD", Short: "Every version of a leg: what was known, from when until when, and from which row",
		Args: takes("SYSTEM/RECORD, the leg"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := numbers.check(cmd); err != nil {
				return err
			}
			if raw && !numbers.whole {
				return usage(cmd, "--raw shows whole numbers: give --whole-numbers and --reason as well")
			}
			id, err := legArgument(cmd, args[0])
			if err != nil {
				return err
			}
			shown, err := either(cmd.Context(), a, func(s server) ([]legVersion, error) {
				return seen(&numbers, func() ([]legVersion, error) {
					return listed[legVersion](cmd.Context(), s, "/legs/versions", client.Query{}.Text("leg", args[0]), 0)
				})
			}, func(cfg *config.Config, s *stores) ([]legVersion, error) {
				place, err := s.stitches.Find(cmd.Context(), id)
				if err != nil {
					return nil, err
				}
				versions, err := s.calls.Versions(cmd.Context(), place)
				if err != nil {
					return nil, err
				}
				if err := numbers.legs(cmd.Context(), cfg, s, "calls legs", versions); err != nil {
					return nil, err
				}
				return versionsOf(cmd.Context(), s, versions, raw), nil
			})
			if err != nil {
				return err
			}
			return showList(a, list[legVersion]{Items: shown}, "no versions", func(t *table) { versionsTable(t, shown) })
		},
	}
	cmd.Flags().BoolVar(&raw, "raw", false, "show the rows as they were received")
	numbers.add(cmd)
	return cmd
}

// legVersion is a version of a leg and the row it was read from.
type legVersion struct {
	calllog.Kept

	Raw string `json:"raw,omitempty"`
}

func versionsOf(ctx context.Context, s *stores, kept []calllog.Kept, raw bool) []legVersion {
	all := make([]legVersion, len(kept))
	for i, k := range kept {
		all[i].Kept = k
		if !raw {
			continue
		}
		row, err := s.calls.Raw(ctx, k)
		all[i].Raw = string(row)
		if err != nil {
			all[i].Raw = err.Error()
		}
	}
	return all
}

func versionsTable(t *table, versions []legVersion) {
	t.row("VERSION", "KNOWN", "UNTIL", "STARTED", "QUEUE", "AGENT", "ENDED AS", "WAITED", "TALKED", "INGEST", "LINE")
	for i := range versions {
		v := &versions[i]
		until := "now"
		if !v.Until.IsZero() {
			until = clock(v.Until)
		}
		t.row(strconv.Itoa(v.Version), clock(v.Known), until, v.Started.Format("2006-01-02 15:04:05.000Z"), dash(v.Queue), dash(v.Agent),
			dash(v.Disposition), (v.Wait + v.Ring).Round(time.Second).String(), v.Talk.Round(time.Second).String(), string(v.Ingest), strconv.FormatInt(v.Line, 10))
	}
	for i := range versions {
		if versions[i].Raw != "" {
			t.line("%d: %s", versions[i].Version, printable(versions[i].Raw))
		}
	}
}
