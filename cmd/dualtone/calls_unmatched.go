package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
)

const callsUnmatchedLong = `Lists what systems recorded apart from their calls (events of queues and channels,
quality) and whose call is not in the log, in the order in which it was read. The
call's record may be still to come, or was never written. If it is there, it stands
at another time, more than two hours after or more than a day before: then the
system's zone is wrong. Set it right and read the file that is off with
dualtone calls import --again; what fits finds its call by itself.`

func callsUnmatched(a *app) *cobra.Command {
	var q calllog.UnmatchedQuery
	var after string
	cmd := &cobra.Command{
		Use: "unmatched", Short: "List what was recorded apart from a call that is not in the log", Long: callsUnmatchedLong, Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if q.After, err = calllog.ParseUnmatchedPlace(after); err != nil {
				return err
			}
			asked := q
			asked.Limit = oneMore(q.Limit)
			found, err := either(cmd.Context(), a, func(s server) ([]calllog.Unmatched, error) {
				wanted := client.Query{}.Text("system", q.System).Text("ingest", string(q.Ingest)).Text("after", after)
				return listed[calllog.Unmatched](cmd.Context(), s, "/unmatched", wanted, asked.Limit)
			}, func(_ *config.Config, s *stores) ([]calllog.Unmatched, error) {
				return s.calls.Unmatched(cmd.Context(), asked)
			})
			if err != nil {
				return err
			}
			p := page(found, q.Limit, func(u calllog.Unmatched) string { return u.Place().String() })
			return showList(a, p, "Everything that was recorded apart from a call has found it.", func(t *table) { a.unmatchedTable(t, p.Items) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.System, "system", "", "only this system's")
	flags.StringVar((*string)(&q.Ingest), "ingest", "", "only of this ingest")
	flags.StringVar(&after, "after", "", "go on after this one, as a list before said")
	flags.IntVar(&q.Limit, "limit", 50, "how many at most")
	return cmd
}

func (a *app) unmatchedTable(t *table, all []calllog.Unmatched) {
	t.row("SYSTEM", "FILE", "LINE", "RECORD", "LOOKS FOR", "AT", "WAITS FOR")
	for _, u := range all {
		t.row(u.System, u.Source.Name, number(u.Line), u.Record, u.Leg.Name(), clock(u.At), a.now().Sub(u.Since).Round(time.Second).String())
	}
}

// A record usually comes within minutes of what was recorded apart from it.
const (
	matchedWithin  = time.Hour
	backlogsLooked = 10 * time.Minute
)

// tellUnmatched tells, until it is canceled, whenever more has waited too long for its
// leg than was told before.
func tellUnmatched(ctx context.Context, s *stores, log *slog.Logger) {
	told := map[string]int64{}
	tick := time.NewTicker(backlogsLooked)
	defer tick.Stop()
	for {
		found, err := s.calls.Backlogs(ctx, time.Now().Add(-matchedWithin))
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "what waits for its call cannot be counted now", "error", err)
		}
		for _, b := range found {
			if b.Count > told[b.System] {
				log.WarnContext(ctx, "records apart from calls have waited for more than an hour; dualtone calls unmatched lists them",
					"system", b.System, "records", b.Count, "since", b.Oldest)
			}
			told[b.System] = b.Count
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
