package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/routing"
)

const routeDecisionsLong = `Lists what edges decided, the newest first: which call, from where to where, by
which rule of which revision, and what of the call survives a hop. Edges write it
in batches, about half a second after the answer; while there is no database it
waits on the edge's disk. routing.keep_decisions says for how many days it is kept. Numbers of people outside
are masked.`

func routeDecisions(a *app) *cobra.Command {
	var q postgres.DecisionQuery
	var last time.Duration
	var since, until string
	var numbers wholeNumbers
	cmd := &cobra.Command{
		Use: "decisions", Short: "List what edges decided, call by call", Long: routeDecisionsLong,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if q.Since, err = a.since(cmd, since); err != nil {
				return err
			}
			if q.Until, err = instant(cmd, "until", until); err != nil {
				return err
			}
			if last > 0 {
				q.Since = a.now().Add(-last)
			}
			if err := numbers.check(cmd); err != nil {
				return err
			}
			limited := q
			limited.Limit = oneMore(q.Limit)
			found, err := either(cmd.Context(), a, func(s server) ([]postgres.DecisionRow, error) {
				return s.decisions(cmd.Context(), limited, &numbers)
			}, func(cfg *config.Config, s *stores) ([]postgres.DecisionRow, error) {
				found, err := s.decisions.List(cmd.Context(), limited)
				if err != nil {
					return nil, err
				}
				return found, numbers.or(cmd.Context(), cfg, s, "route decisions", len(found), func() {
					for i := range found {
						(*api.Decision)(&found[i]).Mask()
					}
				})
			})
			if err != nil {
				return err
			}
			p := page(found, q.Limit, postgres.DecisionRow.Cursor)
			return showList(a, p, "No such decision.", func(t *table) { decisionsTable(t, p.Items) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.CallID, "call", "", "only this Call-ID")
	flags.StringVar(&q.Number, "number", "", "only calls to this number, in E.164")
	flags.StringVar(&q.Caller, "from", "", "only calls of this caller, as the wire had it")
	flags.StringVar(&q.Edge, "edge", "", "only edges whose name begins like this")
	choiceFlag(cmd, &q.Result, "result", "only those with this result", string(routing.Routed), string(routing.NotFound), string(routing.Loop), string(routing.NoTable))
	flags.Int64Var((*int64)(&q.Revision), "revision", 0, "only those made from this revision")
	flags.StringVar(&since, "since", "", "from this day or time on, or only the last hours, such as 24h")
	flags.StringVar(&until, "until", "", "before this day or time")
	flags.DurationVar(&last, "last", 0, "only the last hours, such as 24h")
	flags.StringVar(&q.Before, "after", "", "go on after this decision, with older ones")
	limitFlag(cmd, &q.Limit, 100, "decisions")
	numbers.add(cmd)
	return cmd
}

// decisions are what edges decided; numbers of people outside are masked.
func (s server) decisions(ctx context.Context, q postgres.DecisionQuery, numbers *wholeNumbers) ([]postgres.DecisionRow, error) {
	wanted := client.Query{}.Text("call", q.CallID).Text("number", q.Number).Text("from", q.Caller).Text("edge", q.Edge).Text("result", q.Result).
		Text("after", q.Before).Time("since", q.Since).Time("until", q.Until).Number("revision", int64(q.Revision))
	return seen(numbers, func() ([]postgres.DecisionRow, error) {
		return listed[postgres.DecisionRow](ctx, s, "/decisions", wanted, q.Limit)
	})
}

func decisionsTable(t *table, decisions []postgres.DecisionRow) {
	t.row("TIME", "EDGE", "REVISION", "FROM", "CALLED", "INGRESS", "RESULT", "TARGETS", "RULE", "CALL")
	for _, d := range decisions {
		rule := d.Scope
		if d.Rule != "" {
			rule += " " + d.Rule
		}
		t.row(d.At.UTC().Format("2006-01-02 15:04:05.000Z"), d.Edge, strconv.FormatInt(int64(d.Revision), 10), dash(d.Caller), dash(d.Number),
			dash(d.Ingress), d.Result, dash(d.Targets), rule, dash(d.CallID))
	}
}
